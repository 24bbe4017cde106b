// One repetition of one cell: memory as asked, a crew, a warm-up, a measurement, a record.
#pragma once

#include <functional>

#include "harness/plan.hpp"
#include "harness/session.hpp"
#include "harness/traffic.hpp"
#include "results/record.hpp"

namespace ringside::harness {

/// The record of a cell that cannot run here.
results::Record skippedRecord(const Cell& cell, const std::string& suite, std::uint32_t repetition);

/// Sees what the workers noted, after they have ended and before it goes.
using RunObserver = std::function<void(const Traffic&)>;

/// Runs it. Whatever happens to a worker ends up in the record; nothing stays in /dev/shm. nullopt
/// when the user interrupted: then there is nothing to record.
std::optional<results::Record> runRepetition(const Cell& cell, const std::string& suite,
                                             std::uint32_t repetition, Session& session,
                                             const RunObserver& observer = {});

}  // namespace ringside::harness
