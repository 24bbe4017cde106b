// Bundles side by side: what was asked, and what came of it, for the table and the JSON of it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "harness/compare/configurations.hpp"
#include "harness/compare/environment_facts.hpp"
#include "results/comparison.hpp"

namespace ringside::harness {

/// As the command line has it.
struct CompareRequest {
  std::vector<std::filesystem::path> bundles = {};  ///< the first one is the baseline
  std::string by = {};                              ///< an axis or a fact; empty: bundle by bundle
  std::vector<std::string> metrics = {};            ///< empty: those of each workload
  std::string cell_part = {};                       ///< only cells whose name has it
  double margin_percent = 5;
  results::Shifts shifts = results::Shifts::Gather;  ///< of distributions
};

struct ComparedBundle {
  std::string label;  ///< "A", "B" …
  std::filesystem::path folder;
  EnvironmentFacts facts;
  std::uint64_t records = 0;  ///< that were compared
};

/// What stands in a column: a bundle, or a value of the key with all its records.
struct ComparedSide {
  std::string label;  ///< short, and each another one
  std::string name;   ///< the folder, or the value
  std::vector<std::size_t> bundles;
  results::Judging judging = results::Judging::Verdicts;  ///< beside the first side
  std::size_t runs = 0;  ///< that its records come from: a merged bundle has several
};

struct CompareReport {
  CompareRequest request;
  std::vector<ComparedBundle> bundles;
  bool is_by_axis = false;
  /// By an axis, of bundles of several machines: those of each. Cells of one do not meet those of
  /// another, and have the labels of its bundles in front of their names. Else empty.
  std::vector<std::vector<std::size_t>> machines = {};
  std::vector<ComparedSide> sides;
  std::vector<Difference> differences;  ///< between the environments of the bundles
  /// Empty where there are more pairs of cells than kMostPairs, which a note says then.
  std::vector<results::ComparedCell> cells;
  std::optional<Configurations> configurations = {};  ///< with a key
  std::vector<std::string> notes;                     ///< what to bear in mind
};

/// Of candidates with the first side. More than these nobody reads, and they fill the memory.
constexpr std::uint64_t kMostPairs = 20'000;

/// "between-machine, confounded with time and neighbours".
extern const char* const kBetweenMachines;

/// Reads the bundles and compares them. Throws UsageError for a folder that is no bundle or cannot
/// be read, a bundle named twice, damaged files, an unknown key or metric, one that nothing has,
/// and a filter that no cell passes.
CompareReport compareBundles(const CompareRequest& request);

}  // namespace ringside::harness
