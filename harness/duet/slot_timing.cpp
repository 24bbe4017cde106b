#include "harness/duet/slot_timing.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "harness/duet/block_effects.hpp"
#include "harness/duet/slot_reading.hpp"

namespace ringside::harness {
namespace {

constexpr std::uint64_t kUsualNs = 5'000'000;
constexpr std::uint64_t kLongestNs = 100'000'000;
constexpr std::uint64_t kStepNs = 1'000'000;
constexpr std::uint32_t kPairs = 12;
constexpr std::uint32_t kTrialSlots = 3;
constexpr double kWantedMessages = 2000;
constexpr double kWantedBatches = 100;
/// Wanted is more than needed, for not every slot is as good as those of the trial.
constexpr double kReserve = 1.2;
/// Of a latency slot, what is skipped at its beginning.
constexpr double kSkippedPart = 0.1;
constexpr std::uint64_t kSkippedNs = 500'000;

SlotTiming timingOf(Workload workload, std::uint64_t slot_ns, std::uint32_t slots) {
  const auto part = static_cast<std::uint64_t>(static_cast<double>(slot_ns) * kSkippedPart);
  return {.slots = slots,
          .slot_ns = slot_ns,
          .skip_ns = workload == Workload::Throughput ? kSkippedNs : std::max(part, kSkippedNs),
          .skip_messages = 8192};
}

}  // namespace

SlotTiming slotTimingOf(Workload workload, std::uint64_t slot_ns) {
  return timingOf(workload, slot_ns, kPairs);
}

SlotTiming usualTiming(Workload workload) { return slotTimingOf(workload, kUsualNs); }

TimingChoice chooseTiming(const Cell& cell, std::string_view arm,
                          const std::function<BlockReading(const SlotTiming&)>& run) {
  TimingChoice choice{.timing = usualTiming(cell.workload), .fault = {}};
  const bool throughput = cell.workload == Workload::Throughput;
  std::uint64_t slot_ns = kUsualNs;
  // A second trial where the first was too short to tell.
  for (int trial = 0; trial < 2; ++trial) {
    const BlockReading block = run(timingOf(cell.workload, slot_ns, kTrialSlots));
    if (block.interrupted) return choice;
    choice.fault = faultOf(block.arms.front(), arm);
    if (choice.fault) return choice;
    std::vector<double> counts;
    for (const SlotReading& slot : block.arms.front().slots) {
      counts.push_back(static_cast<double>(slot.counted));
    }
    const double count = counts.empty() ? 0 : orderStatistic(counts, 0.5);
    const double wanted = (throughput ? kWantedBatches : kWantedMessages) * kReserve;
    if (count >= wanted) break;
    const double longer = static_cast<double>(slot_ns) * wanted / std::max(count, 1.0);
    slot_ns = std::min(kLongestNs,
                       (static_cast<std::uint64_t>(longer) + kStepNs - 1) / kStepNs * kStepNs);
  }
  choice.timing = timingOf(cell.workload, slot_ns, kPairs);
  return choice;
}

}  // namespace ringside::harness
