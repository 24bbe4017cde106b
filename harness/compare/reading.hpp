// The records of all bundles, gathered into sides: the bundles, or what --by makes of them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "harness/compare/compare_report.hpp"
#include "harness/compare/grouping.hpp"
#include "results/gathering.hpp"

namespace ringside::harness {

/// "A, C", of many the first.
std::string labelsOf(const CompareReport& report, const std::vector<std::size_t>& places);

/// Reads all bundles, several at once. Of an axis and several machines, what is compared is the
/// values of the axis within each.
class Reading {
 public:
  /// Counts the records of the report's bundles. Throws UsageError for damaged files, and where
  /// there is no record, or none that passes the filter.
  Reading(CompareReport& report, const std::optional<Grouping>& grouping);

  /// The sides in order, labelled; of a fact that has one value only, refused.
  std::vector<ComparedSide> sides() const;
  /// As what was gathered knows it.
  const std::string& nameOf(const ComparedSide& side) const;

  /// Between machines, a cell that only one side has meets the only one of the other that differs
  /// from it in nothing but the placement.
  void meetAcrossPlacements(const std::vector<ComparedSide>& sides);

  const results::Gathering& gathering() const { return gathering_; }

 private:
  struct OfBundle;

  OfBundle read(std::size_t bundle) const;
  void add(OfBundle& here, const results::Record& record, const std::string& origin) const;
  void take(std::size_t bundle, OfBundle&& read);
  void refuseNothing() const;
  void refuseOneGroup() const;

  const CompareRequest& request_;
  std::vector<ComparedBundle>& bundles_;
  const std::optional<Grouping>& grouping_;
  results::GatherTerms terms_;
  results::Gathering gathering_;
  std::vector<std::string> prefixes_;  ///< of each bundle's cells: the machine's bundles, or empty
  std::vector<std::string> values_;    ///< of the key, as they came
  std::map<std::string, std::set<std::size_t>> bundles_of_;
  std::map<std::string, std::size_t> runs_of_;  ///< of each value, or label
  std::string first_cell_;
};

}  // namespace ringside::harness
