// Every policy in every kind of memory that processes can share, between forked processes.
#include <vector>

#include "forked.hpp"
#include "ring_kinds.hpp"

namespace ringside {
namespace {

using namespace std::chrono_literals;

template <class K>
class ProcessRingTest : public RingTest<K> {};
TYPED_TEST_SUITE_P(ProcessRingTest);

constexpr std::uint64_t kEach = 3000;

/// 64 words: more than a line, so that a torn one shows.
struct Element {
  std::array<std::uint64_t, 16> words;
};

/// What consumers found, in memory that outlives them.
struct Findings {
  explicit Findings(std::uint64_t total) : received(total) {}
  SharedArray<std::atomic<std::uint8_t>> received;    ///< how often each was
  SharedArray<std::atomic<std::uint64_t>> counts{2};  ///< received, out of order

  std::atomic<std::uint64_t>& total() { return counts[0]; }
  std::atomic<std::uint64_t>& reordered() { return counts[1]; }
};

template <class Queue>
int produceAll(Queue& queue, int producer, bool in_place) {
  for (std::uint64_t i = 0; i < kEach; ++i) {
    Element element;
    element.words.fill(static_cast<std::uint64_t>(producer) * kEach + i);
    if (in_place) {
      auto claimed = queue.claim();
      if (!claimed) return 1;
      claimed[0] = element;
      claimed.commit();
    } else if (queue.push(element) == -1) {
      return 2;
    }
  }
  return 0;
}

template <class Queue>
bool takeOne(Queue& queue, bool in_place, Element& element) {
  if (!in_place) return queue.timedPop(element, 20ms) == 0;
  const auto taken = queue.timedTake(1, 20ms);
  if (taken) element = taken[0];
  return static_cast<bool>(taken);
}

template <class Queue>
int consumeAll(Queue& queue, std::uint64_t total, bool in_place, Findings& findings) {
  std::array<std::uint64_t, 8> next{};
  Element element;
  while (findings.total() < total) {
    if (!takeOne(queue, in_place, element)) continue;
    const std::uint64_t stamp = element.words.front();
    for (const std::uint64_t word : element.words) {
      if (word != stamp) return 3;
    }
    if (stamp % kEach < next.at(stamp / kEach)) findings.reordered().fetch_add(1);
    next.at(stamp / kEach) = stamp % kEach + 1;
    findings.received[stamp].fetch_add(1);
    findings.total().fetch_add(1);
  }
  return 0;
}

/// The queue is made before the fork: whatever its memory is, the children have it.
template <class P, class Queue>
void exchangeBetweenProcesses(Queue& queue, bool in_place) {
  constexpr std::uint64_t kTotal = Rings<P>::kProducers * kEach;
  Findings findings(kTotal);
  std::vector<::pid_t> children;
  for (int p = 0; p < Rings<P>::kProducers; ++p) {
    children.push_back(inChild([&] { return produceAll(queue, p, in_place); }));
  }
  for (int c = 0; c < Rings<P>::kConsumers; ++c) {
    children.push_back(inChild([&] { return consumeAll(queue, kTotal, in_place, findings); }));
  }
  for (const ::pid_t child : children) EXPECT_EQ(resultOf(child), 0);
  EXPECT_EQ(findings.total(), kTotal);
  EXPECT_EQ(findings.reordered(), 0U);
  for (std::uint64_t i = 0; i < kTotal; ++i) ASSERT_EQ(findings.received[i], 1) << i;
}

RINGSIDE_RING_TEST(ProcessRingTest, ProcessesReceiveEachElementOnceWholeAndInOrder) {
  for (const std::uint64_t capacity : {1U, 16U}) {
    exchangeBetweenProcesses<P>(*rings.template make<Element>(capacity), false);
  }
}

RINGSIDE_RING_TEST(ProcessRingTest, ProcessesExchangeElementsInPlace) {
  for (const std::uint64_t capacity : {1U, 16U}) {
    exchangeBetweenProcesses<P>(*rings.template make<Element>(capacity), true);
  }
}

/// A child that pushes one element and stays.
template <class Queue>
::pid_t holdProducer(Queue& queue, std::atomic<int>& pushed) {
  const ::pid_t child = inChild([&] {
    pushed = queue.push(1) == 0 ? 1 : 2;
    ::pause();
    return 0;
  });
  while (pushed == 0) ::usleep(1000);
  return child;
}

RINGSIDE_RING_TEST(ProcessRingTest, AnExclusiveRoleIsFreeAsSoonAsItsHolderIsDead) {
  auto queue = rings.template make<int>(4);
  SharedArray<std::atomic<int>> pushed(1);
  const ::pid_t holder = holdProducer(*queue, pushed[0]);
  EXPECT_EQ(pushed[0], 1);
  const bool exclusive = std::is_same_v<P, Spsc>;
  lastError = {};
  EXPECT_EQ(queue->tryPush(2), exclusive ? -1 : 0);
  EXPECT_EQ(lastError == Errc::InUse, exclusive);
  killAndWait(holder);
  EXPECT_EQ(queue->tryPush(3), 0);
  int seen = 0;
  EXPECT_EQ(queue->tryPop(seen), 0);
  EXPECT_EQ(seen, 1);
}

REGISTER_TYPED_TEST_SUITE_P(ProcessRingTest, ProcessesReceiveEachElementOnceWholeAndInOrder,
                            ProcessesExchangeElementsInPlace,
                            AnExclusiveRoleIsFreeAsSoonAsItsHolderIsDead);
INSTANTIATE_TYPED_TEST_SUITE_P(Spsc, ProcessRingTest, KindsBetweenProcesses<Spsc>, KindNames);
INSTANTIATE_TYPED_TEST_SUITE_P(Mpsc, ProcessRingTest, KindsBetweenProcesses<Mpsc>, KindNames);
INSTANTIATE_TYPED_TEST_SUITE_P(Mpmc, ProcessRingTest, KindsBetweenProcesses<Mpmc>, KindNames);

}  // namespace
}  // namespace ringside
