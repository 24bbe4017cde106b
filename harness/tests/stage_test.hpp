// A stage for a test: a queue of this program, a session, and what was logged.
#pragma once

#include <gtest/gtest.h>

#include "harness/verify/stage.hpp"

namespace ringside::harness {

class StageTest : public ::testing::Test {
 protected:
  static QueueShape shapeFor(std::uint64_t capacity) {
    return {.element_size_bytes = 136,
            .capacity = capacity,
            .memory = {.huge_pages = HugePages::Never}};
  }
  ActorLog logOf(Stage& stage) { return ActorLog(stage.log(stage.castActor())); }

  Session session_{Topology::ofThisMachine()};
};

}  // namespace ringside::harness
