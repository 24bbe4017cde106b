// The history: what was measured in the course of time, a line of JSON for each run and each gate.
// It is only ever appended to, by any number of processes at once; what stands in it is never
// changed. Bundles may go, the history keeps their main figures.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "results/record.hpp"
#include "results/summary.hpp"

namespace ringside::results {

constexpr int kHistorySchema = 1;

enum class EntryKind { Run, Gate };

/// What a run measured of one cell.
struct MeasuredCell {
  std::string cell;
  StatusCounts status_counts;
  /// Nothing lost, duplicated, reordered or torn in any repetition; absent when nothing was
  /// checked.
  std::optional<bool> is_clean;
  std::map<std::string, double> medians;  ///< of keptMetrics(), over the repetitions that are ok

  bool operator==(const MeasuredCell&) const = default;
};

/// What a gate found of one metric of one cell. Effects are natural logarithms of candidate to
/// baseline, with the sign that makes worse positive.
struct JudgedMetric {
  std::string cell;
  std::string metric;
  std::string verdict;                  ///< "pass", "regressed", "improved", "inconclusive"
  std::string reason;                   ///< one sentence, with figures
  bool gates = true;                    ///< else it is reported only
  bool tested = true;                   ///< false where it could not gate
  std::optional<double> estimate = {};  ///< absent where no block counted
  std::optional<double> lower = {};     ///< one-sided bounds; absent where there are none
  std::optional<double> upper = {};
  std::optional<double> detectable = {};       ///< minimum detectable effect, at a power of 90 %
  std::optional<double> baseline_median = {};  ///< in the metric's own unit
  std::optional<double> candidate_median = {};

  bool operator==(const JudgedMetric&) const = default;
};

/// One run or gate that has ended. A run has `cells`, a gate `judged`.
struct HistoryEntry {
  EntryKind kind = EntryKind::Run;
  std::string suite;
  std::string time_utc;   ///< when it ended: "2026-11-22T08:12:00Z"
  std::string began_utc;  ///< with `bundle` it tells a run that was gone on with from another one
  std::string host;
  std::string machine;       ///< the hash of its fingerprint: entries of others are not compared
  std::string cpu;           ///< for people, as are kernel and host
  std::string kernel;        ///< its release
  std::string version;       ///< of the program
  std::string program_hash;  ///< of the program's file, and of its plug-ins where it has any
  std::optional<std::string> revision;  ///< commit of the working tree; "-dirty" behind it
  std::string bundle;                   ///< relative to the history's folder where it lies below it
  int exit_code = 0;
  std::vector<MeasuredCell> cells = {};
  std::vector<JudgedMetric> judged = {};

  bool operator==(const HistoryEntry&) const = default;
};

/// What could not be done with which file, and what to do about it.
class HistoryError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The metrics whose medians a history keeps: a new one is a word in history.cpp.
std::span<const std::string_view> keptMetrics() noexcept;

/// What is kept of a run. Cells that were skipped are left out.
std::vector<MeasuredCell> measuredCells(std::span<const CellSummary> summaries);

/// One line of JSON without its line end.
std::string toJson(const HistoryEntry& entry);

/// The entry of one line. Keys that schema 1 does not know are ignored. Throws RecordError as
/// fromJson() of a record does: needed are kind, suite, time_utc and machine, and of each cell and
/// judgement its name, metric and verdict.
HistoryEntry entryFromJson(std::string_view line);

/// Adds one whole line, by one write, and has it on the disk when it returns. The file is made when
/// it is not there, its folder is not. Several processes may do so at once: each waits for the
/// others, 10 s at most. A last line that somebody was killed in the middle of is left as it is,
/// and the new one begins behind it. Throws HistoryError when the line cannot be written; the file
/// then is as before.
void appendHistory(const std::filesystem::path& file, const HistoryEntry& entry);

struct History {
  std::vector<HistoryEntry> entries;  ///< in the order in which they were appended
  std::vector<std::string> left_out;  ///< a sentence for each line that is cut off
};

/// The whole file; empty lines are skipped. A line that is cut off, the last one or one that others
/// have gone on behind, is refused or left out. Throws HistoryError, with file:line, for it and for
/// any line that is no entry, and when the file cannot be read.
History readHistory(const std::filesystem::path& file,
                    CutOffLine cut_off_line = CutOffLine::Refuse);

}  // namespace ringside::results
