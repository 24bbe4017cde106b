// Gates by the thousand, of blocks that were measured once: with a sign for each that chance
// decides, identical arms stay identical.
#pragma once

#include <cstdint>
#include <vector>

#include "harness/selftest/selftest_record.hpp"
#include "results/gate/gate_course.hpp"
#include "results/statistics/binomial.hpp"

namespace ringside::harness {

/// How many gates that are made of the blocks of these end red. Each has the cells and metrics of
/// one of them; each of its cells has blocks of one of them, taken any number of times, each with
/// a sign of its own that all metrics of the block share. `with_margins`: as the metrics had them,
/// or 0, with which each difference counts. No trials where no blocks were kept.
results::Tally playVirtualGates(const std::vector<TriedGate>& identical, std::uint32_t gates,
                                bool with_margins, std::uint64_t seed);

}  // namespace ringside::harness
