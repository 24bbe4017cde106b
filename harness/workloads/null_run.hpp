// The open loop without a queue: how late the sender comes to its planned times by itself. No
// response time can be told better than that.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "harness/gaps.hpp"
#include "harness/traffic.hpp"
#include "harness/workloads/loop.hpp"

namespace ringside::harness {

/// So long, or so many messages of the plan, whichever is less.
constexpr std::uint64_t kNullRunNs = 20'000'000;
constexpr std::size_t kNullRunMessages = 10'000;

/// The lowest of these that `permille` of a thousand are not above. Puts them in another order.
inline std::uint64_t lowestThatKeeps(std::size_t permille, std::vector<std::uint64_t>& times) {
  const auto rank = static_cast<std::ptrdiff_t>((times.size() - 1) * permille / 1000);
  std::nth_element(times.begin(), times.begin() + rank, times.end());
  return times[static_cast<std::size_t>(rank)];
}

/// Of the first messages of the plan that met no gap: how late they come to the place where they
/// would be pushed. All 0 when there was none. Before the start line; allocates.
inline GeneratorNote latenessWithoutQueue(const WorkerContext& context,
                                          std::span<const std::uint64_t> planned) {
  const Clock& clock = context.clock;
  const double ticks_per_ns = 1 / clock.ns_per_tick;
  const auto shortest_gap =
      static_cast<std::uint64_t>(static_cast<double>(kShortestGapNs) * ticks_per_ns);
  const auto length = static_cast<std::uint64_t>(static_cast<double>(kNullRunNs) * ticks_per_ns);
  ElementBytes element(context.shape.element_size_bytes);
  std::vector<std::uint64_t> late;
  late.reserve(kNullRunMessages);
  const std::uint64_t origin = clock.now();
  std::uint64_t last = origin;
  std::uint64_t disturbed_until = origin;
  for (std::size_t i = 0; i < planned.size() && i < kNullRunMessages; ++i) {
    const std::uint64_t due = origin + planned[i];
    if (planned[i] > length || last - origin > length) break;
    element.write({context.number, i});
    for (;;) {
      const std::uint64_t now = clock.now();
      const std::uint64_t passed = now - last;
      if (passed > shortest_gap) disturbed_until = now + passed / 8 + shortest_gap / 2;
      last = now;
      if (now >= due) break;
      giveWay(context.wait);
    }
    if (due > disturbed_until) late.push_back(last - due);
  }
  if (late.empty()) return {};
  return {.late_ns_p90 = clock.nsBetween(0, lowestThatKeeps(900, late)),
          .late_ns_p999 = clock.nsBetween(0, lowestThatKeeps(999, late))};
}

}  // namespace ringside::harness
