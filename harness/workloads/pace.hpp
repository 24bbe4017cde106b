// The pace of a consumer: a stamp every 256 messages, and from these the robust throughput, which a
// few interruptions do not move: the messages of the fastest 90 % of the batches over the time that
// these took.
#pragma once

#include <cstdint>
#include <memory>

#include "harness/clock.hpp"
#include "harness/control.hpp"
#include "results/histogram.hpp"

namespace ringside::harness {

constexpr std::uint64_t kMessagesPerStamp = 256;
/// Of fewer batches the fastest 90 % say little: none are reported.
constexpr std::uint64_t kFewestBatches = 50;

/// The time of the fastest 90 % of the batches, and how many these are; both 0 where there are
/// fewer than kFewestBatches. A batch counts as the middle of its bucket: within 0.05 %.
struct FastestBatches {
  std::uint64_t batches = 0;
  std::uint64_t ns = 0;
};
FastestBatches fastestOf(const results::Histogram& batch_ns);

class Pace {
 public:
  explicit Pace(const Clock& clock)
      : clock_(clock), batch_ns_(std::make_unique<results::Histogram>()) {}

  /// To be called after every kMessagesPerStamp messages.
  void stamp(bool measuring) noexcept {
    const std::uint64_t now = clock_.now();
    if (measuring && last_ != 0) batch_ns_->record(clock_.nsBetween(last_, now));
    last_ = measuring ? now : 0;
  }
  void report(WorkerFindings& findings) const;

 private:
  Clock clock_;
  std::uint64_t last_ = 0;
  std::unique_ptr<results::Histogram> batch_ns_;
};

}  // namespace ringside::harness
