// What --by makes of records: which side each belongs to, and under which name its cell meets those
// of the others.
#pragma once

#include <string>
#include <vector>

#include "harness/axes.hpp"
#include "harness/compare/environment_facts.hpp"
#include "results/record.hpp"

namespace ringside::harness {

/// A key is an axis, or a fact of the environment; "backing" is the axis memory.
class Grouping {
 public:
  /// Throws UsageError, with what is near, for a key that is neither an axis nor a fact that one of
  /// the environments has.
  Grouping(const std::string& key, const std::vector<EnvironmentFacts>& environments);

  bool isAxis() const { return axis_ != nullptr; }
  /// The axis, or the fact as it was named.
  const std::string& key() const { return key_; }

  /// What a record has of the key: "memfd", "1472"; "unknown" where its environment does not say.
  /// `bundle` is a place among the environments.
  std::string valueOf(std::size_t bundle, const results::Record& record) const;
  /// The cell's name without what it says of the axis: its label, its part of the fixed names, or
  /// its half of "p99<=1000ns".
  std::string cellOf(const results::Record& record) const;

  /// Values in the order in which they are compared, the first one being the baseline: numbers by
  /// size, words as the axis lists them, of true and false the default first, others as they came.
  std::vector<std::string> inOrder(std::vector<std::string> values) const;

 private:
  std::string key_;
  const Axis* axis_ = nullptr;
  std::vector<std::string> facts_;  ///< of each environment, when the key is no axis
};

/// The name of a cell without the label of its placement, which `auto` has chosen as the machine
/// has CPUs.
std::string nameWithoutPlacement(const std::string& cell, const results::Axes& axes);

}  // namespace ringside::harness
