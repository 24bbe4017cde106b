// What ends a cell whatever its speed, in a block and already in the trial.
#include "harness/duet/arm_fault.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/duet/slot_timing.hpp"

namespace ringside::harness {
namespace {

using results::ExitCode;
using ::testing::HasSubstr;

/// Three paced slots, whose median p50 is 400 ns.
ArmReading pacedReading(double senders_late_ns) {
  ArmReading reading;
  for (const double p50_ns : {300.0, 400.0, 90'000.0}) {
    SlotReading slot;
    slot.messages = slot.counted = 5000;
    slot.metrics["response_ns_p50"] = p50_ns;
    reading.slots.push_back(slot);
  }
  reading.validation = results::Validation{.sent = 15'000, .received = 15'000};
  reading.senders_late_ns = senders_late_ns;
  return reading;
}

TEST(ArmFaultTest, ABlockThatCameToItsEndHasNone) {
  EXPECT_FALSE(faultOf(pacedReading(0), "the candidate").has_value());
  EXPECT_FALSE(faultOf(ArmReading{}, "the candidate").has_value());
}

TEST(ArmFaultTest, SendersAsLateByThemselvesAsTheMedianSlotSayNothingOfAQueue) {
  EXPECT_FALSE(faultOf(pacedReading(399), "the candidate").has_value());
  const auto fault = faultOf(pacedReading(400), "the candidate");
  ASSERT_TRUE(fault.has_value());
  EXPECT_EQ(fault->code, ExitCode::Invalid);
  EXPECT_THAT(fault->reason, HasSubstr("400 ns late without any queue"));
}

TEST(ArmFaultTest, LostMessagesComeBeforeLateSendersAndWhatDiedBeforeThem) {
  ArmReading reading = pacedReading(400);
  reading.trouble = "producer 0 was killed";
  EXPECT_EQ(faultOf(reading, "the candidate")->code, ExitCode::WorkerFailed);
  EXPECT_EQ(faultOf(reading, "the candidate")->reason, "the candidate: producer 0 was killed");
  reading.unobtainable = true;
  EXPECT_EQ(faultOf(reading, "the candidate")->code, ExitCode::EverythingSkipped);
  reading.validation->lost = 1;
  EXPECT_EQ(faultOf(reading, "the baseline")->code, ExitCode::Integrity);
  EXPECT_THAT(faultOf(reading, "the baseline")->reason, HasSubstr("the baseline has 1 lost"));
}

TEST(ArmFaultTest, OfTheTrialItIsTheChoicesFault) {
  Cell cell;
  cell.workload = Workload::Paced;
  double late_ns = 500;
  const auto trial = [&](const SlotTiming&) {
    BlockReading block;
    block.arms = {pacedReading(late_ns)};
    return block;
  };
  const TimingChoice refused = chooseTiming(cell, "the baseline", trial);
  ASSERT_TRUE(refused.fault.has_value());
  EXPECT_EQ(refused.fault->code, ExitCode::Invalid);
  late_ns = 20;
  const TimingChoice accepted = chooseTiming(cell, "the baseline", trial);
  EXPECT_FALSE(accepted.fault.has_value());
  EXPECT_EQ(accepted.timing.slot_ns, usualTiming(Workload::Paced).slot_ns);
}

}  // namespace
}  // namespace ringside::harness
