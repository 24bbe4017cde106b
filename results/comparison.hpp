// Repetitions of several sides, cell by cell and metric by metric: how far apart they are, how sure
// that is, and what follows. From records alone; whose they are is for the caller to say.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "results/metrics.hpp"
#include "results/record.hpp"
#include "results/summary.hpp"

namespace ringside::results {

enum class Verdict : std::uint8_t {
  Better,        ///< the whole interval of the ratio lies on the better side of 1, or one is all 0
  Worse,         ///< on the worse one
  Same,          ///< within the margin; goes before both
  Inconclusive,  ///< none of these, too few repetitions, or CPUs that stood elsewhere
  Missing,       ///< one of both does not have it
  Invalid,       ///< repetitions failed, or were not what was asked for
};
/// "better", "worse", "same", "inconclusive", "missing", "invalid".
std::string_view toString(Verdict verdict) noexcept;

/// Candidate to baseline, by repetitions that are independent of each other.
struct Ratio {
  double estimate = 1;
  double low = 1;       ///< of an interval that holds the true one
  double high = 1;      ///< with a probability
  double coverage = 0;  ///< of this; 0 where there is no interval
};

/// What an interval must reach for a verdict.
constexpr double kCoverage = 0.95;
/// Of more repetitions than these, medians of consecutive ones stand for them: exact bounds take
/// the third power of their number.
constexpr std::size_t kMostValues = 100;

/// The shift of the logarithms between two samples, as a ratio: the estimate of Hodges and Lehmann,
/// with exact bounds. Where there are too few values for kCoverage, the widest interval there is.
/// nullopt when a sample is empty, and when a value is not above 0.
std::optional<Ratio> ratioOf(std::span<const double> candidate, std::span<const double> baseline);

struct ComparisonTerms {
  double margin = 0.05;  ///< between 1 / (1 + margin) and 1 + margin nothing differs that matters
  std::vector<std::string> metrics = {};  ///< empty: those of comparedMetricsOf(workload)
};

/// Whether verdicts are given, or ratios reported and nothing judged: what was measured on
/// different machines differs by more than what is compared.
enum class Judging : std::uint8_t { Verdicts, RatiosOnly };

/// The first side is the baseline, each other one a candidate.
struct Side {
  std::string name;                     ///< as reasons call it
  Judging judging = Judging::Verdicts;  ///< of a candidate beside the baseline
};

/// What a workload is compared by when nobody says otherwise.
std::span<const std::string_view> comparedMetricsOf(std::string_view workload) noexcept;

/// Where distributions are compared, in percent.
inline constexpr std::array kShiftPercentiles = {10.0, 20.0, 30.0, 40.0, 50.0, 60.0,
                                                 70.0, 80.0, 90.0, 99.0, 99.9};

/// verdict: absent where nothing is judged, and as a whole where nothing speaks against a cell.
struct Judgement {
  std::optional<Verdict> verdict = {};
  std::string reason = {};  ///< one sentence
};

/// What one side has of a cell.
struct SideOfCell {
  StatusCounts status_counts;
  std::optional<std::string> reason = {};  ///< of the first that failed, was invalid, was skipped
  std::vector<std::string> notes = {};     ///< each once
  std::string placement = {};
  /// Of a cache line between its CPUs, in the repetitions that are ok: the median of the canaries.
  std::optional<double> handoff_ns = {};

  bool isMissing() const noexcept {
    return status_counts.ok + status_counts.failed + status_counts.invalid == 0;
  }
};

/// A candidate beside the baseline.
struct Contrast {
  std::optional<Ratio> ratio = {};
  std::optional<Ratio> floor_ratio = {};  ///< of both as multiples of their own floor
  Judgement judgement = {};
};

/// One metric of one cell; values of repetitions that are ok.
struct ComparedMetric {
  std::string name;
  Unit unit = Unit::Count;
  Better better = Better::Lower;
  std::vector<std::optional<Spread>> values = {};  ///< of each side
  /// Of each side the median of a time in hand-offs of a cache line between its CPUs (a round trip
  /// in two of them), of a rate in messages within one: where each repetition has `floor_ns`.
  std::vector<std::optional<double>> over_floor = {};
  std::vector<Contrast> contrasts = {};  ///< of each side but the first
};

struct ComparedCell {
  std::string name;
  std::string workload = {};
  std::vector<SideOfCell> sides = {};
  /// Of each side but the first: Missing, Invalid, Inconclusive where the CPUs stood elsewhere, or
  /// nothing. All metrics share it.
  std::vector<Judgement> wholes = {};
  std::vector<ComparedMetric> metrics = {};
  /// Times at kShiftPercentiles, named as metrics are ("rtt_ns_p10_clean"); never judged.
  std::vector<ComparedMetric> distribution = {};
};

/// Gathers record by record, so that nobody needs to keep the histograms.
class Comparison {
 public:
  explicit Comparison(ComparisonTerms terms) : terms_(std::move(terms)) {}

  /// `side`: whose record it is; `cell`: the name under which it meets those of the others. Records
  /// that were skipped count nothing but that they were.
  void add(const std::string& side, const std::string& cell, const Record& record);

  /// What a side has gathered under one cell's name counts under another one's, as of a placement
  /// that came to something else there. Nothing happens where the side has something under both, or
  /// where the cells are of two workloads.
  void move(const std::string& side, const std::string& from, const std::string& to);

  /// In the order in which they first appeared. At least two sides.
  std::vector<ComparedCell> cells(std::span<const Side> sides) const;

 private:
  /// One metric of one side while its repetitions come in.
  struct Values {
    std::vector<double> values;
    std::vector<double> over_floor;  ///< as many, or fewer where a floor is not known
  };
  struct Row {
    std::string name;
    Unit unit = Unit::Ns;
    Better better = Better::Lower;
    std::map<std::string, Values> sides = {};
  };
  struct Gathered {
    std::string cell;
    std::string workload;
    std::map<std::string, SideOfCell> sides;
    std::map<std::string, std::vector<double>> handoffs;  ///< readings of each side
    std::vector<Row> metrics;
    std::map<std::string, std::vector<Row>> distributions;  ///< by histogram
  };

  Gathered& gatheredOf(const std::string& cell, const Record& record);
  ComparedCell settled(const Gathered& gathered, std::span<const Side> sides) const;
  Judgement judged(const ComparedCell& cell, const ComparedMetric& metric,
                   std::span<const Side> sides, std::size_t side) const;
  static void addDistributions(Gathered& gathered, const std::string& side, const Record& record);
  static ComparedMetric settled(const Row& row, std::span<const Side> sides);

  ComparisonTerms terms_;
  std::vector<Gathered> cells_;
  std::unordered_map<std::string, std::size_t> places_;  ///< of a cell's name in cells_
};

}  // namespace ringside::results
