// Which cell of a plan comes when.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "harness/plan.hpp"

namespace ringside::harness {

/// The places in plan.cells, each once. As in the plan; where queues are compared, cells that
/// differ in the queue alone (and in waiting and tuning) stand side by side, so that they meet the
/// same state of the machine, and in another order in each round, so that none always comes after
/// the same one. It follows from the plan and the round, on any machine.
std::vector<std::size_t> orderOfRound(const Plan& plan, std::uint32_t round);

}  // namespace ringside::harness
