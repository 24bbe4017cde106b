// A baseline that was measured before, and a candidate now: what can be said of the two, which is
// little. The same program some minutes later was seen to be 12 % apart, and slower by half
// (gate.md 4.5), so nothing below a bound is red; and nothing at all is judged on another machine.
#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "harness/duet/gate_run.hpp"
#include "results/history.hpp"

namespace ringside::harness {

/// Where --save-baseline puts them.
inline constexpr const char* kBaselineFolder = "out/baselines";
/// ln of the ratio from which on a difference to a stored baseline is red.
inline constexpr double kDriftBound = 0.5;

/// The raw blocks of one arm.
struct StoredBlocks {
  std::filesystem::path folder;
  std::string date;
  /// By cell and metric: the value of each block that counts.
  std::map<std::string, std::map<std::string, std::vector<double>>> values;
  std::map<std::string, std::vector<double>> canaries_ns;  ///< by cell
  std::map<std::string, std::uint64_t> slot_ns;            ///< by cell
};

/// The folder that `named` means, when it is a bundle with blocks or the name of a saved baseline;
/// empty when it is neither.
std::filesystem::path storedBaseline(const std::string& named);

/// Its blocks; of a gate those of the candidate. Throws UsageError for what cannot be read.
StoredBlocks readStored(const std::filesystem::path& folder);
StoredBlocks storedOf(const std::vector<KeptBlock>& blocks);

/// One metric of one cell, then and now.
struct Drifted {
  std::string cell;
  std::string metric;
  double then = 0;  ///< medians
  double now = 0;
  double effect = 0;  ///< ln of the ratio, worse is positive
  double lower = 0;   ///< bounds of 95 % together; infinite where there are too few blocks
  double upper = 0;
  double normalised = 0;  ///< the effect when both are taken in multiples of the canary
  bool gates = false;     ///< whether it may alarm
  /// Worse by more than the bound, and than the canary has grown beside it.
  bool alarms = false;
};

struct DriftReport {
  std::string suite;
  std::string baseline;   ///< its folder
  std::string candidate;  ///< Arm::label
  std::vector<Drifted> metrics;
  std::vector<std::string> only_then;  ///< cells
  std::vector<std::string> only_now;
  double bound = kDriftBound;
  bool judged = true;  ///< false on another machine: both sides are shown, and nothing else
  std::vector<NotMeasured> not_measured;
  std::vector<std::string> notes;

  bool alarms() const;
  /// That of a fault, or Regression where it is judged and alarms, or Invalid where the clocks
  /// could tell nothing of a cell; else Fine.
  results::ExitCode exitCode() const;
};

/// `gating`: the metrics that may alarm.
DriftReport compareStored(const StoredBlocks& then, const StoredBlocks& now,
                          const std::vector<results::GateMetric>& gating, double bound);

/// Three times what the figures of one program moved between runs here, with 95 % of them, and at
/// least kDriftBound: from the history of this machine, where it has some.
double driftBound(const std::filesystem::path& history, const std::string& suite,
                  const std::string& machine);

/// As the history keeps them. What was stored is no median of this gate, nor are ratios to it
/// effects as other gates measure them: neither is kept.
std::vector<results::JudgedMetric> judgedMetrics(const DriftReport& report);

}  // namespace ringside::harness
