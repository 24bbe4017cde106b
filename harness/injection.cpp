#include "harness/injection.hpp"

#include <algorithm>
#include <limits>

namespace ringside::harness {

double costOfStep(const Clock& clock) noexcept {
  constexpr std::uint32_t kSteps = 4096;
  constexpr int kRuns = 200;
  std::uint64_t word = clock.now();
  double fastest_ns = std::numeric_limits<double>::max();
  for (int run = 0; run < kRuns; ++run) {
    const std::uint64_t begin = clock.nowAfterLoads();
    word = thereAndBack(word, kSteps);
    asm volatile("" : "+r"(word));  // it is used, as far as the compiler knows
    const std::uint64_t end = clock.nowAfterLoads();
    fastest_ns = std::min(fastest_ns, static_cast<double>(end - begin) * clock.ns_per_tick);
  }
  return fastest_ns / kSteps;
}

}  // namespace ringside::harness
