// One cell on its way through a gate: how many blocks it still wants, what they showed, and what is
// wrong with it beside its speed.
#pragma once

#include "harness/duet/gate_run.hpp"

namespace ringside::harness {

class CellCourse {
 public:
  /// All three must outlive it.
  CellCourse(const Cell& cell, results::MetricCourse& course, const GateSides& sides);

  /// The number of a metric of this cell in the course.
  void addMetric(std::size_t metric) { metrics_.push_back(metric); }
  void setTiming(const SlotTiming& timing) { facts_.timing = timing; }

  void beginStage(std::uint32_t blocks);
  bool wantsBlock() const;
  void take(const KeptBlock& block);
  /// Looks at what is no effect of a block: saturation, admission, blocks that never came.
  void endStage(const results::GateTerms& terms);
  /// Nothing can be said of it. `fault` as in GateCellFacts.
  void end(results::ExitCode fault, const std::string& reason);

  const Cell& cell() const noexcept { return *cell_; }
  const GateCellFacts& facts() const noexcept { return facts_; }
  std::uint32_t blocksSoFar() const noexcept { return so_far_; }
  /// As in GateCellFacts.
  results::ExitCode fault() const noexcept { return facts_.fault; }
  const std::string& reason() const noexcept { return reason_; }

 private:
  /// Blocks in which something befell the one arm and not the other.
  using Alone = std::array<std::uint32_t, 2>;

  bool hasEnded() const noexcept { return facts_.fault != results::ExitCode::Fine; }
  void spoil(const std::string& reason);
  bool takeFaults(const KeptBlock& block);
  void judgeSaturation(const results::GateTerms& terms);
  void judgeAdmission(const results::GateTerms& terms);
  void settleIfCandidates(const Alone& alone, std::uint32_t blocks, const results::GateTerms& terms,
                          const char* what);
  const std::string& called(std::size_t arm) const { return (*sides_)[arm].called; }
  void noteValues(const BlockEffects& effects);

  const Cell* cell_;
  results::MetricCourse* course_;
  const GateSides* sides_;
  std::vector<std::size_t> metrics_;
  GateCellFacts facts_;
  std::map<std::string, std::array<std::vector<double>, 2>> values_;
  std::uint32_t so_far_ = 0;
  std::uint32_t wanted_ = 0;  ///< in this stage, as those below
  std::uint32_t counted_ = 0;
  std::uint32_t invalid_ = 0;
  std::string last_invalid_;
  std::array<std::uint32_t, 2> rejected_by_ = {};  ///< pairs of slots, as those below of all stages
  Alone stuck_ = {};
  Alone starved_ = {};
  Alone saturated_ = {};
  std::uint32_t saturated_both_ = 0;
  std::string reason_;
};

}  // namespace ringside::harness
