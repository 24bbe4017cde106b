// What self-tests come to: whether what they found fits what the gate promises, and the table that
// says so.
#pragma once

#include <string>
#include <vector>

#include "harness/selftest/selftest_record.hpp"

namespace ringside::harness {

/// One statement, with the figures that it rests on.
struct SelftestFinding {
  std::string statement;  ///< "false alarms: 0 of 40 gates, at most 7.2 % with 95 %"
  bool fits = true;       ///< the promise
};

/// A false alarm is promised in at most so many gates.
inline constexpr double kPromisedFalseAlarms = 0.01;
/// Of the metrics of a gate of identical arms, at least so many end as pass.
inline constexpr double kPromisedPasses = 0.90;

/// Of gates of one kind and machine; of no gates none.
std::vector<SelftestFinding> judgeIdentical(const std::vector<TriedGate>& gates);
/// One of these: gates in which the arms of each pair of slots were exchanged by chance. Nothing
/// that looks at a slot may do so with other eyes because of whose it is.
SelftestFinding judgeRelabelled(const std::vector<TriedGate>& gates);
std::vector<SelftestFinding> judgePower(const std::vector<TriedGate>& gates);
/// Beside the usual margins; `links`: how many of each revision a gate rotates over its blocks.
std::vector<SelftestFinding> judgeLayout(const std::vector<TriedGate>& gates, std::uint32_t links);

/// All of it as Markdown, machine by machine, with dates and numbers.
std::string selftestTable(const std::vector<TriedGate>& gates);

}  // namespace ringside::harness
