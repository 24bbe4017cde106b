// One cell on its way through a gate: how many blocks it still wants, what they showed, and what is
// wrong with it beside its speed.
#pragma once

#include "harness/duet/gate_run.hpp"

namespace ringside::harness {

class CellCourse {
 public:
  /// Both must outlive it.
  CellCourse(const Cell& cell, results::MetricCourse& course);

  /// The number of a metric of this cell in the course.
  void addMetric(std::size_t metric) { metrics_.push_back(metric); }
  void setTiming(const SlotTiming& timing) { facts_.timing = timing; }

  void beginStage(std::uint32_t blocks);
  bool wantsBlock() const;
  void take(const KeptBlock& block);
  /// Looks at what is no effect of a block: saturation, admission, blocks that never came.
  void endStage(const results::GateTerms& terms);
  /// Nothing can be said of it: an arm crashed, or (`skips`) cannot be had here.
  void fail(const std::string& reason, bool skips);

  const Cell& cell() const noexcept { return *cell_; }
  const GateCellFacts& facts() const noexcept { return facts_; }
  std::uint32_t blocksSoFar() const noexcept { return so_far_; }
  bool violatesIntegrity() const noexcept { return violates_integrity_; }
  bool hasFailed() const noexcept { return failed_; }
  bool isSkipped() const noexcept { return skipped_; }
  const std::string& reason() const noexcept { return reason_; }

 private:
  void spoil(const std::string& reason);
  void judgeSaturation(const results::GateTerms& terms);
  void judgeAdmission();
  void noteValues(const BlockEffects& effects);

  const Cell* cell_;
  results::MetricCourse* course_;
  std::vector<std::size_t> metrics_;
  GateCellFacts facts_;
  std::map<std::string, std::array<std::vector<double>, 2>> values_;
  std::uint32_t so_far_ = 0;
  std::uint32_t wanted_ = 0;  ///< in this stage, as those below
  std::uint32_t counted_ = 0;
  std::uint32_t invalid_ = 0;
  std::string last_invalid_;
  std::array<std::uint32_t, 2> rejected_by_ = {};
  std::array<std::uint32_t, 2> saturated_alone_ = {};  ///< blocks of all stages
  std::uint32_t saturated_both_ = 0;
  bool violates_integrity_ = false;
  bool failed_ = false;
  bool skipped_ = false;
  std::string reason_;
};

}  // namespace ringside::harness
