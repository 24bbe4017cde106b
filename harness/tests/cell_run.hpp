// One real repetition of the first cell of a sweep, with real processes.
#pragma once

#include <gtest/gtest.h>

#include "harness/runner.hpp"
#include "scratch_suite.hpp"

namespace ringside::harness {

class CellRunTest : public ::testing::Test {
 protected:
  results::Record run(const std::string& sweep, const std::string& workload = "throughput",
                      const std::string& timing = "warmup_ms = 5\nduration_ms = 40\n") {
    const ScratchSuite suite("[suite]\nname = \"s\"\nquestion = \"?\"\n[defaults]\n" + timing +
                             "[[scenario]]\nname = \"one\"\nworkload = \"" + workload +
                             "\"\n[scenario.sweep]\n" + sweep + "\n");
    const Plan plan = makePlan(suite.read(), session_.topology(), kPlenty);
    const Cell& cell = plan.cells.at(0);
    if (cell.skip_reason) return skippedRecord(cell, plan.suite, 0);
    const auto record = runRepetition(cell, plan.suite, 0, session_);
    EXPECT_TRUE(record.has_value());
    return record.value_or(results::Record{});
  }

  Session session_{Topology::ofThisMachine(),
                   {.until_attached = std::chrono::milliseconds(5000),
                    .until_ended = std::chrono::milliseconds(5000)}};
};

}  // namespace ringside::harness
