// What a slice is made of, whatever the ring: pinned processes, what they share beside the ring,
// and how a loop is timed. A slice is one short measurement from fresh memory to the last element
// checked.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <new>
#include <vector>

#include "ringside/ringside.hpp"

namespace ringside::bench {

constexpr std::uint64_t kSliceCapacity = 1024;
constexpr std::size_t kMostProducers = 2;
constexpr std::size_t kMostWorkers = 4;

/// How a worker ended: its exit code.
enum class Fault : int { None = 0, Lost, Torn, OutOfOrder, NotPinned, NotAttached, Died };
const char* describe(Fault fault);
/// The ring's own fault, and not that of the place it runs in.
constexpr bool isIntegrity(Fault fault) {
  return fault == Fault::Lost || fault == Fault::Torn || fault == Fault::OutOfOrder;
}

/// Who takes part, and for how long. One CPU each, those of the producers first.
struct Crew {
  int producers;  ///< 1 … kMostProducers
  int consumers;  ///< 1 … kMostWorkers - producers
  std::vector<int> cpus;
  std::chrono::milliseconds duration;
};

/// What came of it.
struct Slice {
  Fault fault;
  double ns;  ///< per message, of all consumers together, or per round trip
};

/// What one worker leaves behind.
struct alignas(kCacheLineBytes) Tally {
  std::uint64_t count;  ///< messages sent or received
  std::uint64_t sum;    ///< of their stamps, modulo 2^64
  double ns;            ///< per message received, or per round trip
};

/// What the workers share beside the ring.
struct Board {
  std::atomic<int> ready{0};
  std::atomic<int> producers_left{0};
  std::array<Tally, kMostWorkers> tallies{};
};

/// A board in memory that forked children share.
class SharedBoard {
 public:
  explicit SharedBoard(const Crew& crew)
      : memory_(sizeof(Board)), board_(new (memory_.get()) Board) {
    board_->producers_left = crew.producers;
  }
  Board& operator*() const { return *board_; }

 private:
  AnonMem memory_;
  Board* board_;
};

/// What one worker does, given its number.
using Job = std::function<Fault(int worker)>;

/// Runs each job in a process of its own on its CPU, and returns the first fault. Whoever is not
/// done 20 s after the duration is killed: Died. The caller has no other children.
Fault runPinned(const Crew& crew, const std::vector<Job>& jobs);

/// Waits until all of the crew are here.
void meet(Board& board, const Crew& crew);

/// Lost, unless each message that was sent was received. With the time per message of all.
Slice sumUp(const Board& board, const Crew& crew);

/// Times a loop by pieces of equally many steps. The median piece stands for the loop: where others
/// run on the CPU now and then, they are in the minority of the pieces.
class PieceTimer {
 public:
  explicit PieceTimer(std::uint64_t steps_a_piece) : steps_a_piece_(steps_a_piece) {
    ends_.reserve(kExpectedPieces);
    ends_.push_back(Clock::now());
  }
  void step() {
    if (++steps_ % steps_a_piece_ == 0) ends_.push_back(Clock::now());
  }
  /// ns a step: of the median piece without the first eighth, which warms up; of the whole loop
  /// when it was shorter than a piece. At least one step.
  double nsPerStep() const;

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::size_t kExpectedPieces = 4096;  // more may come; they allocate

  std::uint64_t steps_a_piece_;
  std::uint64_t steps_ = 0;
  std::vector<Clock::time_point> ends_;
};

}  // namespace ringside::bench
