// From the stamps of a block to the numbers of each slot. After the block, for nothing is worked
// out while anybody is measured.
#pragma once

#include "harness/duet/slot_job.hpp"
#include "harness/plan.hpp"
#include "harness/slot_table.hpp"
#include "harness/traffic.hpp"

namespace ringside::harness {

/// The kind of slot that measures what this workload measures; nullopt where there is none.
std::optional<SlotKind> slotKindOf(Workload workload);

/// By what the stamps of a block are read.
struct SlotClock {
  Clock clock;
  double step_ns = 0;   ///< the least by which two different readings differ
  double bound_ns = 0;  ///< by so much a time from one CPU to another may be wrong
};

/// Of the first `slots` slots, and those of the block that need all of them: what is disturbed is
/// any message that meets a gap of any worker, whoever's it is, so that no regression can hide
/// among the gaps, nor in them, for their part is a metric as well (gate.md 3.4).
/// Where messages came before they were sent by more than the clocks may differ, no paced slot of
/// the block says anything: ArmReading::invalid.
void readSlots(const Cell& cell, const SlotTable& table, const Traffic& traffic,
               const SlotClock& clock, std::uint32_t slots, ArmReading& reading);

/// The value that ceil(p · n) of the values do not exceed. `values` are put into another order.
double orderStatistic(std::vector<double>& values, double p);

/// The same of times that a clock with steps has taken, where many are equal: each stands for the
/// step around it, and the quantile lies where a straight line through that says (the usual
/// quantile of grouped data). A time that begins anywhere between two steps is rounded up or down
/// by chance, so that the shares of neighbouring values tell what lies between them.
double steppedQuantile(std::vector<double>& values_ns, double p, double step_ns);

}  // namespace ringside::harness
