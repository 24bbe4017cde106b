// What `ringside gate` was asked to do, and the options that mean nothing there.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace ringside::harness {

enum class GateWay : unsigned {
  BothNow = 1,        ///< baseline and candidate, side by side
  Stored = 2,         ///< the candidate against a stored baseline
  Save = 4,           ///< --save-baseline
  Explain = 8,        ///< --explain: nothing is measured
  NothingLinked = 16  ///< no arm is a revision; beside one of the first three
};

/// Throws UsageError for an option that was given and that this way would ignore. `here` says why:
/// "--explain measures nothing".
void refuseWhatMeansNothing(const CLI::App& command, GateWay way, const std::string& here);

}  // namespace ringside::harness
