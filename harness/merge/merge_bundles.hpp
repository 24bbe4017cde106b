// Several bundles made one: of one suite, one program, and one machine in one state. No record
// changes but for its number and the name of where it comes from; histograms stay one a repetition,
// and whoever adds them up has what all the messages together make.
#pragma once

#include <cstdint>
#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "harness/compare/environment_facts.hpp"
#include "results/bundle.hpp"

namespace ringside::harness {

/// A bundle as it is before it is merged.
struct MergeSource {
  std::filesystem::path folder;
  std::string name;  ///< as the merged bundle calls it: its folder's, or the path of one of several
  EnvironmentFacts facts;
  std::string suite;          ///< scenario.toml
  std::uint64_t records = 0;  ///< whole ones
  std::set<std::string> cells;
};

/// Reads each, all of its records too: a damaged one is refused before anything is written. In the
/// order in which they were measured. Throws UsageError for less than two, and for what is no
/// bundle or damaged.
std::vector<MergeSource> openSources(const std::vector<std::filesystem::path>& folders);

/// Those that can be merged with each other, and those that stay alone; in their order.
std::vector<std::vector<MergeSource>> mergeableGroups(std::vector<MergeSource> sources);

/// Throws UsageError with every fact that differs: machines, programs and suites that are not the
/// same; and for a record that is there twice. Machines that differ in nothing but who they are
/// pass where no cell was measured on two of them, as of one suite in shards.
void refuseWhatCannotBeMerged(const std::vector<MergeSource>& sources);

/// Of sources that can be merged, into an empty bundle: records in order, environment.json of the
/// first with all others named under "merged", scenario.toml and the traces it names.
void merge(const std::vector<MergeSource>& sources, results::Bundle& into);

}  // namespace ringside::harness
