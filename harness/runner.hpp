// One repetition of one cell: memory as asked, a crew, a warm-up, a measurement, a record.
#pragma once

#include "harness/plan.hpp"
#include "harness/session.hpp"
#include "results/record.hpp"

namespace ringside::harness {

/// The record of a cell that cannot run here.
results::Record skippedRecord(const Cell& cell, const std::string& suite, std::uint32_t repetition);

/// Runs it. Whatever happens to a worker ends up in the record; nothing stays in /dev/shm. nullopt
/// when the user interrupted: then there is nothing to record.
std::optional<results::Record> runRepetition(const Cell& cell, const std::string& suite,
                                             std::uint32_t repetition, Session& session);

}  // namespace ringside::harness
