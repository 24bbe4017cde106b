// A history sorted for judging it: what became of each value, which values nobody popped, and how
// many of these pops that never returned may have taken. Points into the history, which must stay
// where it is meanwhile.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "harness/history/history.hpp"

namespace ringside::harness {

/// What became of one value.
struct Life {
  std::uint64_t value = 0;
  const Operation* push = nullptr;  ///< null: nobody pushed it
  /// All that returned, by their beginning.
  std::span<const Operation* const> pops;
  /// The first pop that order is judged by; null where there is none but redeliveries, whose first
  /// delivery nobody has seen.
  const Operation* pop = nullptr;

  /// Pushed, and popped by a pop that order is judged by.
  bool judged() const noexcept { return push != nullptr && pop != nullptr; }
  /// The push returned and no pop did.
  bool neverPopped() const noexcept { return push != nullptr && push->returned() && pops.empty(); }
};

/// Values that may have been taken by pops that never returned, or given up by the queue.
class Excuses {
 public:
  explicit Excuses(const History& history);

  /// How many values may have been taken at `time_ns` or before it.
  std::uint64_t until(std::int64_t time_ns) const noexcept;
  std::uint64_t total() const noexcept { return claims_.empty() ? 0 : claims_.back().sum; }

  struct Claim {
    std::int64_t began_ns;  ///< from when on; INT64_MIN for what the queue gave up at any time
    std::uint64_t sum;      ///< of this claim and of all before it
  };
  std::span<const Claim> claims() const noexcept { return claims_; }

 private:
  std::vector<Claim> claims_;  // by began_ns
};

class Evidence {
 public:
  /// Throws std::invalid_argument when two pushes have the same value.
  explicit Evidence(const History& history);
  Evidence(const Evidence&) = delete;
  Evidence& operator=(const Evidence&) = delete;

  const History& history() const noexcept { return history_; }
  /// By value.
  std::span<const Life> lives() const noexcept { return lives_; }
  /// Those that neverPopped(), by the end of their push.
  std::span<const Life* const> neverPopped() const noexcept { return never_popped_; }
  const Excuses& excuses() const noexcept { return excuses_; }

  /// Whether order and repetition do not apply to it.
  bool exempt(const Operation& pop) const noexcept {
    return pop.redelivered && history_.delivery == Delivery::AtLeastOnce;
  }

 private:
  void addLife(std::span<const Operation* const> operations);

  const History& history_;
  Excuses excuses_;
  std::vector<const Operation*> by_value_;
  std::vector<Life> lives_;
  std::vector<const Life*> never_popped_;
};

}  // namespace ringside::harness
