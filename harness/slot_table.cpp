#include "harness/slot_table.hpp"

#include <sched.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "harness/shared_word.hpp"
#include "harness/workloads/loop.hpp"
#include "harness/workloads/pace.hpp"

namespace ringside::harness {
namespace {

/// A worker whose turn never comes ends; whoever directs them has died long before.
constexpr std::chrono::seconds kLongestSleep{120};
constexpr std::uint32_t kSpinsBeforeYield = 1 << 12;
/// From here on until the first planned message, so that all stand ready.
constexpr std::uint64_t kLeadNs = 20'000;
/// What no queue is faster than: it settles how many places for stamps there are.
constexpr double kMostMessagesPerNs = 0.8;
constexpr double kShortestRoundTripNs = 120;

constexpr std::size_t kPageBytes = 4096;
std::size_t onPage(std::size_t bytes) { return (bytes + kPageBytes - 1) / kPageBytes * kPageBytes; }

std::uint64_t stampsOf(const SlotTableShape& shape) {
  const auto ns = static_cast<double>(shape.slot_ns);
  switch (shape.kind) {
    case SlotKind::Throughput:
      return static_cast<std::uint64_t>(ns * kMostMessagesPerNs) / kMessagesPerStamp + 2;
    case SlotKind::PingPong:
      return 2 * (static_cast<std::uint64_t>(ns / kShortestRoundTripNs) + 1);
    case SlotKind::Paced:
      break;
  }
  return 0;
}

}  // namespace

/// All workers of the arm look at these.
struct SlotTable::Words {
  alignas(64) std::atomic<std::uint32_t> met;       ///< times that a worker came to a meeting
  alignas(64) std::atomic<std::uint32_t> measured;  ///< that have ended their measured part
  alignas(64) std::atomic<std::uint32_t> stopped;   ///< the slot whose measured part is over
  alignas(64) std::atomic<std::uint32_t> producers_ended;
  alignas(64) std::atomic<std::uint32_t> ended;  ///< workers that are done with their slot
  alignas(64) std::atomic<std::uint64_t> sent;
  alignas(64) std::atomic<std::uint64_t> received;
};

/// Of one slot.
struct SlotTable::Page {
  CanaryLine canary;
  double canary_ns;
  std::uint64_t origin;
};

SlotTable::SlotTable(const SlotTableShape& shape, TurnWords& turns)
    : shape_(shape),
      turns_(turns),
      stamps_each_(onPage(stampsOf(shape) * sizeof(std::uint64_t)) / sizeof(std::uint64_t)),
      first_planned_(shape.producers),
      pages_at_(onPage(sizeof(Words))),
      sheets_at_(pages_at_ + onPage(shape.slots * sizeof(Page))),
      stamps_at_(sheets_at_ + workers() * onPage(shape.slots * sizeof(SlotSheet))),
      pages_(stamps_at_ + shape.slots * workers() * stamps_each_ * sizeof(std::uint64_t)) {}

SlotTable::Words& SlotTable::words() const noexcept {
  return *reinterpret_cast<Words*>(pages_.data());
}

SlotTable::Page& SlotTable::page(std::uint32_t slot) const noexcept {
  return reinterpret_cast<Page*>(pages_.data() + pages_at_)[slot];
}

SlotSheet& SlotTable::sheet(std::uint32_t slot, std::uint32_t worker) const noexcept {
  std::byte* const sheets =
      pages_.data() + sheets_at_ + worker * onPage(shape_.slots * sizeof(SlotSheet));
  return reinterpret_cast<SlotSheet*>(sheets)[slot];
}

std::span<std::uint64_t> SlotTable::stamps(std::uint32_t slot,
                                           std::uint32_t worker) const noexcept {
  auto* const all = reinterpret_cast<std::uint64_t*>(pages_.data() + stamps_at_);
  return {all + (std::size_t{worker} * shape_.slots + slot) * stamps_each_, stamps_each_};
}

std::uint64_t SlotTable::origin(std::uint32_t slot) const noexcept { return page(slot).origin; }

double SlotTable::canaryNs(std::uint32_t slot) const noexcept { return page(slot).canary_ns; }

void SlotTable::setFirstPlanned(std::uint32_t producer, std::vector<std::uint64_t> first) {
  first_planned_.at(producer) = std::move(first);
}

std::uint64_t SlotTable::firstPlanned(std::uint32_t producer, std::uint32_t slot) const noexcept {
  return first_planned_[producer][slot];
}

void SlotTable::prefault(std::uint32_t worker) const noexcept {
  pages_.prefault(0, stamps_at_);
  const bool stamps =
      shape_.kind == SlotKind::Throughput ? worker >= shape_.producers : worker < shape_.producers;
  const std::size_t each = shape_.slots * stamps_each_ * sizeof(std::uint64_t);
  if (stamps && each > 0) pages_.prefault(stamps_at_ + worker * each, each);
}

SlotSeat::SlotSeat(const WorkerContext& context, std::uint32_t worker)
    : table_(*context.slots),
      worker_(worker),
      canary_(context.canary),
      clock_(context.clock),
      stopped_(&table_.words().stopped) {
  table_.prefault(worker);
}

void SlotSeat::meet() noexcept {
  std::atomic<std::uint32_t>& met = table_.words().met;
  const std::uint32_t all = ++meetings_ * table_.workers();
  met.fetch_add(1, std::memory_order_acq_rel);
  for (std::uint32_t spins = 1; met.load(std::memory_order_acquire) < all; ++spins) {
    pauseCore();
    if (spins % kSpinsBeforeYield == 0) ::sched_yield();  // two may share a CPU
  }
}

bool SlotSeat::begin() noexcept {
  TurnWords& turns = table_.turns();
  ++number_;
  std::uint32_t turn = 0;
  const std::uint64_t since = clock_.now();
  while ((turn = turns.turn.load(std::memory_order_acquire)) == number_ - 1) {  // SYNC: Director
    if (std::chrono::nanoseconds(clock_.nsBetween(since, clock_.now())) > kLongestSleep) {
      return false;
    }
    sleepWhile(turns.turn, turn, kLongestSleep);
  }
  if (turn != number_ || number_ > table_.shape().slots) return false;
  meet();
  SlotTable::Page& page = table_.page(number());
  const double canary_ns = measureCanary(page.canary, canary_, clock_, CanaryEffort::Brief);
  if (canary_ == CanaryRole::Leads) page.canary_ns = canary_ns;
  if (worker_ == 0) {
    page.origin = clock_.now() + static_cast<std::uint64_t>(kLeadNs / clock_.ns_per_tick);
  }
  meet();
  origin_ = page.origin;
  sheet_ = &table_.sheet(number(), worker_);
  stamps_ = table_.stamps(number(), worker_);
  told_ = 0;
  delay_before_ns_ = readUsage().run_delay_ns;
  return true;
}

void SlotSeat::end() noexcept {
  const std::uint64_t delay_ns = readUsage().run_delay_ns;
  sheet_->run_delay_ns = delay_ns == kNotReported ? kNotReported : delay_ns - delay_before_ns_;
  // acq_rel: what all have left is there for whoever is told.
  const std::uint32_t ended = 1 + table_.words().ended.fetch_add(1, std::memory_order_acq_rel);
  if (ended != number_ * table_.workers()) return;
  table_.turns().ended.store(number_, std::memory_order_release);  // SYNC: Director
  wakeAll(table_.turns().ended);
}

void SlotSeat::stopMeasuring() noexcept {
  SlotTable::Words& words = table_.words();
  const SlotTableShape& shape = table_.shape();
  const std::uint32_t measuring =
      shape.kind == SlotKind::Throughput ? shape.consumers : shape.producers;
  const std::uint32_t measured = 1 + words.measured.fetch_add(1, std::memory_order_relaxed);
  // relaxed: it says when, and nothing is published with it.
  if (measured == number_ * measuring) words.stopped.store(number_, std::memory_order_relaxed);
}

void SlotSeat::producerEnded(std::uint64_t sent) noexcept {
  table_.words().sent.fetch_add(sent, std::memory_order_relaxed);
  // SYNC: allProducersEnded(): all that was pushed is in the queue, and counted.
  table_.words().producers_ended.fetch_add(1, std::memory_order_release);
}

bool SlotSeat::allProducersEnded() const noexcept {
  return table_.words().producers_ended.load(std::memory_order_acquire) >=
         number_ * table_.shape().producers;
}

bool SlotSeat::allReceived(std::uint64_t received) noexcept {
  if (!allProducersEnded()) return false;
  SlotTable::Words& words = table_.words();
  // relaxed: only a count; each consumer adds what it has itself taken since it last did.
  words.received.fetch_add(received - std::exchange(told_, received), std::memory_order_relaxed);
  return words.received.load(std::memory_order_relaxed) >=
         words.sent.load(std::memory_order_relaxed);
}

void SlotSeat::giveUp() noexcept {
  table_.turns().trouble.store(1, std::memory_order_relaxed);  // read when the slot has ended
}

}  // namespace ringside::harness
