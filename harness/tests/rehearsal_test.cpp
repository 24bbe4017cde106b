// What the program asks of a plug-in's adapter, it asks in a process of its own first.
#include "harness/plugin/rehearsal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <cstdlib>

namespace ringside::harness {
namespace {

using testing::HasSubstr;
using Outcome = Rehearsal::Outcome;

TEST(RehearsalTest, TellsWhatTheCallReturned) {
  const Rehearsal rehearsal = rehearse([] { return 42U; });
  EXPECT_EQ(rehearsal.outcome, Outcome::Returned);
  EXPECT_EQ(rehearsal.value, 42U);
  EXPECT_EQ(rehearsal.reason, "");
}

TEST(RehearsalTest, LeavesEverythingHereAsItWas) {
  std::uint64_t here = 1;
  EXPECT_EQ(rehearse([&] { return ++here; }).value, 2U);
  EXPECT_EQ(here, 1U);
}

TEST(RehearsalTest, TellsWhatTheCallThrew) {
  const Rehearsal rehearsal =
      rehearse([]() -> std::uint64_t { throw std::runtime_error("no room"); });
  EXPECT_EQ(rehearsal.outcome, Outcome::Threw);
  EXPECT_EQ(rehearsal.sentence(), "threw: no room");
}

TEST(RehearsalTest, BearsAnExceptionOfAnyType) {
  const Rehearsal rehearsal = rehearse([]() -> std::uint64_t { throw 42; });
  EXPECT_EQ(rehearsal.outcome, Outcome::Threw);
  EXPECT_THAT(rehearsal.sentence(), HasSubstr("no std::exception"));
}

TEST(RehearsalTest, CutsOffAReasonThatIsTooLong) {
  const std::string words(100'000, 'w');
  const Rehearsal rehearsal = rehearse([&]() -> std::uint64_t { throw std::runtime_error(words); });
  EXPECT_EQ(rehearsal.outcome, Outcome::Threw);
  EXPECT_GT(rehearsal.reason.size(), 100U);
  EXPECT_TRUE(words.starts_with(rehearsal.reason));
}

TEST(RehearsalTest, TellsBySignalHowTheCallDied) {
  for (const int signal : {SIGKILL, SIGABRT}) {
    const Rehearsal rehearsal = rehearse([&]() -> std::uint64_t {
      ::signal(signal, SIG_DFL);  // sanitizers have handlers
      ::raise(signal);
      return 0;
    });
    EXPECT_EQ(rehearsal.outcome, Outcome::Died);
    EXPECT_EQ(rehearsal.sentence(),
              signal == SIGKILL ? "was killed by SIGKILL" : "was killed by SIGABRT");
  }
}

TEST(RehearsalTest, TellsThatTheCallEndedItsProcess) {
  const Rehearsal rehearsal = rehearse([]() -> std::uint64_t { ::_exit(0); });
  EXPECT_EQ(rehearsal.outcome, Outcome::Died);
  EXPECT_EQ(rehearsal.sentence(), "ended its process with 0");
}

TEST(RehearsalTest, KillsACallThatDoesNotReturn) {
  const Rehearsal rehearsal = rehearse(
      []() -> std::uint64_t {
        for (;;) ::pause();
      },
      std::chrono::milliseconds(50));
  EXPECT_EQ(rehearsal.outcome, Outcome::Died);
  EXPECT_EQ(rehearsal.sentence(), "had not returned after 50 ms");
}

/// As a plug-in's: it needs a byte for each element, and dies of a thousand.
QueueEntry mortalQueue(std::string_view name) {
  QueueEntry queue;
  queue.name = name;
  queue.origin = "mortal.so";
  queue.bytesNeeded = [](const QueueShape& shape) -> std::uint64_t {
    if (shape.capacity == 1000) ::_exit(9);
    if (shape.capacity == 2000) throw std::length_error("too many");
    return shape.capacity;
  };
  return queue;
}

TEST(AskedInRehearsalTest, APluginsQueueNeedsWhatItSaysForEachShape) {
  const QueueEntry queue = mortalQueue("mortal_sizes");
  for (const std::uint64_t capacity : {1, 3, 1, 7}) {
    EXPECT_EQ(bytesNeededBy(queue, {.capacity = capacity}), capacity);
  }
}

TEST(AskedInRehearsalTest, APluginsQueueThatDiesOrThrowsFailsWithTheReason) {
  const QueueEntry queue = mortalQueue("mortal_death");
  try {
    bytesNeededBy(queue, {.capacity = 1000});
    FAIL() << "it died, and nobody noticed";
  } catch (const AdapterFailed& error) {
    EXPECT_STREQ(error.what(), "bytesNeeded() of mortal_death ended its process with 9");
  }
  EXPECT_THROW(bytesNeededBy(queue, {.capacity = 2000}), AdapterFailed);
  EXPECT_EQ(bytesNeededBy(queue, {.capacity = 5}), 5U) << "of another shape";
}

TEST(AskedInRehearsalTest, AQueueOfTheProgramIsAskedDirectly) {
  QueueEntry queue = mortalQueue("not_mortal");
  queue.origin = {};
  EXPECT_THROW(bytesNeededBy(queue, {.capacity = 2000}), std::length_error);
}

TEST(AskedInRehearsalTest, MemoryIsHeldHereOnlyIfThatWentWellElsewhere) {
  QueueEntry queue = mortalQueue("mortal_holder");
  queue.hold = [](const Place&, const QueueShape& shape) -> HeldQueue {
    if (shape.capacity == 1000) ::_exit(9);
    return {.object = std::make_shared<int>(7), .memory = {}, .descriptor = 3};
  };
  EXPECT_THROW(holdBy(queue, {}, {.capacity = 1000}), AdapterFailed);
  EXPECT_EQ(holdBy(queue, {}, {.capacity = 5}).descriptor, 3);
}

}  // namespace
}  // namespace ringside::harness
