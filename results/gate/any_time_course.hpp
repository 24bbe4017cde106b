// The course of a gate whose time is fixed: block after block of every cell that is not yet
// decided, until all are or the time is gone. It may be looked at after each, for its evidence
// holds at any time (statistics/any_time.hpp). Finds small changes later than the two stages do.
#pragma once

#include "results/gate/gate_course.hpp"
#include "results/statistics/any_time.hpp"

namespace ringside::results {

class AnyTimeCourse final : public MetricCourse {
 public:
  /// Of the terms false_discovery_rate, pass_alpha and largest_detectable count. Throws
  /// std::invalid_argument for a metric whose pass_bound is not above its margin.
  AnyTimeCourse(GateTerms terms, std::vector<GateMetric> metrics);

  /// One block of each cell with a gating metric that is not decided.
  std::vector<BlocksWanted> wanted() const override;
  void add(std::size_t metric, double effect) override;
  void spoil(std::size_t metric, std::string reason) override;
  void settle(std::size_t metric, GateVerdict verdict, std::string reason) override;
  void advance() override;

  GateStage stage() const noexcept override { return GateStage::AnyTime; }
  bool isOver() const noexcept override { return wanted().empty(); }
  const std::vector<GateMetric>& metrics() const noexcept override { return metrics_; }
  std::vector<MetricVerdict> verdicts(Detectable find_detectable = Detectable::Find) const override;

 private:
  struct Progress {
    std::size_t cell = 0;
    AnyTimeMetric evidence;
    std::vector<double> effects = {};
    bool is_settled = false;  ///< by spoil() or settle()
    bool has_regressed = false;
    GateVerdict verdict = GateVerdict::Inconclusive;
    std::string reason = {};
  };
  bool isDecided(std::size_t metric) const;
  MetricVerdict verdictOf(std::size_t metric) const;

  GateTerms terms_;
  std::vector<GateMetric> metrics_;
  std::vector<Progress> progress_;
  std::size_t cell_count_ = 0;
};

}  // namespace ringside::results
