// One value replaced as a whole, between processes: readers that stand still at any instruction
// while a writer goes on, and writers and viewers that are killed at any.
#include <gtest/gtest.h>

#include <random>
#include <vector>

#include "ringside/double_buffer.hpp"
#include "stepped_child.hpp"
#include "whole_sample.hpp"

namespace ringside {
namespace {

using namespace std::chrono_literals;
using Sample = WholeSample<16>;
using Value = DoubleBuffer<Sample>;

/// Every version holds its own number.
int writeNext(Value& value) {
  return value.update([](Sample& sample) { sample = Sample::of(sample.words.front() + 1); });
}

bool readsWhole(Value& value) {
  Versioned<Sample> seen{};
  return value.read(seen) == 0 && seen.value.consistsOf(seen.version);
}

bool viewsWhole(Value& value) {
  const auto view = value.view();
  return view && view->consistsOf(view.version());
}

/// Moves the reader to its end, with so many writes after each instruction that none of its tries
/// can succeed. Returns how many instructions it was.
long overtakeAtEveryInstruction(SteppedChild& reader, Value& value) {
  long steps = 1;
  for (; reader.step() && steps < 1'000'000; ++steps) {
    for (int i = 0; i < 3; ++i) EXPECT_EQ(writeNext(value), 0);
  }
  return steps;
}

TEST(SlowReaderProcessTest, OvertakenAtEveryInstructionItGetsAWholeValueInBoundedSteps) {
  // More than the tries, a pin and one more copy take, with every sanitizer.
  constexpr long kMostStepsOfARead = 100'000;
  const Shared<Value> value;
  SteppedChild reader([&] { return readsWhole(*value) ? 0 : 1; });
  if (!reader.traced()) GTEST_SKIP() << kNoTracing;
  EXPECT_LT(overtakeAtEveryInstruction(reader, *value), kMostStepsOfARead);
  EXPECT_EQ(reader.finish(), 0);
}

TEST(SlowReaderProcessTest, OvertakenAtEveryInstructionItGivesUpWhileSomebodyElseHasAView) {
  const Shared<Value> value;
  const auto view = value->view();
  SteppedChild reader([&] {
    Sample out;
    return value->read(out) == -1 && lastError == Errc::TimedOut ? 0 : 1;
  });
  if (!reader.traced()) GTEST_SKIP() << kNoTracing;
  overtakeAtEveryInstruction(reader, *value);
  EXPECT_EQ(reader.finish(), 0);
  EXPECT_TRUE(view->consistsOf(0));
}

TEST(SlowReaderProcessTest, OvertakenAtEveryInstructionItIsReferredToItsOwnView) {
  const Shared<Value> value;
  SteppedChild reader([&] {
    const auto view = value->view();
    Sample out;
    return value->read(out) == -1 && lastError == Errc::InUse ? 0 : 1;
  });
  if (!reader.traced()) GTEST_SKIP() << kNoTracing;
  overtakeAtEveryInstruction(reader, *value);
  EXPECT_EQ(reader.finish(), 0);
}

TEST(SlowReaderProcessTest, StoppedAtAnyInstructionForAThousandWritesItGetsAWholeValue) {
  const Shared<Value> value;
  const auto overtake = [&](SteppedChild& reader) {
    for (int i = 0; i < 1000; ++i) ASSERT_EQ(writeNext(*value), 0);
    EXPECT_EQ(reader.finish(), 0);
  };
  const auto read = [&] { return readsWhole(*value) ? 0 : 1; };
  if (!atInstructionsOf(read, overtake, [] {})) GTEST_SKIP() << kNoTracing;
}

TEST(SlowReaderProcessTest, AViewStoppedAtAnyInstructionIsWhole) {
  const Shared<Value> value;
  const auto overtake = [&](SteppedChild& viewer) {
    for (int i = 0; i < 100; ++i) ASSERT_EQ(writeNext(*value), 0);
    EXPECT_EQ(viewer.finish(), 0);
  };
  const auto look = [&] { return viewsWhole(*value) ? 0 : 1; };
  if (!atInstructionsOf(look, overtake, [] {})) GTEST_SKIP() << kNoTracing;
}

// Two writes after a reader began, the third goes to the buffer that it reads.
TEST(SlowReaderProcessTest, MeetingAWriterInItsBufferItGetsAWholeValueOrNone) {
  const Shared<Value> value;
  const auto read_once = [&] {
    Versioned<Sample> seen{};
    if (value->tryRead(seen) == -1) return 2;
    return seen.value.consistsOf(seen.version) ? 0 : 1;
  };
  const auto write_once = [&] { return writeNext(*value); };
  ASSERT_EQ(write_once(), 0);
  const long read_steps = instructionsOf(read_once);
  const long write_steps = instructionsOf(write_once);
  if (read_steps == 0) GTEST_SKIP() << kNoTracing;
  std::mt19937 random(4);
  const auto between = [&](long from, long to) {
    return std::uniform_int_distribution<long>(from, to)(random);
  };
  int refused = 0;
  for (long budget = kMostSteps; budget > 0; budget -= read_steps + write_steps) {
    SteppedChild reader(read_once);
    stepTo(reader, between(read_steps / 5, read_steps * 2 / 3));  // about where it copies
    ASSERT_EQ(write_once() + write_once(), 0);
    SteppedChild writer(write_once);
    stepTo(writer, between(write_steps / 2, write_steps));
    const int result = reader.finish();
    ASSERT_NE(result, 1) << "torn";
    refused += result == 2;
  }
  EXPECT_GT(refused, 0) << "they never met";
}

TEST(DoubleBufferKillTest, AWriterKilledAtAnyInstructionLeavesAWholeValueAndTheNextGoesOn) {
  const Shared<Value> value;
  ASSERT_EQ(writeNext(*value), 0);
  std::uint64_t last = value->version();
  const auto check = [&] {
    Versioned<Sample> seen{};
    ASSERT_EQ(value->read(seen), 0);
    ASSERT_TRUE(seen.value.consistsOf(seen.version));
    ASSERT_TRUE(seen.version == last || seen.version == last + 1);
    for (int i = 0; i < 4; ++i) {
      ASSERT_EQ(writeNext(*value), 0);
      ASSERT_TRUE(readsWhole(*value));
    }
    last = value->version();
    ASSERT_EQ(last, seen.version + 4);
  };
  const auto write = [&] { return writeNext(*value); };
  if (!killAtInstructionsOf(write, check)) GTEST_SKIP() << kNoTracing;
}

TEST(DoubleBufferKillTest, AViewerKilledAtAnyInstructionLeavesTheBufferToWritersAndViewers) {
  const Shared<Value> value;
  ASSERT_TRUE(viewsWhole(*value));
  const auto check = [&] {
    for (int i = 0; i < 4; ++i) ASSERT_EQ(writeNext(*value), 0);
    const auto view = value->view(10s);
    ASSERT_TRUE(view);
    EXPECT_EQ(view.version(), value->version()) << "not the dead one's";
    for (int i = 0; i < 4; ++i) {
      ASSERT_EQ(writeNext(*value), 0);
      ASSERT_TRUE(readsWhole(*value));
      ASSERT_TRUE(view->consistsOf(view.version()));
    }
  };
  const auto look = [&] { return viewsWhole(*value) ? 0 : 1; };
  if (!killAtInstructionsOf(look, check)) GTEST_SKIP() << kNoTracing;
}

TEST(DoubleBufferKillTest, AWriterKilledBehindAViewDisturbsItNot) {
  const Shared<Value> value;
  ASSERT_EQ(writeNext(*value), 0);
  const auto view = value->view();
  ASSERT_TRUE(view);
  const auto check = [&] {
    ASSERT_TRUE(view->consistsOf(1));
    ASSERT_TRUE(readsWhole(*value));
  };
  const auto write = [&] { return writeNext(*value); };
  if (!killAtInstructionsOf(write, check)) GTEST_SKIP() << kNoTracing;
}

TEST(DoubleBufferKillTest, WritersKilledAtRandomMomentsLeaveWholeValues) {
  const Shared<Value> value;
  std::mt19937 random(1);  // always the same moments, as far as the scheduler lets them be
  for (int round = 0; round < 200; ++round) {
    const std::uint64_t begin = value->version();
    const ::pid_t writer = inChild([&] {
      while (writeNext(*value) == 0) continue;
      return 1;
    });
    const std::uint64_t end = begin + random() % 3000;
    waitFor([&] {
      EXPECT_TRUE(readsWhole(*value));
      return value->version() >= end;
    });
    killAndWait(writer);
    const std::uint64_t left = value->version();
    ASSERT_TRUE(readsWhole(*value));
    ASSERT_EQ(writeNext(*value), 0);
    ASSERT_TRUE(readsWhole(*value));
    ASSERT_EQ(value->version(), left + 1);
  }
}

/// Reads until the writers are done: 0 when each value was whole and versions only grew.
int readUntil(Value& value, std::uint64_t end, bool in_place) {
  std::uint64_t last = 0;
  while (last < end) {
    Versioned<Sample> seen{};
    if (in_place) {
      const auto view = value.view();
      if (!view) return 1;
      seen = {*view, view.version()};
    } else if (value.read(seen) == -1) {
      return 2;
    }
    if (!seen.value.consistsOf(seen.version)) return 3;
    if (seen.version < last) return 4;
    last = seen.version;
  }
  return 0;
}

TEST(DoubleBufferProcessTest, ReadersInAStormOfWritesSeeWholeValuesInOrder) {
  constexpr std::uint64_t kEach = 50000;
  const Shared<Value> value;
  const Shared<std::atomic<bool>> begun(false);
  std::vector<::pid_t> children;
  for (const bool in_place : {false, false, true, true}) {
    children.push_back(inChild([&] { return readUntil(*value, 2 * kEach, in_place); }));
  }
  for (int i = 0; i < 2; ++i) {
    children.push_back(inChild([&] {
      waitFor([&] { return begun->load(); });
      for (std::uint64_t n = 0; n < kEach; ++n) {
        if (writeNext(*value) == -1) return 1;
      }
      return 0;
    }));
  }
  begun->store(true);
  for (const ::pid_t child : children) EXPECT_EQ(resultOf(child), 0);
  EXPECT_EQ(value->version(), 2 * kEach);
}

}  // namespace
}  // namespace ringside
