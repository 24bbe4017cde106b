// The course of a gate, from the first block to the verdicts, without anything that measures: who
// measures asks what is wanted next, adds what came, and goes on. The rules are those of a
// two-stage gate: all cells in stage one, once more where that shows neither suspicion nor a pass;
// the suspicious ones again with fresh blocks in stage two, the Benjamini-Hochberg procedure over
// the p-values of stage two alone. However the suspicious ones were chosen, that holds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "results/statistics/detectable_effect.hpp"

namespace ringside::results {

/// One metric of one cell, as it is judged. Effects are natural logarithms of ratios, candidate to
/// baseline, with the sign that makes worse positive.
struct GateMetric {
  std::string cell;
  std::string name;          ///< of the metric: "rtt_ns_p50_clean"
  double margin = 0.01;      ///< an effect up to this is no regression; at least 0
  double pass_bound = 0.05;  ///< a pass shows that the effect is below this; above `margin`
  bool gates = true;         ///< else it is reported, and can neither fail nor hold up the gate
  bool required = true;      ///< inconclusive here means inconclusive as a whole
};

struct GateTerms {
  std::uint32_t first_blocks = 12;     ///< of each cell in stage one
  double flag_p = 0.10;                ///< a p of stage one up to this is suspicious
  std::uint32_t second_blocks = 36;    ///< fresh ones, of each suspicious cell
  std::uint32_t top_up_blocks = 12;    ///< once, where nothing can be said yet
  double false_discovery_rate = 0.01;  ///< of what is called a regression
  double improved_rate = 0.05;         ///< of what is called an improvement
  double pass_alpha = 0.05;            ///< of the one-sided bound that a pass needs
  /// A metric whose MDE is above this, and above its pass_bound too, cannot gate.
  double largest_detectable = 0.10;
  bool family_wise = false;  ///< Holm's procedure instead of Benjamini and Hochberg's
};

/// Why no gate of these terms could ever fail, or ever pass; empty when one could: the smallest p
/// that n blocks can reach is 2^-n, and it must not be above flag_p in stage one, above
/// false_discovery_rate / metrics in stage two, and above pass_alpha in either. Each of the rates
/// is above 0 and below 0.5. Stage one has blocks enough for a minimum detectable effect.
std::string whyUnreachable(const GateTerms& terms, std::size_t gating_metrics);

/// How one metric is judged when `flagged_metrics` are suspicious, and no other of them turns out
/// to be worse: the smallest of their p-values has to be a regression by itself. At least two are
/// taken, so that what is promised of a quiet gate holds with a false alarm beside it.
TwoStageRule ruleOf(const GateTerms& terms, double margin, std::size_t flagged_metrics);

enum class GateStage : std::uint8_t { First, Second, TopUp, AnyTime };
std::string_view toString(GateStage stage) noexcept;  ///< "first", "second", "top-up", "any time"

enum class GateVerdict : std::uint8_t { Pass, Regressed, Improved, Inconclusive };
std::string_view toString(GateVerdict verdict) noexcept;  ///< "pass", "regressed", …

/// What is known of a metric in the end, and how the verdict came.
struct MetricVerdict {
  GateMetric metric;
  GateVerdict verdict = GateVerdict::Inconclusive;
  std::string reason = {};  ///< one sentence, with figures
  bool tested = false;      ///< false where it cannot gate: it counts for nothing
  std::vector<double> first =
      {};  ///< effects of stage one, top-up included, in the order they came
  std::vector<double> second = {};  ///< of stage two, top-up included
  std::uint32_t topped_up = 0;  ///< how many of the last ones in `first` or `second` are a top-up
  double first_p = 1;           ///< of being worse by more than the margin, in stage one
  std::optional<double> second_p = {};
  double improved_p = 1;
  double estimate = 0;  ///< Hodges-Lehmann, of the stage that decided
  double lower = 0;     ///< one-sided bounds at pass_alpha each, of the same; infinite
  double upper = 0;     ///< where there were too few blocks for any
  /// Minimum detectable effect at a power of 90 %; absent where there were too few blocks.
  std::optional<double> detectable = {};
};

/// What is to be measured next: so many blocks of a cell.
struct BlocksWanted {
  std::size_t cell = 0;  ///< its number in the order in which cells first appear among the metrics
  GateStage stage = GateStage::First;
  std::uint32_t blocks = 0;
};

/// From the first block to the verdicts: who measures asks what is wanted, adds what came, and goes
/// on.
class MetricCourse {
 public:
  virtual ~MetricCourse() = default;

  /// Empty when all is known.
  virtual std::vector<BlocksWanted> wanted() const = 0;
  /// The effect that one block of the present stage shows of a metric. `metric` is its number.
  /// Throws std::logic_error for a block that was not wanted, for who chooses how many blocks count
  /// chooses the verdict, and std::invalid_argument for an effect that is not finite.
  virtual void add(std::size_t metric, double effect) = 0;
  /// Nothing can be said of this metric any more: it is inconclusive for this reason. Of several
  /// calls of spoil() and settle() for one metric the first counts, and none undoes a regression
  /// that was shown before.
  virtual void spoil(std::size_t metric, std::string reason) = 0;
  /// The metric is decided otherwise, by what is no effect: one arm alone saturated.
  virtual void settle(std::size_t metric, GateVerdict verdict, std::string reason) = 0;
  /// All that was wanted has been added, or will never come.
  virtual void advance() = 0;

  virtual GateStage stage() const noexcept = 0;
  virtual bool isOver() const noexcept = 0;
  virtual const std::vector<GateMetric>& metrics() const noexcept = 0;

  /// When it is over; before, what is not yet decided is inconclusive. `find_detectable`: work out
  /// each MDE too, which takes a tenth of a second a metric, and without which no metric is too
  /// noisy to gate.
  enum class Detectable { Skip, Find };
  virtual std::vector<MetricVerdict> verdicts(Detectable find_detectable) const = 0;
};

/// The two-stage rule.
class GateCourse final : public MetricCourse {
 public:
  /// Throws std::invalid_argument where whyUnreachable() has something to say, and for a metric
  /// whose pass_bound is not above its margin.
  GateCourse(GateTerms terms, std::vector<GateMetric> metrics);

  std::vector<BlocksWanted> wanted() const override;
  void add(std::size_t metric, double effect) override;
  void spoil(std::size_t metric, std::string reason) override;
  void settle(std::size_t metric, GateVerdict verdict, std::string reason) override;
  /// A metric with fewer blocks than half of those wanted in stage one or two is spoilt.
  void advance() override;

  GateStage stage() const noexcept override;
  bool isOver() const noexcept override;
  const std::vector<GateMetric>& metrics() const noexcept override;
  std::size_t cellCount() const noexcept;
  /// The cell of a metric, as a number.
  std::size_t cellOf(std::size_t metric) const;

  std::vector<MetricVerdict> verdicts(Detectable find_detectable = Detectable::Find) const override;

 private:
  /// What has become of one metric so far.
  struct Progress {
    std::size_t cell = 0;
    std::uint32_t added = 0;  ///< in the present stage
    bool is_decided = false;  ///< by spoil() or settle()
    bool was_flagged = false;
    bool is_rejected = false;  ///< as no worse than the baseline, in stage two
    bool has_improved = false;
  };

  std::uint32_t blocksWantedOf(std::size_t cell) const noexcept;
  void begin(GateStage stage, std::uint32_t blocks, const std::vector<bool>& cells);
  void spoilWhatIsShort();
  void endFirst();
  void endSecond();
  void rejectAmong(bool gating);
  void flag();
  std::vector<bool> unclearCells() const;
  std::vector<bool> suspiciousCells() const;
  std::vector<bool> undecidedCells() const;
  std::size_t flaggedCount() const noexcept;
  std::optional<double> detectableOf(std::size_t metric) const;

  GateTerms terms_;
  std::vector<GateMetric> metrics_;
  std::vector<Progress> progress_;    ///< of each metric
  std::vector<MetricVerdict> found_;  ///< of each metric, as far as it is known
  std::size_t cell_count_ = 0;
  GateStage stage_ = GateStage::First;
  bool had_second_ = false;  ///< or it was found that there need be none
  std::vector<BlocksWanted> wanted_;
  bool is_over_ = false;
};

/// What a gate as a whole comes to.
enum class GateOutcome : std::uint8_t { Pass, Regressed, Inconclusive };
GateOutcome outcomeOf(const std::vector<MetricVerdict>& verdicts) noexcept;

}  // namespace ringside::results
