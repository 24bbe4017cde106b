#include "harness/verify/verify_report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace ringside::harness {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// One finding of each sort: survived, worse than expected, expected, and not tried.
class VerifyReportTest : public ::testing::Test {
 protected:
  VerifyReportTest() {
    campaign_.name = "small";
    campaign_.seed = 7;
    campaign_.capacities = {3, 1};
    CampaignFinding& good = add("mpmc", FaultKind::Storm);
    good.trials = 10;
    good.faults = 200;
    good.counts.pushed = 900;
    good.counts.popped = 890;
    good.recovery_ms = {1.0, 9.0, 2.0};
    good.seconds = 1.25;
    CampaignFinding& bad = add("spsc", FaultKind::KillAtInstruction);
    bad.trials = 20;
    bad.faults = 20;
    bad.bad_trials = 3;
    bad.progress = ProgressClass::Loses;
    bad.counts.lost = 4;
    bad.leaked_slots = 2;
    bad.worst.evidence = kEvidence;
    bad.worst.fault_point = "push, instruction 17";
    CampaignFinding& known = add("robust_mutex", FaultKind::Overwritten);
    known.trials = known.bad_trials = 1;
    known.progress = known.expected = ProgressClass::Corrupts;
    known.worst.evidence = "the producer, killed by SIGSEGV";
    add("pipe", FaultKind::WakeAtInstruction).skipped = "its adapter offers no call that waits";
  }
  CampaignFinding& add(const char* queue, FaultKind fault) {
    CampaignFinding& finding = findings_.emplace_back();
    finding.queue = findQueue(queue);
    finding.fault = fault;
    return finding;
  }
  results::Record recordAt(std::size_t i) const {
    return results::fromJson(results::toJson(recordOf(findings_[i], campaign_)));
  }

  static inline const std::string kEvidence =
      "lost: value 17 (pushed by process 1, 110..120 ns) was never popped, though value 18, which "
      "was pushed wholly after it, was popped by process 2, 150..160 ns";
  Campaign campaign_;
  std::vector<CampaignFinding> findings_;
};

TEST_F(VerifyReportTest, TheTableHasARowForEachAndMarksWhatIsWorseThanExpected) {
  const std::string table = renderFindings(findings_, Format::Table);
  EXPECT_THAT(table, ::testing::ContainsRegex("mpmc +storm +10 +200 +0 +0/0/0/0 .* survives\n"));
  EXPECT_THAT(table, ::testing::ContainsRegex("spsc +kill +20 +20 +3 +4/0/0/0 +2 .* loses !\n"));
  EXPECT_THAT(table, ::testing::ContainsRegex("robust_mutex +overwritten .* corrupts\n"));
  EXPECT_THAT(table, ::testing::ContainsRegex("pipe +wake .* skipped\n"));
  EXPECT_THAT(table, HasSubstr(" 2.0 "));  // the median of the recovery times
}

TEST_F(VerifyReportTest, TheTableCutsLongEvidenceAndTheRecordHasAllOfIt) {
  const std::string table = renderFindings(findings_, Format::Table);
  EXPECT_THAT(table, HasSubstr("  spsc kill: lost: value 17"));
  EXPECT_THAT(table, HasSubstr(" …\n"));
  EXPECT_THAT(table, Not(HasSubstr(kEvidence)));
  EXPECT_THAT(table, HasSubstr("  pipe wake: not tried: its adapter offers no call that waits\n"));
  EXPECT_THAT(recordAt(1).notes, ::testing::Contains("evidence: " + kEvidence));
  EXPECT_THAT(lineOf(findings_[1]), HasSubstr(kEvidence));
}

TEST_F(VerifyReportTest, MarkdownIsATableAndAList) {
  const std::string text = renderFindings(findings_, Format::Markdown);
  EXPECT_THAT(text, HasSubstr("| queue"));
  EXPECT_THAT(text, HasSubstr("- spsc kill: lost"));
}

TEST_F(VerifyReportTest, JsonHasWholeEvidenceAndNullForWhatWasNotMeasured) {
  const auto json = nlohmann::json::parse(renderFindings(findings_, Format::Json));
  ASSERT_EQ(json.size(), 4U);
  EXPECT_EQ(json[0]["class"], "survives");
  EXPECT_EQ(json[0]["recovery_ms"], 2.0);
  EXPECT_EQ(json[0]["recovery_ms_max"], 9.0);
  EXPECT_EQ(json[1]["evidence"], kEvidence);
  EXPECT_EQ(json[1]["fault_point"], "push, instruction 17");
  EXPECT_TRUE(json[1]["failed"].get<bool>());
  EXPECT_FALSE(json[2]["failed"].get<bool>());
  EXPECT_TRUE(json[1]["recovery_ms"].is_null());
  EXPECT_EQ(json[3]["skipped"], "its adapter offers no call that waits");
  EXPECT_TRUE(json[0]["skipped"].is_null());
}

TEST_F(VerifyReportTest, CsvHasALineForEachBelowTheKeys) {
  const std::string csv = renderFindings(findings_, Format::Csv);
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 5);
  EXPECT_THAT(csv, ::testing::StartsWith("queue,fault,"));
}

TEST_F(VerifyReportTest, ARecordComesBackAsItWasWritten) {
  const results::Record record = recordAt(0);
  EXPECT_EQ(record.suite, "small");
  EXPECT_EQ(record.cell, "small/verify/mpmc/storm");
  EXPECT_EQ(record.status, results::Status::Ok);
  EXPECT_FALSE(record.reason.has_value());
  EXPECT_EQ(record.axes.workload, "verify");
  EXPECT_EQ(record.axes.queue, "mpmc");
  EXPECT_EQ(record.axes.producers, 2U);
  EXPECT_EQ(record.axes.consumers, 2U);
  EXPECT_EQ(record.axes.capacity, 3U);
  ASSERT_TRUE(record.validation.has_value());
  EXPECT_EQ(record.validation->sent, 900U);
  EXPECT_EQ(record.validation->received, 890U);
  EXPECT_EQ(record.metrics.at("faults"), 200);
  EXPECT_EQ(record.metrics.at("recovery_ms"), 9.0);
  EXPECT_THAT(record.notes,
              ::testing::IsSupersetOf({"fault: storm", "seed: 7",
                                       "class: survives, expected: survives", "capacities: 3, 1"}));
}

TEST_F(VerifyReportTest, ARecordOfAQueueForOneOnEachSideSaysSo) {
  EXPECT_EQ(recordAt(1).axes.producers, 1U);
  EXPECT_EQ(recordAt(1).axes.consumers, 1U);
}

TEST_F(VerifyReportTest, OnlyWhatIsWorseThanExpectedIsAFailedRecord) {
  const results::Record failed = recordAt(1);
  EXPECT_EQ(failed.status, results::Status::Failed);
  EXPECT_EQ(*failed.reason, "it loses under kill: " + kEvidence);
  EXPECT_EQ(failed.validation->lost, 4U);
  EXPECT_EQ(failed.metrics.at("leaked_slots"), 2);
  EXPECT_EQ(recordAt(2).status, results::Status::Ok);
}

TEST_F(VerifyReportTest, WhatWasNotTriedIsSkippedWithTheReason) {
  const results::Record record = recordAt(3);
  EXPECT_EQ(record.status, results::Status::Skipped);
  EXPECT_EQ(*record.reason, "its adapter offers no call that waits");
  EXPECT_FALSE(record.validation.has_value());
}

TEST_F(VerifyReportTest, JunitSaysFailureSkippedOrNothing) {
  const results::JunitSuite suite = junitOf(findings_, campaign_, {}, "here");
  ASSERT_EQ(suite.cases.size(), 4U);
  EXPECT_EQ(suite.cases[0].outcome.status, results::JunitStatus::Passed);
  EXPECT_EQ(suite.cases[1].outcome.status, results::JunitStatus::Failure);
  EXPECT_EQ(suite.cases[1].outcome.type, "integrity");
  EXPECT_EQ(suite.cases[1].outcome.message, "loses, expected survives");
  EXPECT_THAT(suite.cases[1].outcome.text, HasSubstr(kEvidence));
  EXPECT_EQ(suite.cases[1].classname, "small.spsc.unpinned");
  EXPECT_EQ(suite.cases[1].name, "kill");
  EXPECT_EQ(suite.cases[2].outcome.status, results::JunitStatus::Passed);
  EXPECT_EQ(suite.cases[3].outcome.status, results::JunitStatus::Skipped);
  EXPECT_THAT(suite.properties, ::testing::Contains(::testing::Pair("seed", "7")));
}

}  // namespace
}  // namespace ringside::harness
