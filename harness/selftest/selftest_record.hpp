// What self-tests have found so far: a line of JSON for each gate, appended by any number of runs,
// so that tests of many hours can be made bit by bit.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace ringside::harness {

/// A metric of one gate.
struct TriedMetric {
  std::string cell;
  std::string metric;
  std::string verdict;  ///< "pass", "regressed", "improved", "inconclusive"
  bool gates = true;
  bool tested = true;
  double estimate = 0;
  double lower = 0;  ///< one-sided bounds of 95 % each; 0 where there are none
  double upper = 0;
  double p_without_margin = 1;  ///< of stage one, as if the margin were 0
  std::uint32_t above = 0;      ///< blocks of stage one whose effect is above 0
  std::uint32_t below = 0;
  double margin = 0;  ///< as results::GateMetric has them
  double pass_bound = 0;
  /// Of identical arms, what each block showed; the blocks of a cell are the same, and in the same
  /// order, in all of its metrics. Empty of earlier versions.
  std::vector<double> effects = {};
  /// As p_without_margin, of the same slots with the arms exchanged pair by pair as chance would.
  std::optional<double> p_relabelled = {};
};

/// What was put into the candidate.
struct TriedInjection {
  std::string what;  ///< "+5 %", "30 ns", "0.02 of messages +500 ns", "stall"
  std::string cell;
  std::string metric;  ///< by which it must be found
  double true_ns = 0;  ///< what it costs a message by itself, as measured
  double effect = 0;   ///< on the metric, as expected; 0 where that cannot be said
  double power = 0;    ///< predicted of this gate's own blocks
  bool found = false;
};

/// One gate of a self-test, or (kind "layout") what the links of one metric showed.
struct TriedGate {
  std::string kind;  ///< "aa", "power", "layout"
  std::string date;
  std::string machine;  ///< hash of its fingerprint
  std::string cpu;      ///< for people
  std::string program;  ///< identity of the arms
  std::string suite;
  std::uint64_t seed = 0;
  double seconds = 0;
  std::uint32_t blocks = 0;
  std::uint32_t loaded_blocks = 0;
  int exit_code = 0;
  /// Pairs of slots that do not count because this arm alone had too few messages.
  std::array<std::uint64_t, 2> rejected_by = {};
  std::vector<TriedMetric> metrics;
  std::optional<TriedInjection> injection;
  /// Of kind "layout", by metric of a cell: standard deviation of the links, as ln of a ratio.
  struct LayoutSpread {
    std::string cell;
    std::string metric;
    std::uint32_t links = 0;
    double sigma = 0;
    double noise = 0;  ///< of a link's mean, by chance alone
  };
  std::vector<LayoutSpread> layout;
};

/// Appends a line, whole; makes the file where it is not there. Throws std::system_error.
void appendTried(const std::filesystem::path& file, const TriedGate& gate);

/// All lines; empty where there is no file. Throws UsageError for a line that is none.
std::vector<TriedGate> readTried(const std::filesystem::path& file);

}  // namespace ringside::harness
