// The open loop without a queue: how late the sender comes to its planned times by itself. No
// response time can be told better than that.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "harness/gaps.hpp"
#include "harness/workloads/loop.hpp"

namespace ringside::harness {

/// So long, or so many messages of the plan, whichever is less.
constexpr std::uint64_t kNullRunNs = 20'000'000;
constexpr std::size_t kNullRunMessages = 5000;

/// In ns: 99.9 % of the first messages of the plan that met no gap come no later to the place where
/// they would be pushed. 0 when there was none. Before the start line; allocates.
inline std::uint64_t latenessWithoutQueue(const WorkerContext& context,
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
  if (late.empty()) return 0;
  const auto rank = static_cast<std::ptrdiff_t>((late.size() - 1) * 999 / 1000);
  std::nth_element(late.begin(), late.begin() + rank, late.end());
  return clock.nsBetween(0, late[static_cast<std::size_t>(rank)]);
}

}  // namespace ringside::harness
