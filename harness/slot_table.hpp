// What the workers of one arm share while they run slot after slot, and what they leave of each:
// whose turn it is, where they meet, and the stamps that they took. A slot is a few milliseconds of
// one arm of a gate; the other arm sleeps meanwhile.
//
// Nothing here is timed: the loops (workloads/slots.hpp) call it between slots, and what they look
// at within one is a word that changes once.
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "harness/canary.hpp"
#include "harness/control.hpp"

namespace ringside::harness {

/// What is done in a slot: the same as in the workload of that name.
enum class SlotKind : std::uint8_t { Throughput, PingPong, Paced };
constexpr std::size_t kSlotKindCount = 3;
constexpr std::size_t index(SlotKind kind) { return static_cast<std::size_t>(kind); }

constexpr std::uint32_t kMostSlots = 256;
/// Instead of a number: there is no slot any more.
constexpr std::uint32_t kNoMoreSlots = ~0U;

/// What whoever directs both arms and the workers of one look at. In memory of its own, which both
/// processes map. All zero is a valid one.
struct TurnWords {
  alignas(64) std::atomic<std::uint32_t> turn;     ///< the slot that runs, counted from 1
  alignas(64) std::atomic<std::uint32_t> ended;    ///< the last one that has ended
  alignas(64) std::atomic<std::uint32_t> ready;    ///< 1: all workers are there
  alignas(64) std::atomic<std::uint32_t> trouble;  ///< 1: messages did not come; see the findings
};

struct SlotTableShape {
  SlotKind kind = SlotKind::Throughput;
  std::uint32_t producers = 1;
  std::uint32_t consumers = 1;
  std::uint32_t slots = 24;
  std::uint64_t slot_ns = 5'000'000;   ///< that is measured
  std::uint64_t skip_ns = 500'000;     ///< before that, at least
  std::uint64_t skip_messages = 8192;  ///< the same; of a consumer, where it is saturated
  bool tries_senders = false;          ///< paced: how late they are by themselves, before it all
};

/// What one worker left of one slot. Times are ticks of the clock.
struct SlotSheet {
  std::uint64_t stamps = 0;    ///< how many of its places it has filled
  std::uint64_t messages = 0;  ///< in the measured part
  std::uint64_t began = 0;     ///< of the measured part
  std::uint64_t ended = 0;
  /// In which this worker could have run and did not, within the slot: not while it was woken for
  /// it. All ones where the kernel does not say.
  std::uint64_t run_delay_ns = 0;
};

/// Made by the arm's process before it forks; workers inherit the mapping.
class SlotTable {
 public:
  /// `turns` must outlive it.
  SlotTable(const SlotTableShape& shape, TurnWords& turns);

  const SlotTableShape& shape() const noexcept { return shape_; }
  TurnWords& turns() const noexcept { return turns_; }

  /// Of slot `slot`, counted from 0, and worker `worker`, producers first.
  SlotSheet& sheet(std::uint32_t slot, std::uint32_t worker) const noexcept;
  /// Places for stamps. Throughput, consumers: one each 256 messages. Ping-pong, producers: begin
  /// and end of each round trip, in turns. Paced: none, for Traffic has them.
  std::span<std::uint64_t> stamps(std::uint32_t slot, std::uint32_t worker) const noexcept;
  /// When the plan of a paced slot began.
  std::uint64_t origin(std::uint32_t slot) const noexcept;
  /// The hand-off of a cache line just before it, in ns; 0 where it cannot be measured.
  double canaryNs(std::uint32_t slot) const noexcept;

  /// Where a paced slot begins in the tables of Traffic, of each producer; one more than slots.
  void setFirstPlanned(std::uint32_t producer, std::vector<std::uint64_t> first);
  std::uint64_t firstPlanned(std::uint32_t producer, std::uint32_t slot) const noexcept;

 private:
  friend class SlotSeat;
  struct Words;
  struct Page;

  std::uint32_t workers() const noexcept { return shape_.producers + shape_.consumers; }
  Words& words() const noexcept;
  Page& page(std::uint32_t slot) const noexcept;
  /// For the calling process: no page fault comes later where this worker writes.
  void prefault(std::uint32_t worker) const noexcept;

  SlotTableShape shape_;
  TurnWords& turns_;
  std::uint64_t stamps_each_ = 0;
  std::vector<std::vector<std::uint64_t>> first_planned_;
  std::size_t pages_at_ = 0;
  std::size_t sheets_at_ = 0;
  std::size_t stamps_at_ = 0;
  SharedPages pages_;
};

struct WorkerContext;

/// One worker on its way through the slots of a block.
class SlotSeat {
 public:
  /// At the start line. `worker`: its number, producers first.
  SlotSeat(const WorkerContext& context, std::uint32_t worker);

  /// Sleeps until its arm's next turn, meets the others and lets the canary be measured. False when
  /// there is none any more.
  bool begin() noexcept;
  /// This worker is done with the slot; whoever is the last one says so to who directs.
  void end() noexcept;

  /// Within a slot.
  std::uint32_t number() const noexcept { return number_ - 1; }  ///< counted from 0
  SlotSheet& sheet() const noexcept { return *sheet_; }
  std::span<std::uint64_t> stamps() const noexcept { return stamps_; }
  std::uint64_t origin() const noexcept { return origin_; }
  const SlotTableShape& shape() const noexcept { return table_.shape(); }
  /// Whether the measured part is over for all who measure it.
  bool isStopped() const noexcept {
    return stopped_->load(std::memory_order_relaxed) == number_;  // relaxed: says when, not what
  }
  /// One of those who measure has ended its measured part.
  void stopMeasuring() noexcept;
  /// A producer has sent its last message of this slot, and so many in it.
  void producerEnded(std::uint64_t sent) noexcept;
  bool allProducersEnded() const noexcept;
  /// A consumer that finds nothing: whether all has come that was sent in all slots until now.
  /// `received` of this slot, by this consumer.
  bool allReceived(std::uint64_t received) noexcept;
  /// Something did not come in time: there will be no other slot.
  void giveUp() noexcept;

 private:
  void meet() noexcept;

  const SlotTable& table_;
  std::uint32_t worker_;
  CanaryRole canary_;
  Clock clock_;
  std::uint32_t number_ = 0;
  std::uint32_t meetings_ = 0;
  std::uint64_t told_ = 0;
  std::uint64_t delay_before_ns_ = 0;
  SlotSheet* sheet_ = nullptr;
  std::span<std::uint64_t> stamps_;
  std::uint64_t origin_ = 0;
  const std::atomic<std::uint32_t>* stopped_;
};

}  // namespace ringside::harness
