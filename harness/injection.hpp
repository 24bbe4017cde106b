// A delay that a self-test puts into one side of a gate, to see whether the gate finds it. On the
// dependency chain of the message: what stands beside it is hidden by out-of-order execution.
#pragma once

#include <cstdint>

#include "harness/clock.hpp"

namespace ringside::harness {

/// All zero: none.
struct Injection {
  std::uint32_t steps = 0;     ///< of arithmetic, there and back, for each message that is struck
  std::uint64_t stall_ns = 0;  ///< stands still for so long, for each message that is struck
  double fraction = 1;         ///< of the messages that are struck, 0 to 1

  bool any() const noexcept { return steps != 0 || stall_ns != 0; }
};

/// Takes `word` through `steps` multiplications and additions and back again: it returns what it
/// was given, and whoever uses that has waited. Nothing in it can be left out or done ahead.
inline std::uint64_t thereAndBack(std::uint64_t word, std::uint32_t steps) noexcept {
  constexpr std::uint64_t kFactor = 0x9e3779b97f4a7c15ULL;
  constexpr std::uint64_t kInverse = 0xf1de83e19937733dULL;
  static_assert(kFactor * kInverse == 1);
  for (std::uint32_t i = 0; i < steps; ++i) word = word * kFactor + i;
  for (std::uint32_t i = steps; i-- > 0;) word = (word - i) * kInverse;
  return word;
}

/// Strikes messages, in a consumer.
class Delay {
 public:
  Delay(const Injection& injection, const Clock& clock) noexcept
      : injection_(injection),
        clock_(clock),
        most_(injection.fraction >= 1 ? ~0ULL
                                      : static_cast<std::uint64_t>(injection.fraction * 0x1p64)) {}

  /// What a message begins with, once its time has passed. The arithmetic begins when the message
  /// is there as a whole: what is left of taking it would hide a part of so short a delay.
  std::uint64_t strike(std::uint64_t word) noexcept {
    if (!injection_.any()) return word;
    state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;  // Knuth's MMIX generator
    if (state_ > most_) return word;
    if (injection_.stall_ns != 0) {
      const std::uint64_t begin = clock_.nowAfterLoads();
      while (clock_.nsBetween(begin, clock_.now()) < injection_.stall_ns) continue;
    }
    if (injection_.steps == 0) return word;
    finishLoads();
    return thereAndBack(word, injection_.steps);
  }

 private:
  Injection injection_;
  Clock clock_;
  std::uint64_t most_;
  std::uint64_t state_ = 1;
};

/// What so many steps cost a message by themselves here, in ns: the fastest of many runs of a long
/// chain of such messages.
double costOfSteps(std::uint32_t steps, const Clock& clock) noexcept;

/// The steps that come nearest to `ns`, at least 1.
std::uint32_t stepsFor(double ns, const Clock& clock) noexcept;

}  // namespace ringside::harness
