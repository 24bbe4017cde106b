// isSaturated(), of paced_run.hpp.
#include <algorithm>
#include <array>
#include <functional>
#include <limits>

#include "harness/paced_run.hpp"

namespace ringside::harness {
namespace {

constexpr std::size_t kEighths = 4;  ///< of the last half
constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t kLeastGrowth = 10;

/// In each eighth of the last half the least backlog, seen just before a message was due; kNever
/// in one without messages.
std::array<std::uint64_t, kEighths> leastBacklogs(const SlotTimes& slot) {
  std::array<std::uint64_t, kEighths> least;
  least.fill(kNever);
  const std::uint64_t half = slot.length / 2;
  const std::uint64_t eighth = slot.length / 8;
  std::uint64_t received = 0;
  for (std::uint64_t i = 0; i < slot.planned.size(); ++i) {
    const std::uint64_t due = slot.planned[i];
    while (received < slot.received.size() && slot.received[received] <= due) ++received;
    if (due < half || eighth == 0) continue;
    const std::size_t window = std::min<std::uint64_t>((due - half) / eighth, kEighths - 1);
    // What came before it was due is no debt: a clock may be a little ahead.
    least[window] = std::min(least[window], i - std::min(i, received));
  }
  return least;
}

bool backlogGrows(const SlotTimes& slot) {
  const auto least = leastBacklogs(slot);
  if (std::count(least.begin(), least.end(), kNever) > 0) return false;
  const bool grows =
      std::adjacent_find(least.begin(), least.end(), std::greater_equal<>{}) == least.end();
  const auto in_half = slot.planned.end() -
                       std::lower_bound(slot.planned.begin(), slot.planned.end(), slot.length / 2);
  const std::uint64_t enough = std::max(kLeastGrowth, static_cast<std::uint64_t>(in_half) / 100);
  return grows && least.back() - least.front() > enough;
}

}  // namespace

bool isSaturated(const SlotTimes& slot) {
  const auto limit = static_cast<std::uint64_t>(kSaturatedPart * static_cast<double>(slot.length));
  const bool behind =
      !slot.final_lateness.empty() &&
      *std::min_element(slot.final_lateness.begin(), slot.final_lateness.end()) > limit;
  return behind || backlogGrows(slot);
}

}  // namespace ringside::harness
