// The two workloads of a slice over any variant of a ring: messages one way, as many as go through,
// and round trips over two rings. Every element is checked.
#pragma once

#include "slice.hpp"

namespace ringside::bench {

/// 64 bytes. The stamp is who sent it, in the upper 16 bits, and how many it had sent before.
struct alignas(kCacheLineBytes) Element {
  std::uint64_t stamp = 0;
  std::array<std::uint64_t, 6> filling{};
  std::uint64_t complement = 0;  ///< at the other end

  void set(std::uint64_t value) {
    stamp = value;
    complement = ~value;
  }
  bool isWhole() const { return complement == ~stamp; }
};
static_assert(sizeof(Element) == 64, "the figures are for 64 bytes");

constexpr std::uint64_t stampOf(int producer, std::uint64_t number) {
  return static_cast<std::uint64_t>(producer) << 48 | number;
}
constexpr std::uint64_t kLastRoundTrip = ~0ULL;  // the stamp of none before it

template <class Push>
void pushSpinning(Push& push, const Element& element) {
  while (!push.tryPush(&element)) pauseCore();
}
template <class Pop>
void popSpinning(Pop& pop, Element& element) {
  while (!pop.tryPop(&element)) pauseCore();
}

template <class Push>
Fault produce(Push& push, int producer, const Crew& crew, Board& board) {
  constexpr std::uint64_t kMessagesPerLook = 1024;  // at the clock
  std::uint64_t sent = 0;
  std::uint64_t sum = 0;
  Element element;
  meet(board, crew);
  const auto until = std::chrono::steady_clock::now() + crew.duration;
  while (std::chrono::steady_clock::now() < until) {
    for (std::uint64_t i = 0; i < kMessagesPerLook; ++i) {
      element.set(stampOf(producer, sent++));
      sum += element.stamp;
      pushSpinning(push, element);
    }
  }
  board.tallies[static_cast<std::size_t>(producer)] = {sent, sum, 0};
  board.producers_left.fetch_sub(1, std::memory_order_release);  // SYNC: popUnlessOver()
  return Fault::None;
}

/// False when all producers are done and nothing is left.
template <class Pop>
bool popUnlessOver(Pop& pop, Element& element, const Board& board) {
  while (!pop.tryPop(&element)) {
    // SYNC: produce(). All that it pushed is visible then.
    if (board.producers_left.load(std::memory_order_acquire) == 0) return pop.tryPop(&element);
    pauseCore();
  }
  return true;
}

/// Where one consumer is with each producer. Nothing may be missing when there is no other.
class OrderCheck {
 public:
  explicit OrderCheck(const Crew& crew) : is_only_one_(crew.consumers == 1) {}

  Fault look(const Element& element) {
    if (!element.isWhole()) return Fault::Torn;
    const std::uint64_t producer = element.stamp >> 48;
    const std::uint64_t number = element.stamp & 0xffffffffffffULL;
    if (producer >= next_.size()) return Fault::Torn;
    std::uint64_t& next = next_[producer];
    if (number < next || (is_only_one_ && number != next)) return Fault::OutOfOrder;
    next = number + 1;
    return Fault::None;
  }

 private:
  bool is_only_one_;
  std::array<std::uint64_t, kMostProducers> next_{};
};

template <class Pop>
Fault consume(Pop& pop, int worker, const Crew& crew, Board& board) {
  constexpr std::uint64_t kMessagesAPiece = 4096;  // four times around the ring
  OrderCheck order(crew);
  std::uint64_t received = 0;
  std::uint64_t sum = 0;
  Element element;
  meet(board, crew);
  PieceTimer timer(kMessagesAPiece);
  while (popUnlessOver(pop, element, board)) {
    if (const Fault fault = order.look(element); fault != Fault::None) return fault;
    sum += element.stamp;
    ++received;
    timer.step();
  }
  board.tallies[static_cast<std::size_t>(worker)] = {received, sum,
                                                     received > 0 ? timer.nsPerStep() : 0};
  return Fault::None;
}

/// Sends numbers and waits for each to come back.
template <class Push, class Pop>
Fault askAround(Push& push, Pop& pop, const Crew& crew, Board& board) {
  constexpr std::uint64_t kRoundTripsAPiece = 256;
  Element element;
  meet(board, crew);
  PieceTimer timer(kRoundTripsAPiece);
  const auto until = std::chrono::steady_clock::now() + crew.duration;
  std::uint64_t number = 0;
  do {
    for (std::uint64_t i = 0; i < kRoundTripsAPiece; ++i, ++number) {
      element.set(number);
      pushSpinning(push, element);
      popSpinning(pop, element);
      if (!element.isWhole()) return Fault::Torn;
      if (element.stamp != number) return Fault::OutOfOrder;
      timer.step();
    }
  } while (std::chrono::steady_clock::now() < until);
  element.set(kLastRoundTrip);
  pushSpinning(push, element);
  board.tallies[0].ns = timer.nsPerStep();
  return Fault::None;
}

/// Sends back what comes, until the last.
template <class Push, class Pop>
Fault sendBack(Push& push, Pop& pop, const Crew& crew, Board& board) {
  Element element;
  meet(board, crew);
  for (std::uint64_t number = 0;; ++number) {
    popSpinning(pop, element);
    if (!element.isWhole()) return Fault::Torn;
    if (element.stamp == kLastRoundTrip) return Fault::None;
    if (element.stamp != number) return Fault::OutOfOrder;
    pushSpinning(push, element);
  }
}

template <class V>
RingSegment makeRing() {
  return RingSegment::in<AnonMem>(makeGeometry(V::kKind, sizeof(Element), kSliceCapacity),
                                  {.huge_pages = HugePages::Never, .prefault = true});
}
/// In a worker: an attachment of its own.
template <class Side>
Side sideOf(RingSegment& ring, Role role) {
  return Side(ring.view(), ring.attach(role), Wait::Spin);
}

/// ns per message from all producers to all consumers.
template <class V>
Slice throughputSlice(const Crew& crew) {
  RingSegment ring = makeRing<V>();
  const SharedBoard board(crew);
  const Job produces = [&](int worker) {
    auto push = sideOf<typename V::Push>(ring, Role::Producer);
    return produce(push, worker, crew, *board);
  };
  const Job consumes = [&](int worker) {
    auto pop = sideOf<typename V::Pop>(ring, Role::Consumer);
    return consume(pop, worker, crew, *board);
  };
  std::vector<Job> jobs(static_cast<std::size_t>(crew.producers), produces);
  jobs.insert(jobs.end(), static_cast<std::size_t>(crew.consumers), consumes);
  const Fault fault = runPinned(crew, jobs);
  return fault == Fault::None ? sumUp(*board, crew) : Slice{fault, 0};
}

/// ns per round trip between one producer and one consumer.
template <class V>
Slice roundTripSlice(const Crew& crew) {
  RingSegment there = makeRing<V>();
  RingSegment back = makeRing<V>();
  const SharedBoard board(crew);
  const Job asks = [&](int) {
    auto push = sideOf<typename V::Push>(there, Role::Producer);
    auto pop = sideOf<typename V::Pop>(back, Role::Consumer);
    return askAround(push, pop, crew, *board);
  };
  const Job answers = [&](int) {
    auto pop = sideOf<typename V::Pop>(there, Role::Consumer);
    auto push = sideOf<typename V::Push>(back, Role::Producer);
    return sendBack(push, pop, crew, *board);
  };
  const Fault fault = runPinned(crew, {asks, answers});
  return {fault, fault == Fault::None ? (*board).tallies[0].ns : 0};
}

}  // namespace ringside::bench
