// What the workers of one repetition note about time: when each message was meant to be sent, was
// sent and came; round trips; and each worker's gaps. In anonymous shared memory beside Control, so
// that it costs a message two stores and holds for elements of any size: nothing travels in them.
#pragma once

#include <atomic>
#include <bit>
#include <cstdint>
#include <span>
#include <vector>

#include "harness/control.hpp"
#include "harness/gaps.hpp"

namespace ringside::harness {

/// Messages that one repetition can plan: three times each take 24 bytes.
constexpr std::uint64_t kMaxPlannedMessages = 1ULL << 24;
/// Round trips that one repetition can keep one by one, of all producers together.
constexpr std::uint64_t kMaxKeptRoundTrips = 1ULL << 20;

/// In ticks of the clock.
struct RoundTrip {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

/// Which round trips of one producer are kept: from number `first` on every 2^shift-th, so that the
/// room lasts for all of the time.
struct alignas(64) RoundTripLog {
  std::uint64_t first = 0;
  std::uint64_t capacity = 0;  ///< 0 until some are to be kept
  std::uint32_t shift = 0;
  /// Places that the producer has filled. On a line of its own: the consumer reads the others.
  alignas(64) std::uint64_t count = 0;

  /// Where message number `sequence` is kept; `capacity` or more when it is not.
  std::uint64_t placeOf(std::uint64_t sequence) const noexcept {
    const std::uint64_t since = sequence - first;
    const bool kept = (since & ((std::uint64_t{1} << shift) - 1)) == 0 && sequence >= first;
    return kept ? since >> shift : capacity;
  }
};

/// What a producer found out about itself before the start.
struct alignas(64) GeneratorNote {
  /// How late it comes to a planned time with no queue at all: the lowest times that 90 and 99.9 %
  /// of the undisturbed messages keep.
  std::uint64_t late_ns_p90 = 0;
  std::uint64_t late_ns_p999 = 0;
};

/// The words that everybody looks at.
struct TrafficWords {
  alignas(64) std::atomic<std::uint64_t> origin_ticks;  ///< when the plan begins
  /// When who has not come to an end gives up: a second after the plan's.
  std::atomic<std::uint64_t> give_up_ticks;
  alignas(64) std::atomic<std::uint64_t> received;  ///< by all consumers, kept while they drain
};

/// How much there is of what.
struct TrafficShape {
  std::uint32_t producers = 1;
  std::uint32_t consumers = 1;
  std::uint64_t gaps_per_worker = 0;   ///< room in each log; 0: gaps are not logged
  bool round_trips = false;            ///< kept
  std::vector<std::uint64_t> planned;  ///< messages of each producer; empty: there is no plan
};

/// Made by the parent before it forks; workers inherit the mapping.
class Traffic {
 public:
  explicit Traffic(TrafficShape shape);

  const TrafficShape& shape() const noexcept { return shape_; }
  TrafficWords& words() const noexcept { return *at<TrafficWords>(0); }
  GapLog& producerGaps(std::uint32_t i) const noexcept { return gapLog(i); }
  GapLog& consumerGaps(std::uint32_t i) const noexcept { return gapLog(shape_.producers + i); }

  /// Of producer i, by sequence. Planned: ticks after the origin. Sent and received: ticks of the
  /// clock, 0 while it has not happened.
  std::span<std::uint64_t> planned(std::uint32_t i) const noexcept { return times(planned_at_, i); }
  std::span<std::uint64_t> sent(std::uint32_t i) const noexcept { return times(sent_at_, i); }
  std::span<std::uint64_t> received(std::uint32_t i) const noexcept {
    return times(received_at_, i);
  }

  GeneratorNote& generatorNote(std::uint32_t i) const noexcept {
    return at<GeneratorNote>(notes_at_)[i];
  }
  RoundTripLog& roundTripLog(std::uint32_t i) const noexcept {
    return at<RoundTripLog>(logs_at_)[i];
  }
  std::span<RoundTrip> roundTrips(std::uint32_t i) const noexcept {
    const std::uint64_t each = kMaxKeptRoundTrips / shape_.producers;
    return {at<RoundTrip>(round_trips_at_) + i * each, shape_.round_trips ? each : 0};
  }
  /// When the consumer had what round trip number i of that producer asks; 0: never.
  std::span<std::uint64_t> turningPoints(std::uint32_t i) const noexcept {
    const std::uint64_t each = kMaxKeptRoundTrips / shape_.producers;
    return {at<std::uint64_t>(turning_points_at_) + i * each, shape_.round_trips ? each : 0};
  }

  /// For the calling process: no page fault comes later where this worker writes.
  void prefaultProducer(std::uint32_t i) const noexcept;
  void prefaultConsumer(std::uint32_t i) const noexcept;

 private:
  std::size_t layOut();
  GapLog& gapLog(std::uint32_t worker) const noexcept {
    return *at<GapLog>(gaps_at_ + worker * gap_log_bytes_);
  }
  void prefaultGaps(GapLog& log) const noexcept;
  template <class T>
  T* at(std::size_t offset) const noexcept {
    return reinterpret_cast<T*>(pages_.data() + offset);
  }
  std::span<std::uint64_t> times(std::size_t table, std::uint32_t i) const noexcept {
    return {at<std::uint64_t>(table) + first_[i], shape_.planned[i]};
  }
  template <class T>
  void prefault(std::span<T> part) const noexcept;

  TrafficShape shape_;
  std::vector<std::uint64_t> first_;  ///< of each producer, in the tables of times
  std::size_t gaps_at_ = 0;
  std::size_t gap_log_bytes_ = 0;
  std::size_t notes_at_ = 0;
  std::size_t logs_at_ = 0;
  std::size_t round_trips_at_ = 0;
  std::size_t turning_points_at_ = 0;
  std::size_t planned_at_ = 0;
  std::size_t sent_at_ = 0;
  std::size_t received_at_ = 0;
  SharedPages pages_;
};

/// Keeps some of a producer's round trips.
class RoundTripKeeper {
 public:
  RoundTripKeeper(RoundTripLog& log, std::span<RoundTrip> kept) : log_(log), kept_(kept) {}

  /// About so many will come from message number `first` on. Before that is pushed, so that the
  /// consumer, too, knows by then.
  void expect(std::uint64_t first, std::uint64_t round_trips) noexcept {
    log_.first = first;
    log_.shift = static_cast<std::uint32_t>(std::bit_width(round_trips / kept_.size()));
    log_.capacity = kept_.size();
  }
  void keep(std::uint64_t sequence, const RoundTrip& round_trip) noexcept {
    const std::uint64_t place = log_.placeOf(sequence);
    if (place >= log_.capacity) return;
    kept_[place] = round_trip;
    log_.count = place + 1;
  }

 private:
  RoundTripLog& log_;
  std::span<RoundTrip> kept_;
};

}  // namespace ringside::harness
