// A candidate against a stored baseline, as people and programs read it.
#pragma once

#include <string>

#include "harness/duet/gate_bundle.hpp"
#include "harness/duet/stored_baseline.hpp"
#include "harness/text_table.hpp"

namespace ringside::harness {

std::string renderDrift(const DriftReport& report, Format format, const TableLook& look = {});

/// drift.json and so on: an alarm is what a regression is for a gate that measures both sides.
GateForms formsOf(const DriftReport& report);

/// "drift alarm: 2 of 9 metrics …", in a line.
std::string driftSentence(const DriftReport& report);

/// By how much a metric is worse, and from where on that is an alarm.
std::string driftReason(const DriftReport& report, const Drifted& metric);

}  // namespace ringside::harness
