#include "harness/injection.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace ringside::harness {

double costOfSteps(std::uint32_t steps, const Clock& clock) noexcept {
  constexpr int kMessages = 1024;
  constexpr int kRuns = 200;
  Delay delay({.steps = steps}, clock);
  std::uint64_t word = clock.now();
  double fastest_ns = std::numeric_limits<double>::max();
  for (int run = 0; run < kRuns; ++run) {
    const std::uint64_t begin = clock.nowAfterLoads();
    for (int i = 0; i < kMessages; ++i) word = delay.strike(word);
    asm volatile("" : "+r"(word));  // it is used, as far as the compiler knows
    const std::uint64_t end = clock.nowAfterLoads();
    fastest_ns = std::min(fastest_ns, static_cast<double>(end - begin) * clock.ns_per_tick);
  }
  return fastest_ns / kMessages;
}

/// A straight line through two costs: the fence costs something, too.
std::uint32_t stepsFor(double ns, const Clock& clock) noexcept {
  constexpr std::uint32_t kFew = 1;
  constexpr std::uint32_t kMany = 65;
  const double few_ns = costOfSteps(kFew, clock);
  const double step_ns = (costOfSteps(kMany, clock) - few_ns) / (kMany - kFew);
  return kFew + static_cast<std::uint32_t>(std::lround(std::max(0.0, ns - few_ns) / step_ns));
}

}  // namespace ringside::harness
