#include "harness/traffic.hpp"

#include <utility>

namespace ringside::harness {
namespace {

constexpr std::size_t kPageBytes = 4096;  // no two workers' parts share a line, let alone a page

std::size_t onPage(std::size_t bytes) { return (bytes + kPageBytes - 1) / kPageBytes * kPageBytes; }

}  // namespace

Traffic::Traffic(TrafficShape shape) : shape_(std::move(shape)), pages_(layOut()) {
  pages_.prefault(0, kPageBytes);
  if (shape_.gaps_per_worker == 0) return;
  for (std::uint32_t i = 0; i < shape_.producers + shape_.consumers; ++i) {
    gapLog(i).capacity = shape_.gaps_per_worker;
  }
}

/// Decides where everything is; the size of it all.
std::size_t Traffic::layOut() {
  std::size_t end = onPage(sizeof(TrafficWords));
  const auto take = [&end](std::size_t bytes) { return std::exchange(end, onPage(end + bytes)); };
  const std::size_t workers = shape_.producers + shape_.consumers;
  const bool watches = shape_.gaps_per_worker > 0;
  gap_log_bytes_ = watches ? onPage(GapLog::bytesFor(shape_.gaps_per_worker)) : 0;
  gaps_at_ = take(workers * gap_log_bytes_);
  notes_at_ = take(shape_.producers * sizeof(GeneratorNote));
  logs_at_ = take(shape_.producers * sizeof(RoundTripLog));
  round_trips_at_ = take(shape_.round_trips ? kMaxKeptRoundTrips * sizeof(RoundTrip) : 0);
  turning_points_at_ = take(shape_.round_trips ? kMaxKeptRoundTrips * sizeof(std::uint64_t) : 0);
  std::uint64_t messages = 0;
  for (const std::uint64_t planned : shape_.planned) {
    first_.push_back(messages);
    messages += onPage(planned * sizeof(std::uint64_t)) / sizeof(std::uint64_t);
  }
  planned_at_ = take(messages * sizeof(std::uint64_t));
  sent_at_ = take(messages * sizeof(std::uint64_t));
  received_at_ = take(messages * sizeof(std::uint64_t));
  return end;
}

template <class T>
void Traffic::prefault(std::span<T> part) const noexcept {
  if (part.empty()) return;
  const auto offset =
      static_cast<std::size_t>(reinterpret_cast<const std::byte*>(part.data()) - pages_.data());
  const std::size_t begin = offset / kPageBytes * kPageBytes;
  pages_.prefault(begin, onPage(offset + part.size_bytes()) - begin);
}

void Traffic::prefaultGaps(GapLog& log) const noexcept {
  prefault(std::span(reinterpret_cast<const std::byte*>(&log), gap_log_bytes_));
}

void Traffic::prefaultProducer(std::uint32_t i) const noexcept {
  prefault(std::span(&words(), 1));  // a child has none of what its parent touched before
  prefaultGaps(producerGaps(i));
  if (shape_.round_trips) prefault(roundTrips(i));
  if (shape_.planned.empty()) return;
  prefault(planned(i));
  prefault(sent(i));
}

void Traffic::prefaultConsumer(std::uint32_t i) const noexcept {
  prefault(std::span(&words(), 1));
  prefaultGaps(consumerGaps(i));
  for (std::uint32_t p = 0; p < shape_.producers; ++p) prefault(turningPoints(p));
  if (shape_.planned.empty()) return;
  for (std::uint32_t p = 0; p < shape_.producers; ++p) prefault(received(p));
}

}  // namespace ringside::harness
