// What a repetition's readings prove: into the record with them, and whether what was asked for was
// had while the time was taken.
#pragma once

#include <string>

#include "harness/control.hpp"
#include "harness/crew.hpp"
#include "harness/parent_watch.hpp"
#include "harness/plan.hpp"

namespace ringside::harness {

/// A worker that waited for a CPU for longer than this share of the timed phase had not the machine
/// that was measured to itself.
constexpr double kLoadedRunDelay = 0.05;

/// The readings of all processes, in `obtained`.
void fillReadings(const Job& job, const Crew& crew, const ParentWatch& parent,
                  results::Obtained& obtained);

/// cpu_s_per_million, faults and messages_per_s_robust, each where all who must have read it did.
/// After fillMetrics().
void fillCosts(const Control& control, results::Record& record);

/// Where it ended on another CPU than it was pinned to; else empty.
std::string complaintAboutCpu(const WorkerFindings& findings);

/// Which worker's memory is not as asked, and how; empty when all is.
std::string complaintAboutMemory(const Cell& cell, const Control& control);

/// Invalid with the reason where pages, locks, nodes or memory are not as asked; notes for faults
/// in the timed phase, and for a loaded machine.
void judgeReadings(const Cell& cell, const Control& control, results::Record& record);

}  // namespace ringside::harness
