// Which machine is better, or which configuration of one: of each question, placement class and
// cell that all have, the figures of each side by side, and a ranking where their intervals part.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "results/gathering.hpp"
#include "results/statistics/median_bootstrap.hpp"

namespace ringside::harness {

struct CompareReport;

struct ConfigurationValue {
  results::BootstrapMedian absolute;
  /// In hand-offs of a cache line on the same machine; where each repetition has `floor_ns`.
  std::optional<results::BootstrapMedian> over_floor = {};
  std::optional<double> floor_ns = {};
  std::uint32_t repetitions = 0;  ///< that are ok, at least 1
  std::uint32_t bundles = 0;      ///< that they come from, at least 1
  std::uint32_t beaten_by = 0;  ///< how many of those that are ranked lie wholly on its better side
  std::string trouble = {};     ///< "2 of 5 repetitions failed: …"; empty: none
};

/// Places are those of sides in the report.
struct ConfigurationRow {
  std::string question;
  std::string metric;
  results::Unit unit = results::Unit::Ns;
  results::Better better = results::Better::Lower;
  std::string
      placement;     ///< the class; "cpus" where they were named; empty where it is compared by
  std::string cell;  ///< its name without that, the same in all classes
  results::Axes axes;
  std::vector<ConfigurationValue> values = {};  ///< of each side
  /// The best first; those of one place cannot be told apart. Empty where there is no ranking.
  std::vector<std::vector<std::size_t>> ranking = {};
  std::string why_not = {};  ///< there is none
  struct NotRanked {
    std::size_t side = 0;
    std::string why;
  };
  std::vector<NotRanked> not_ranked = {};
};

/// What not all sides have.
struct NotInAll {
  std::string placement;
  std::string cell = {};    ///< empty: all cells of the class
  std::uint64_t cells = 1;  ///< how many these are
  std::vector<std::size_t> lacking = {};
  std::string reason = {};  ///< of the first that was skipped, or which metric it is
};

struct Configurations {
  std::string label;  ///< what the intervals are confounded with; empty: of the same runs
  std::vector<ConfigurationRow> rows = {};
  std::vector<NotInAll> left_out = {};
};

/// Fewer repetitions are not ranked: between two machines that do not differ, intervals of 4 and 4
/// part by chance in 3 rows of 100, of 5 and 5 in 1.
constexpr std::uint32_t kFewestForRanking = 4;

/// `places`: of the report's sides in what was gathered.
Configurations configurationsOf(const CompareReport& report, const results::Gathering& gathering,
                                const std::vector<std::size_t>& places);

}  // namespace ringside::harness
