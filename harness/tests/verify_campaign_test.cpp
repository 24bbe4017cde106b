// Whole trials, with real processes that die: of queues that bear it, and of queues with a planted
// weakness, of which verify must say the right thing.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <tuple>

#include "faulty_queues.hpp"
#include "fragile_queues.hpp"
#include "harness/history/history_file.hpp"
#include "harness/history/shrink.hpp"
#include "harness/tests/stage_test.hpp"
#include "harness/verify/campaign.hpp"

namespace ringside::harness {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class CampaignTest : public StageTest {
 protected:
  CampaignTest() {
    campaign_.name = "test";
    campaign_.capacities = {3};
    campaign_.kill_points = 4;
    campaign_.stop_points = 3;
    campaign_.wake_points = 2;
    campaign_.storms = 1;
    campaign_.kills_per_storm = 6;
    campaign_.rounds = 2;
  }

  CampaignFinding find(const char* queue, FaultKind fault) {
    campaign_.queues = {findQueue(queue)};
    campaign_.faults = {fault};
    auto findings =
        runCampaign(campaign_, session_, {.wants_to_stop = [this] { return stopped_; }});
    return findings.empty() ? CampaignFinding{} : std::move(findings.front());
  }
  CampaignFinding findKilled(const char* queue) {
    return find(queue, FaultKind::KillAtInstruction);
  }
  /// Written, read again and judged again, whole and shrunk, it shows what it showed.
  static void expectReplays(const CampaignFinding& finding) {
    ASSERT_TRUE(finding.worst.history.has_value());
    const History& whole = *finding.worst.history;
    const auto violation = firstViolation(whole);
    ASSERT_TRUE(violation.has_value());
    EXPECT_EQ(finding.worst.evidence, violation->sentence);
    const std::filesystem::path file =
        std::filesystem::temp_directory_path() /
        ("ringside-verify-" + std::to_string(::getpid()) + ".history.jsonl");
    std::filesystem::remove(file);
    writeHistory(shrink(whole), file);
    const History kept = readHistory(file);
    std::filesystem::remove(file);
    const auto again = firstViolation(kept);
    ASSERT_TRUE(again.has_value());
    EXPECT_EQ(again->kind, violation->kind);
    EXPECT_EQ(kept.notes.at("fault_point"), finding.worst.fault_point);
  }

  Campaign campaign_;
  bool stopped_ = false;
};

#define SKIP_WITHOUT_TRACING(finding) \
  if (!(finding).tried()) GTEST_SKIP() << (finding).skipped

TEST_F(CampaignTest, ASoundQueueSurvivesKillsAtEveryInstructionThatIsTried) {
  const CampaignFinding finding = findKilled(kSturdy);
  SKIP_WITHOUT_TRACING(finding);
  EXPECT_EQ(finding.progress, ProgressClass::Survives) << finding.worst.evidence;
  EXPECT_EQ(finding.bad_trials, 0U);
  EXPECT_EQ(finding.trials, finding.faults);
  EXPECT_EQ(finding.trials, 4 * campaign_.kill_points);
  EXPECT_EQ(finding.recovery_ms.size(), finding.trials);
  EXPECT_FALSE(finding.failed());
}

TEST_F(CampaignTest, AQueueThatWaitsForItsDeadProducerStalls) {
  const CampaignFinding finding = findKilled(kWedging);
  SKIP_WITHOUT_TRACING(finding);
  EXPECT_EQ(finding.progress, ProgressClass::Stalls) << finding.worst.evidence;
  EXPECT_THAT(finding.worst.evidence, HasSubstr("nothing moved for a survivor"));
  EXPECT_THAT(finding.worst.fault_point, ::testing::StartsWith("push, instruction"));
  EXPECT_TRUE(finding.worst.history.has_value());
  EXPECT_EQ(finding.bad_trials, 3U) << "more would say no more, and each takes its time";
  EXPECT_TRUE(finding.failed());
}

/// Killed users of a queue with a planted weakness: its class, what is counted, and a history that
/// shows it again.
struct Weakness {
  const char* sentence;
  const char* queue;
  ProgressClass progress;
  std::uint64_t Counts::*count;
};
class WeakQueueTest : public CampaignTest, public ::testing::WithParamInterface<Weakness> {};

TEST_P(WeakQueueTest, IsFoundOut) {
  const CampaignFinding finding = findKilled(GetParam().queue);
  SKIP_WITHOUT_TRACING(finding);
  EXPECT_EQ(finding.progress, GetParam().progress) << finding.worst.evidence;
  EXPECT_GT(finding.counts.*GetParam().count, 0U);
  expectReplays(finding);
}

INSTANTIATE_TEST_SUITE_P(
    AQueue, WeakQueueTest,
    ::testing::Values(Weakness{"ThatIsEmptiedAfterADeathLoses", kEmptying, ProgressClass::Loses,
                               &Counts::lost},
                      Weakness{"ThatDeliversAgainAfterADeathCorrupts", kRepeating,
                               ProgressClass::Corrupts, &Counts::duplicated},
                      Weakness{"ThatAnnouncesBeforeItWritesCorrupts", kHalfWritten,
                               ProgressClass::Corrupts, &Counts::torn}),
    [](const auto& weakness) { return std::string(weakness.param.sentence); });

TEST_F(CampaignTest, AQueueThatHasAPlaceLessAfterADeathLoses) {
  const CampaignFinding finding = findKilled(kShrinking);
  SKIP_WITHOUT_TRACING(finding);
  EXPECT_EQ(finding.progress, ProgressClass::Loses) << finding.worst.evidence;
  EXPECT_GT(finding.leaked_slots, 0);
  EXPECT_THAT(finding.worst.evidence, HasSubstr("held 3 elements before the fault and holds 2"));
}

TEST_F(CampaignTest, AQueueThatCrashesASurvivorCorrupts) {
  const CampaignFinding finding = findKilled(kInfectious);
  SKIP_WITHOUT_TRACING(finding);
  EXPECT_EQ(finding.progress, ProgressClass::Corrupts) << finding.worst.evidence;
  EXPECT_THAT(finding.worst.evidence, ::testing::StartsWith("a survivor "));
}

TEST_F(CampaignTest, AQueueThatLetsInASecondProducerCorrupts) {
  const CampaignFinding finding = find(kOpenToAll, FaultKind::None);
  EXPECT_EQ(finding.progress, ProgressClass::Corrupts) << finding.worst.evidence;
  EXPECT_THAT(finding.worst.evidence, HasSubstr("gave up: it let in a second producer"));
}

TEST_F(CampaignTest, AQueueThatForgetsToWakeStalls) {
  Stage stage(*findQueue(kForgetful), shapeFor(3), session_);
  const auto outcome = wakeAtStep(stage, SteppedTrial{});  // a push
  if (!outcome) GTEST_SKIP() << "no tracing here";
  EXPECT_EQ(outcome->progress, ProgressClass::Stalls) << outcome->evidence;
  EXPECT_THAT(outcome->evidence, HasSubstr("a sleeper is still in a call"));
}

TEST_F(CampaignTest, AQueueThatWakesSurvives) {
  Stage stage(*findQueue(kSturdy), shapeFor(3), session_);
  for (const long instruction : {0L, 100L, 400L}) {  // of a push
    const auto outcome = wakeAtStep(stage, {Call::Push, {}, StepTo::NextInstruction, instruction});
    if (!outcome) GTEST_SKIP() << "no tracing here";
    EXPECT_EQ(outcome->progress, ProgressClass::Survives) << outcome->evidence;
  }
}

TEST_F(CampaignTest, FaultyQueuesAreFoundOutWithoutAnyFaultOfOurs) {
  campaign_.capacities = {
      150};  // so that filling it takes more calls than there are between faults
  const auto classOf = [&](const char* queue) { return find(queue, FaultKind::None).progress; };
  EXPECT_EQ(classOf(kSound), ProgressClass::Survives);
  EXPECT_EQ(classOf(kLosing), ProgressClass::Loses);
  EXPECT_EQ(classOf(kDuplicating), ProgressClass::Corrupts);
  EXPECT_EQ(classOf(kReordering), ProgressClass::Corrupts);
  EXPECT_EQ(classOf(kTearing), ProgressClass::Corrupts);
  EXPECT_EQ(classOf(kInventing), ProgressClass::Corrupts);
}

TEST_F(CampaignTest, AQueueThatCannotBeMadeIsNoQueueThatCannotBeTraced) {
  ::testing::internal::CaptureStderr();
  const CampaignFinding finding = findKilled(kThrowing);
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
  EXPECT_TRUE(finding.skipped.empty()) << finding.skipped;
  EXPECT_EQ(finding.progress, ProgressClass::Corrupts);
  EXPECT_THAT(finding.worst.evidence, HasSubstr("gave up: this queue cannot be made"));
}

/// A ring of the core, and what is done to it.
class OurRingsTest : public CampaignTest,
                     public ::testing::WithParamInterface<std::tuple<const char*, FaultKind>> {};

TEST_P(OurRingsTest, SurviveEveryFault) {
  const auto [queue, fault] = GetParam();
  ::testing::internal::CaptureStderr();
  const CampaignFinding finding = find(queue, fault);
  EXPECT_EQ(finding.progress, ProgressClass::Survives) << finding.worst.evidence;
  EXPECT_TRUE(finding.tried() || !finding.skipped.empty());
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "") << "to be refused is no trouble here";
}

INSTANTIATE_TEST_SUITE_P(
    Core, OurRingsTest,
    ::testing::Combine(::testing::Values("spsc", "mpsc", "mpmc", "mpmc_at_least_once"),
                       ::testing::ValuesIn(allFaultKinds())),
    [](const auto& made) {
      std::string name =
          fmt::format("{}_{}", std::get<0>(made.param), toString(std::get<1>(made.param)));
      std::replace_if(
          name.begin(), name.end(), [](char c) { return !std::isalnum(c); }, '_');
      return name;
    });

TEST_F(CampaignTest, KillPointsAreNamedOrSaidToBeMissing) {
  const CampaignFinding finding = find("mpmc", FaultKind::KillAtPoint);
  if (!kHasKillPoints) {
    EXPECT_FALSE(finding.tried());
    EXPECT_THAT(finding.skipped, HasSubstr("-DRINGSIDE_KILL_POINTS=ON"));
    return;
  }
  SKIP_WITHOUT_TRACING(finding);
  Stage stage(*findQueue("mpmc"), shapeFor(3), session_);
  const auto outcome = killAtStep(stage, {Call::Push, {}, StepTo::NextKillPoint, 2});
  ASSERT_TRUE(outcome.has_value());
  EXPECT_EQ(outcome->fault_point, "push, kill point 2 (claimed), 0 in the queue");
}

TEST_F(CampaignTest, AQueueWithoutKillPointsIsNotStruckThere) {
  if (!kHasKillPoints) GTEST_SKIP() << "no kill points in this build";
  for (const FaultKind fault : {FaultKind::KillAtPoint, FaultKind::StormAtPoints}) {
    const CampaignFinding finding = find(kSound, fault);
    EXPECT_FALSE(finding.tried()) << toString(fault);
    EXPECT_FALSE(finding.skipped.empty());
  }
}

TEST_F(CampaignTest, WhatAQueueDoesNotOfferIsNotTriedAndSaysWhy) {
  const CampaignFinding finding = find(kSound, FaultKind::WakeAtInstruction);
  EXPECT_FALSE(finding.tried());
  EXPECT_EQ(finding.skipped, "its adapter offers no call that waits");
}

TEST_F(CampaignTest, ElementsThatAreTooLargeForAQueueAreNotTried) {
  campaign_.element_size_bytes = findQueue("pipe")->limits.max_element_size_bytes + 8;
  const CampaignFinding finding = find("pipe", FaultKind::None);
  EXPECT_FALSE(finding.tried());
  EXPECT_EQ(finding.skipped, "its elements have at most 4096 bytes");
}

TEST_F(CampaignTest, EndsBetweenTrialsWhenTheUserWantsTo) {
  campaign_.queues = {findQueue("spsc"), findQueue("mpmc")};
  campaign_.faults = {FaultKind::None, FaultKind::Storm};
  campaign_.storms = 3;
  int told = 0;
  const auto findings = runCampaign(campaign_, session_,
                                    {.on_finding = [&](const CampaignFinding&) { ++told; },
                                     .wants_to_stop = [&] { return told > 0; }});
  ASSERT_EQ(findings.size(), 1U);
  EXPECT_EQ(findings[0].trials, 3U);
}

TEST_F(CampaignTest, TellsOfAFindingBeforeItsFirstTrialAndAfterEach) {
  campaign_.queues = {findQueue("spsc")};
  campaign_.faults = {FaultKind::None};
  campaign_.storms = 2;
  std::vector<std::uint64_t> trials;
  runCampaign(campaign_, session_, {.on_trial = [&](const CampaignFinding& finding) {
                trials.push_back(finding.trials);
              }});
  EXPECT_THAT(trials, ElementsAre(0, 1, 2));
}

TEST_F(CampaignTest, TakesLongerForMoreTrialsAndNoTimeForWhatCannotBeTried) {
  const QueueEntry& spsc = *findQueue("spsc");
  const double few = roughSecondsOf(campaign_, spsc, FaultKind::KillAtInstruction);
  campaign_.kill_points *= 3;
  EXPECT_NEAR(roughSecondsOf(campaign_, spsc, FaultKind::KillAtInstruction), 3 * few, 1e-9);
  EXPECT_GT(few, 0);
  const QueueEntry& threads = *findQueue("threads_sound");
  EXPECT_EQ(roughSecondsOf(campaign_, threads, FaultKind::KillAtInstruction), 0);
  EXPECT_GT(roughSecondsOf(campaign_, threads, FaultKind::None), 0);
}

TEST_F(CampaignTest, WhatIsExpectedIsNoFailure) {
  campaign_.expected[kInfectious] = ProgressClass::Corrupts;
  const CampaignFinding finding = findKilled(kInfectious);
  SKIP_WITHOUT_TRACING(finding);
  EXPECT_EQ(finding.progress, ProgressClass::Corrupts);
  EXPECT_FALSE(finding.failed());
}

TEST_F(CampaignTest, LeavesNothingInSharedMemory) {
  std::string prefix = session_.freshName();
  prefix.resize(prefix.rfind('-') + 1);
  find("mpmc", FaultKind::Storm);
  find("pipe", FaultKind::Storm);
  for (const auto& entry : std::filesystem::directory_iterator("/dev/shm")) {
    EXPECT_THAT(entry.path().filename().string(), ::testing::Not(::testing::StartsWith(prefix)));
  }
}

}  // namespace
}  // namespace ringside::harness
