// The ring under a mutex, between processes: what was pushed survives whoever dies.
#include <gtest/gtest.h>

#include <array>
#include <random>
#include <vector>

#include "ringside/error.hpp"
#include "ringside/mutex_ring.hpp"
#include "stepped_child.hpp"
#include "whole_sample.hpp"

namespace ringside {
namespace {

using namespace std::chrono_literals;

using Element = WholeSample<184>;  // 1472 bytes

class SharedRing {
 public:
  explicit SharedRing(std::uint64_t capacity)
      : bytes_(MutexRing::bytesNeeded(sizeof(Element), capacity)), memory_(bytes_) {
    MutexRing::create(memory_.begin(), bytes_, sizeof(Element), capacity);
  }
  MutexRing attach() { return {memory_.begin(), bytes_}; }

 private:
  std::uint64_t bytes_;
  SharedArray<std::byte> memory_;
};

int push(MutexRing& ring, std::uint64_t number) {
  const Element element = Element::of(number);
  return ring.push(&element);
}

constexpr std::uint64_t kTorn = ~0ULL;
constexpr std::uint64_t kNone = ~0ULL - 1;

/// The number of the oldest element.
std::uint64_t pop(MutexRing& ring) {
  Element element;
  if (ring.tryPop(&element) == -1) return kNone;
  return element.whole() ? element.words.front() : kTorn;
}

TEST(MutexRingProcessTest, ProcessesReceiveEachElementOnce) {
  constexpr std::uint64_t kEach = 5000;
  constexpr std::uint64_t kProducers = 2;
  SharedRing shared(7);
  const Shared<std::array<std::atomic<int>, kProducers * kEach>> received;
  const Shared<std::atomic<std::uint64_t>> taken(0U);
  std::vector<::pid_t> children;
  for (std::uint64_t p = 0; p < kProducers; ++p) {
    children.push_back(inChild([&, p] {
      MutexRing ring = shared.attach();
      for (std::uint64_t i = p * kEach; i < (p + 1) * kEach; ++i) {
        if (push(ring, i) == -1) return 1;
      }
      return 0;
    }));
  }
  for (int c = 0; c < 2; ++c) {
    children.push_back(inChild([&] {
      MutexRing ring = shared.attach();
      Element element;
      while (taken->fetch_add(1) < kProducers * kEach) {
        if (ring.pop(&element) == -1 || !element.whole()) return 1;
        received->at(element.words.front()).fetch_add(1);
      }
      return 0;
    }));
  }
  for (const ::pid_t child : children) EXPECT_EQ(resultOf(child), 0);
  for (const auto& count : *received) ASSERT_EQ(count, 1);
}

TEST(MutexRingKillTest, AProducerKilledAtAnyInstructionHasPushedAWholeElementOrNone) {
  SharedRing shared(4);
  MutexRing ring = shared.attach();
  ASSERT_EQ(push(ring, 1), 0);
  ASSERT_EQ(pop(ring), 1U);
  const auto check = [&] {
    ASSERT_LE(ring.pending(), 1U);
    ASSERT_TRUE(ring.empty() || pop(ring) == 5);
    ASSERT_EQ(push(ring, 6), 0);
    ASSERT_EQ(pop(ring), 6U);
    ASSERT_TRUE(ring.empty());
  };
  const auto push_one = [&] { return push(ring, 5); };
  if (!killAtInstructionsOf(push_one, check)) GTEST_SKIP() << kNoTracing;
}

TEST(MutexRingKillTest, AnElementIsInTheRingOrWithTheConsumerKilledAtAnyInstruction) {
  constexpr std::uint64_t kCapacity = 4;
  SharedRing shared(kCapacity);
  MutexRing ring = shared.attach();
  const Shared<Element> popped;
  std::uint64_t oldest = 1;
  const auto refill = [&] {
    while (!ring.full()) push(ring, oldest + ring.pending());
  };
  refill();
  const auto check = [&] {
    const std::uint64_t gone = ring.available();
    ASSERT_LE(gone, 1U);
    ASSERT_TRUE(gone == 0 || popped->consistsOf(oldest));
    for (std::uint64_t i = gone; i < kCapacity; ++i) ASSERT_EQ(pop(ring), oldest + i);
    oldest += kCapacity;
    refill();
  };
  const auto pop_one = [&] { return ring.tryPop(&*popped); };
  if (!killAtInstructionsOf(pop_one, check)) GTEST_SKIP() << kNoTracing;
}

TEST(MutexRingKillTest, ProducersKilledAtRandomMomentsLoseNothingThatTheyPushed) {
  SharedRing shared(64);
  const Shared<std::atomic<std::uint64_t>> finished(0U);
  MutexRing ring = shared.attach();
  std::uint64_t next = 0;  // the number that comes out next
  std::mt19937 random(3);
  for (int round = 0; round < 200; ++round) {
    finished->store(next);
    const ::pid_t producer = inChild([&] {
      for (std::uint64_t i = next;; ++i) {
        if (push(ring, i) == -1) return 1;
        finished->store(i + 1);
      }
    });
    for (const std::uint64_t end = next + random() % 500; next < end;) {
      const std::uint64_t number = pop(ring);
      if (number == kNone) continue;
      ASSERT_EQ(number, next++);
    }
    killAndWait(producer);
    const std::uint64_t pushed = next + ring.pending();
    ASSERT_TRUE(pushed == finished->load() || pushed == finished->load() + 1);
    while (next < pushed) ASSERT_EQ(pop(ring), next++);
    ASSERT_TRUE(ring.empty());
  }
}

TEST(MutexRingKillTest, AProducerThatSleepsIsWokenThoughAnotherWasKilledInItsSleep) {
  SharedRing shared(1);
  MutexRing ring = shared.attach();
  const Shared<std::atomic<int>> pushing(0);
  ASSERT_EQ(push(ring, 1), 0);
  const auto push_in_child = [&] {
    return inChild([&] {
      pushing->fetch_add(1);
      return push(ring, 2);
    });
  };
  const ::pid_t killed = push_in_child();
  const ::pid_t patient = push_in_child();
  waitFor([&] { return pushing->load() == 2; });
  killAndWait(killed);
  ASSERT_EQ(pop(ring), 1U);
  EXPECT_EQ(resultOf(patient), 0);
  EXPECT_EQ(pop(ring), 2U);
}

TEST(MutexRingKillTest, AConsumerThatSleepsIsWokenFromAnotherProcess) {
  SharedRing shared(1);
  const Shared<std::atomic<int>> popping(0);
  const ::pid_t consumer = inChild([&] {
    MutexRing ring = shared.attach();
    Element element;
    popping->store(1);
    return ring.pop(&element) == 0 && element.consistsOf(9) ? 0 : 1;
  });
  waitFor([&] { return popping->load() == 1; });
  MutexRing ring = shared.attach();
  EXPECT_EQ(push(ring, 9), 0);
  EXPECT_EQ(resultOf(consumer), 0);
}

}  // namespace
}  // namespace ringside
