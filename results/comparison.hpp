// Repetitions of several sides, cell by cell and metric by metric: how far apart they are, how sure
// that is, and what follows. From records alone; whose they are is for the caller to say.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "results/gathering.hpp"
#include "results/metrics.hpp"
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

/// Whether verdicts are given, or ratios reported and nothing judged: what was measured on
/// different machines differs by more than what is compared.
enum class Judging : std::uint8_t { Verdicts, RatiosOnly };

/// The first side is the baseline, each other one a candidate.
struct Side {
  std::string name;                     ///< as reasons call it
  Judging judging = Judging::Verdicts;  ///< of a candidate beside the baseline
};

/// verdict: absent where nothing is judged, and as a whole where nothing speaks against a cell.
struct Judgement {
  std::optional<Verdict> verdict = {};
  std::string reason = {};  ///< one sentence
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

/// Cells in the order in which they first appeared, of what was gathered by sides of these names.
/// At least two sides.
std::vector<ComparedCell> comparedCells(const Gathering& gathering, std::span<const Side> sides,
                                        double margin);

}  // namespace ringside::results
