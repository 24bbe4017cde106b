// From stamps made by hand to the numbers of a slot. A tick of the clock here is a nanosecond.
#include "harness/duet/slot_reading.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <memory>

#include "harness/workloads/pace.hpp"

namespace ringside::harness {
namespace {

constexpr Clock kNanoseconds{};
constexpr std::uint64_t kUs = 1000;

// --- quantiles ----------------------------------------------------------------------------------

double orderStatisticOf(std::vector<double> values, double p) { return orderStatistic(values, p); }

TEST(SlotReadingTest, AQuantileIsTheValueThatSoManyDoNotExceed) {
  const std::vector<double> ten = {3, 9, 1, 7, 5, 10, 2, 8, 4, 6};
  EXPECT_EQ(orderStatisticOf(ten, 0.5), 5);
  EXPECT_EQ(orderStatisticOf(ten, 0.51), 6);
  EXPECT_EQ(orderStatisticOf(ten, 0.99), 10);
  EXPECT_EQ(orderStatisticOf(ten, 1), 10);
  EXPECT_EQ(orderStatisticOf(ten, 0), 1);
  EXPECT_EQ(orderStatisticOf({42}, 0.5), 42);
}

/// Of times from a clock with steps of 10 ns: each begins anywhere between two steps.
std::vector<double> stepped(double shift_ns, int count = 4000) {
  constexpr double kStep = 10;
  std::vector<double> seen;
  for (int i = 0; i < count; ++i) {
    const double begin = kStep * std::fmod(0.5 + i * 0.6180339887498949, 1.0);
    const double time = 203 + shift_ns + 8.0 * i / count;  // of a queue, evenly spread over 8 ns
    seen.push_back(kStep * (std::floor((begin + time) / kStep) - std::floor(begin / kStep)));
  }
  return seen;
}

double steppedQuantileOf(std::vector<double> values, double p, double step = 10) {
  return steppedQuantile(values, p, step);
}

TEST(SlotReadingTest, ASteppedClockStillShowsShiftsThatAreSmallerThanItsStep) {
  const double alone = steppedQuantileOf(stepped(0), 0.5);
  EXPECT_NEAR(alone, 207, 1.5);
  double before = 0;
  for (const double shift : {0.5, 1.0, 2.0, 4.0, 7.0, 10.0}) {
    const double seen = steppedQuantileOf(stepped(shift), 0.5) - alone;
    EXPECT_NEAR(seen, shift, 2) << "a fifth of a step";
    EXPECT_GT(seen, before);
    before = seen;
  }
  EXPECT_EQ(orderStatisticOf(stepped(1), 0.5), orderStatisticOf(stepped(0), 0.5))
      << "which the value itself does not show";
}

TEST(SlotReadingTest, ASteppedQuantileGrowsWithItsShare) {
  double before = 0;
  for (const double p : {0.05, 0.25, 0.5, 0.75, 0.95, 0.99}) {
    const double now = steppedQuantileOf(stepped(0), p);
    EXPECT_GT(now, before) << p;
    before = now;
  }
}

TEST(SlotReadingTest, ASteppedQuantileStaysWithinTheStepAroundItsValue) {
  for (const double p : {0.01, 0.5, 0.99}) {
    const double value = orderStatisticOf(stepped(3), p);
    EXPECT_NEAR(steppedQuantileOf(stepped(3), p), value, 5) << p;
  }
}

TEST(SlotReadingTest, WhereNothingIsTiedASteppedQuantileIsTheValue) {
  const std::vector<double> apart = {130, 10, 250, 70, 190, 310};
  for (const double p : {0.1, 0.5, 0.9, 1.0}) {
    EXPECT_EQ(steppedQuantileOf(apart, p), orderStatisticOf(apart, p)) << p;
  }
}

TEST(SlotReadingTest, AClockWithoutStepsGivesTheValue) {
  EXPECT_EQ(steppedQuantileOf({5, 5, 5, 5, 9}, 0.5, 0), 5);
}

TEST(SlotReadingTest, AQuantileAmongWhatNeverCameIsEndless) {
  const double never = std::numeric_limits<double>::infinity();
  EXPECT_EQ(steppedQuantileOf({1, 1, 1, never, never, never, never}, 0.99), never);
  EXPECT_TRUE(std::isfinite(steppedQuantileOf({1, 1, 1, 1, never, never, never}, 0.5)));
}

// --- slots --------------------------------------------------------------------------------------

/// One producer, one consumer, two slots; filled in by the test, then read.
class SlotsByHand : public ::testing::Test {
 protected:
  void make(Workload workload, std::vector<std::uint64_t> planned = {}) {
    cell_.workload = workload;
    const SlotTableShape shape{.kind = *slotKindOf(workload),
                               .slots = 2,
                               .slot_ns = 900 * kUs,
                               .skip_ns = 100 * kUs,
                               .skip_messages = 0};
    table_ = std::make_unique<SlotTable>(shape, turns_);
    traffic_ = std::make_unique<Traffic>(TrafficShape{
        .gaps_per_worker = 16, .planned = {static_cast<std::uint64_t>(planned.size())}});
    std::copy(planned.begin(), planned.end(), traffic_->planned(0).begin());
    table_->setFirstPlanned(0, {0, planned.size(), planned.size()});
  }
  void addRoundTrip(std::uint64_t begin, std::uint64_t ns) {
    SlotSheet& sheet = table_->sheet(0, 0);
    table_->stamps(0, 0)[sheet.stamps++] = begin;
    table_->stamps(0, 0)[sheet.stamps++] = begin + ns;
  }
  /// Each so long after the one before; the slot begins at 1000 us.
  void addBatches(const std::vector<std::uint64_t>& lengths_ns, std::uint32_t worker = 1) {
    SlotSheet& sheet = table_->sheet(0, worker);
    std::uint64_t now = sheet.began = 1000 * kUs;
    for (const std::uint64_t length : lengths_ns) {
      table_->stamps(0, worker)[sheet.stamps++] = now += length;
    }
    sheet.messages = sheet.stamps * kMessagesPerStamp;
    sheet.ended = now;
  }
  static void addGap(GapLog& log, std::uint64_t begin, std::uint64_t end, GapSite site) {
    log.gaps()[log.count++] = {.begin = begin, .end = end, .site = site};
  }
  SlotReading readFirst(std::uint32_t slots = 1) {
    reading_ = {};
    readSlots(cell_, *table_, *traffic_,
              {.clock = kNanoseconds, .step_ns = 0, .bound_ns = kBoundNs}, slots, reading_);
    return reading_.slots.at(0);
  }

  static constexpr double kBoundNs = 80;
  Cell cell_;
  TurnWords turns_{};
  std::unique_ptr<SlotTable> table_;
  std::unique_ptr<Traffic> traffic_;
  ArmReading reading_;
};

TEST_F(SlotsByHand, RobustThroughputIsThatOfTheFastestNineTenthsOfTheBatches) {
  make(Workload::Throughput);
  std::vector<std::uint64_t> lengths(20, 2560);
  lengths[4] = lengths[11] = 500 * kUs;  // the machine did something else
  addBatches(lengths);
  const SlotReading slot = readFirst();
  EXPECT_EQ(slot.counted, 20U);
  EXPECT_EQ(slot.messages, 20 * kMessagesPerStamp);
  EXPECT_DOUBLE_EQ(slot.metrics.at("messages_per_s_robust"), 1e8);
  EXPECT_NEAR(slot.metrics.at("messages_per_s"), 20 * 256 * 1e9 / (18 * 2560 + 1e6), 1);
}

TEST_F(SlotsByHand, OneSlowBatchOfTenTooManyIsSeen) {
  make(Workload::Throughput);
  std::vector<std::uint64_t> lengths(20, 2560);
  lengths[4] = lengths[11] = lengths[15] = 500 * kUs;
  addBatches(lengths);
  EXPECT_LT(readFirst().metrics.at("messages_per_s_robust"), 1e7);
}

TEST_F(SlotsByHand, ASlotThatWasNotMeasuredHasNoThroughput) {
  make(Workload::Throughput);
  const SlotReading slot = readFirst();
  EXPECT_EQ(slot.counted, 0U);
  EXPECT_EQ(slot.metrics.at("messages_per_s_robust"), 0);
}

TEST_F(SlotsByHand, OnlySlotsThatHaveEndedAreRead) {
  make(Workload::PingPong);
  readFirst(2);
  EXPECT_EQ(reading_.slots.size(), 2U);
  readFirst(1);
  EXPECT_EQ(reading_.slots.size(), 1U);
}

TEST_F(SlotsByHand, ARoundTripIsFromItsBeginToItsEnd) {
  make(Workload::PingPong);
  for (std::uint64_t i = 0; i < 100; ++i) addRoundTrip(1000 * kUs + i * kUs, 201 + i);
  const SlotReading slot = readFirst();
  EXPECT_EQ(slot.messages, 100U);
  EXPECT_EQ(slot.counted, 100U);
  EXPECT_EQ(slot.metrics.at("rtt_ns_p50"), 250);
  EXPECT_EQ(slot.metrics.at("rtt_ns_p99"), 299);
  EXPECT_EQ(slot.metrics.at("rtt_ns_p50_clean"), 250);
  EXPECT_EQ(slot.metrics.at("disturbed_fraction"), 0);
}

/// A gap in which ten of a hundred round trips lie.
TEST_F(SlotsByHand, AMessageThatMeetsAGapIsDisturbedWhoeversTheGapIs) {
  for (const GapSite site : {GapSite::BetweenCalls, GapSite::InCall}) {
    for (const bool consumers : {false, true}) {
      make(Workload::PingPong);
      for (std::uint64_t i = 0; i < 100; ++i) addRoundTrip(1000 * kUs + i * kUs, 200);
      GapLog& log = consumers ? traffic_->consumerGaps(0) : traffic_->producerGaps(0);
      addGap(log, 1009 * kUs + 500, 1017 * kUs, site);
      const SlotReading slot = readFirst();
      EXPECT_EQ(slot.counted, 91U) << "eight, and one while what had piled up was worked off";
      EXPECT_DOUBLE_EQ(slot.metrics.at("disturbed_fraction"), 0.09);
    }
  }
}

TEST_F(SlotsByHand, ManyGapsInTheQueuesOwnCallsDisturbAsOthersDo) {
  make(Workload::PingPong);
  traffic_->producerGaps(0).ticks_in_calls = traffic_->producerGaps(0).ticks_between_calls = 1000;
  for (std::uint64_t i = 0; i < 100; ++i) addRoundTrip(1000 * kUs + i * 10 * kUs, 200);
  for (std::uint64_t i = 0; i < 12; ++i) {
    const std::uint64_t begin = 1000 * kUs + i * 10 * kUs;
    addGap(traffic_->producerGaps(0), begin - 2 * kUs, begin + 100, GapSite::InCall);
  }
  EXPECT_EQ(readFirst().counted, 88U) << "else a slow path of the queue would be in no metric";
}

TEST_F(SlotsByHand, CleanQuantilesAreOfUndisturbedMessagesAlone) {
  make(Workload::PingPong);
  for (std::uint64_t i = 0; i < 98; ++i) addRoundTrip(1000 * kUs + i * 10 * kUs, 200);
  for (std::uint64_t i = 98; i < 100; ++i) addRoundTrip(1000 * kUs + i * 10 * kUs, 5000);
  addGap(traffic_->consumerGaps(0), 1979 * kUs, 2000 * kUs, GapSite::BetweenCalls);
  const SlotReading slot = readFirst();
  EXPECT_EQ(slot.metrics.at("rtt_ns_p99_clean"), 200);
  EXPECT_EQ(slot.metrics.at("rtt_ns_p99"), 5000);
}

TEST_F(SlotsByHand, AResponseTimeBeginsWhenTheMessageWasToBeSent) {
  make(Workload::Paced, {200 * kUs, 400 * kUs, 600 * kUs});
  for (std::size_t i = 0; i < 3; ++i) {
    traffic_->sent(0)[i] = traffic_->planned(0)[i] + 50 * kUs;  // the sender was late
    traffic_->received(0)[i] = traffic_->sent(0)[i] + 1 * kUs;
  }
  EXPECT_EQ(readFirst().metrics.at("response_ns_p50"), 51'000);
}

TEST_F(SlotsByHand, AMessageThatCameBeforeItWasSentMakesTheBlockInvalid) {
  for (const std::uint64_t early_ns : {0U, 80U, 81U}) {
    make(Workload::Paced, {50 * kUs, 400 * kUs});
    for (std::size_t i = 0; i < 2; ++i) {
      traffic_->sent(0)[i] = traffic_->planned(0)[i] + kUs;
      traffic_->received(0)[i] = traffic_->sent(0)[i] + 200;
    }
    traffic_->received(0)[0] = traffic_->sent(0)[0] - early_ns;  // also where it is skipped
    readFirst();
    if (static_cast<double>(early_ns) <= kBoundNs) {
      EXPECT_EQ(reading_.invalid, "") << early_ns;
    } else {
      EXPECT_THAT(reading_.invalid, ::testing::HasSubstr("1 message came before it was sent"));
    }
  }
}

TEST_F(SlotsByHand, TheSenderThatIsTheLatestWithoutAQueueIsTold) {
  make(Workload::Paced, {200 * kUs});
  traffic_->sent(0)[0] = traffic_->planned(0)[0];
  traffic_->received(0)[0] = traffic_->planned(0)[0] + 300;
  readFirst();
  EXPECT_EQ(reading_.senders_late_ns, 0) << "not tried";
  traffic_->generatorNote(0).late_ns_p90 = 250;
  readFirst();
  EXPECT_EQ(reading_.senders_late_ns, 250);
}

TEST_F(SlotsByHand, AMessageThatNeverCameDidNotComeEarly) {
  make(Workload::Paced, {200 * kUs, 400 * kUs});
  for (std::size_t i = 0; i < 2; ++i) traffic_->sent(0)[i] = traffic_->planned(0)[i];
  readFirst();
  EXPECT_EQ(reading_.invalid, "");
}

TEST_F(SlotsByHand, WhatIsPlannedForTheFirstPartOfASlotIsSkipped) {
  make(Workload::Paced, {10 * kUs, 99 * kUs, 100 * kUs, 300 * kUs});
  for (std::size_t i = 0; i < 4; ++i) {
    traffic_->sent(0)[i] = traffic_->planned(0)[i];
    traffic_->received(0)[i] = traffic_->planned(0)[i] + 100;
  }
  EXPECT_EQ(readFirst().messages, 2U);
}

TEST_F(SlotsByHand, WhatNeverCameTookForEverAndIsNotCalledDisturbed) {
  make(Workload::Paced, {200 * kUs, 300 * kUs, 400 * kUs, 500 * kUs});
  for (std::size_t i = 0; i < 2; ++i) {
    traffic_->sent(0)[i] = traffic_->planned(0)[i];
    traffic_->received(0)[i] = traffic_->planned(0)[i] + 100;
  }
  addGap(traffic_->consumerGaps(0), 390 * kUs, 900 * kUs, GapSite::BetweenCalls);
  const SlotReading slot = readFirst();
  EXPECT_EQ(slot.counted, 4U);
  EXPECT_EQ(slot.metrics.at("response_ns_p50_clean"), 100);
  EXPECT_TRUE(std::isinf(slot.metrics.at("response_ns_p99_clean")));
}

TEST_F(SlotsByHand, ASenderThatIsBehindAtTheEndOfItsSlotHasSaturatedIt) {
  std::vector<std::uint64_t> planned;
  for (std::uint64_t i = 0; i < 1000; ++i) planned.push_back(i * kUs);
  for (const bool late : {false, true}) {
    make(Workload::Paced, planned);
    for (std::size_t i = 0; i < planned.size(); ++i) {
      traffic_->sent(0)[i] = planned[i] + (late ? planned[i] / 2 : 0);
      traffic_->received(0)[i] = traffic_->sent(0)[i] + 200;
    }
    EXPECT_EQ(readFirst().saturated, late);
  }
}

TEST_F(SlotsByHand, TheDisturbedPartOfABlockIsTheMedianOfItsSlots) {
  make(Workload::PingPong);
  for (std::uint64_t i = 0; i < 100; ++i) addRoundTrip(1000 * kUs + i * 10 * kUs, 200);
  addGap(traffic_->producerGaps(0), 999 * kUs, 1100 * kUs, GapSite::BetweenCalls);
  readFirst();
  EXPECT_DOUBLE_EQ(reading_.block_metrics.at("disturbed_fraction"),
                   reading_.slots[0].metrics.at("disturbed_fraction"));
}

TEST_F(SlotsByHand, AP999OfFewMessagesIsNotReported) {
  make(Workload::PingPong);
  for (std::uint64_t i = 0; i < 100; ++i) addRoundTrip(1000 * kUs + i * kUs, 200);
  readFirst();
  EXPECT_FALSE(reading_.block_metrics.contains("rtt_ns_p999_clean"));
}

TEST(SlotReadingTest, OnlyThreeWorkloadsHaveSlots) {
  EXPECT_EQ(slotKindOf(Workload::Throughput), SlotKind::Throughput);
  EXPECT_EQ(slotKindOf(Workload::PingPong), SlotKind::PingPong);
  EXPECT_EQ(slotKindOf(Workload::Paced), SlotKind::Paced);
  EXPECT_FALSE(slotKindOf(Workload::Stream));
}

}  // namespace
}  // namespace ringside::harness
