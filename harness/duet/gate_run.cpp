#include "harness/duet/gate_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <memory>
#include <random>
#include <utility>

#include "harness/console.hpp"
#include "harness/doctor/load_sample.hpp"
#include "harness/duet/cell_course.hpp"
#include "harness/duet/clock_watch.hpp"
#include "harness/duet/gate_progress.hpp"
#include "harness/duet/slot_reading.hpp"
#include "harness/duet/slot_timing.hpp"
#include "harness/usage_error.hpp"
#include "results/gate/any_time_course.hpp"

namespace ringside::harness {
namespace {

using results::ExitCode;
using results::GateMetric;
using results::MetricCourse;

/// Of the machine: what others may use before a gate begins (gate.md 3.3).
constexpr double kQuiet = 0.10;
constexpr double kLoadedPart = 0.5;

/// ln(1 + x %).
double effectOfPercent(double percent) { return std::log1p(percent / 100); }

bool isSkipped(const CellCourse& cell) { return cell.fault() == ExitCode::EverythingSkipped; }

std::unique_ptr<MetricCourse> courseOf(const GateOrder& order,
                                       const std::vector<GateMetric>& metrics) {
  if (order.budget) return std::make_unique<results::AnyTimeCourse>(order.terms, metrics);
  return std::make_unique<results::GateCourse>(order.terms, metrics);
}

class GateRunner {
 public:
  GateRunner(const GateOrder& order, Session& session, GateableCells gateable)
      : order_(order),
        session_(session),
        baseline_(*order.baseline),
        candidate_(*order.candidate),
        course_(courseOf(order, gateable.metrics)),
        chance_(order.seed),
        clocks_(session) {
    result_.not_gated = std::move(gateable.not_gated);
    noteLost();
    std::size_t metric = 0;
    for (const Cell* cell : gateable.cells) {
      CellCourse& one = cells_.emplace_back(*cell, *course_, order_.sides);
      for (; metric < gateable.metrics.size() && gateable.metrics[metric].cell == cell->name;
           ++metric) {
        one.addMetric(metric);
      }
    }
  }

  GateResult run() {
    const auto begin = std::chrono::steady_clock::now();
    if (order_.budget) end_ = begin + *order_.budget;
    waitForQuiet();
    judgeClocks(&ClockWatch::whyNoResponses);
    chooseTimings();
    std::optional<GateProgress> until_end;
    if (end_) progress_ = &until_end.emplace(order_.tells_progress, "any time", *end_);
    while (!interrupted_ && !course_->isOver() && hasTime()) {
      runStage(course_->wanted());
      if (interrupted_) break;
      for (CellCourse& cell : cells_) cell.endStage(order_.terms);
      course_->advance();
    }
    finish();
    result_.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    return std::move(result_);
  }

 private:
  bool hasTime() const { return !end_ || std::chrono::steady_clock::now() < *end_; }
  void waitForQuiet();
  void chooseTimings();
  void tryAlone(CellCourse& cell, std::size_t side, std::mt19937_64& trials);
  void runStage(const std::vector<results::BlocksWanted>& wanted);
  void runOne(CellCourse& cell);
  void finish();
  void judgeClocks(std::string (ClockWatch::*why)(const Cell& cell));
  void withdrawVerdicts();
  void noteLost();
  void noteLoad();
  void noteLayout();
  ExitCode exitCode() const;

  std::vector<Side> sides(const Cell& cell) const {
    std::vector<Side> both = {{.files = &baseline_}, {.files = &candidate_}};
    const auto injected = order_.injections.find(cell.name);
    if (injected != order_.injections.end()) both[1].injection = injected->second;
    for (std::size_t i = 0; i < both.size(); ++i) {
      const GateSide& side = order_.sides[i];
      both[i].before_start = side.before_start;
      both[i].before_slot = side.before_slot;
      if (side.cells.empty()) continue;
      both[i].cell = side.cells.at(cell.name);
      both[i].suite = side.suite_file;
    }
    return both;
  }
  /// How many of them a cell is tried with: the second one's is another cell, or the same.
  std::size_t sidesToTry() const { return order_.sides[1].cells.empty() ? 1 : 2; }
  /// Of its next block: the same in each gate of the same seed, whatever blocks came before.
  std::uint64_t seedOf(const CellCourse& cell) const {
    std::seed_seq mixed{static_cast<std::uint32_t>(order_.seed >> 32),
                        static_cast<std::uint32_t>(order_.seed),
                        static_cast<std::uint32_t>(&cell - cells_.data()), cell.blocksSoFar()};
    std::array<std::uint32_t, 2> words = {};
    mixed.generate(words.begin(), words.end());
    return std::uint64_t{words[0]} << 32 | words[1];
  }
  BlockOrder blockOrder(const CellCourse& cell, const SlotTiming& timing, std::uint64_t seed) {
    return {.suite = order_.suite_file,
            .cell = cell.cell().name,
            .queue = std::string(cell.cell().queue->name),
            .timing = timing,
            .clock_bound_ns = clocks_.boundNs(cell.cell()),
            .number = cell.blocksSoFar(),
            .seed = seed};
  }

  const GateOrder& order_;
  Session& session_;
  ArmFiles baseline_;
  ArmFiles candidate_;
  std::unique_ptr<MetricCourse> course_;
  std::vector<CellCourse> cells_;
  std::mt19937_64 chance_;
  ClockWatch clocks_;
  GateResult result_;
  std::optional<std::chrono::steady_clock::time_point> end_;
  GateProgress* progress_ = nullptr;  ///< of all rounds together; else each stage has its own
  bool interrupted_ = false;
};

/// What is gone cannot have passed.
void GateRunner::noteLost() {
  for (const NotGated& one : result_.not_gated) {
    if (!one.is_missed) continue;
    result_.warnings.push_back(fmt::format(
        "{} must come to a verdict and has none: {}, and the baseline has it; where that is "
        "meant, take the queue out of the suite, or the cell out of `required`",
        one.cell, one.reason));
  }
}

void GateRunner::waitForQuiet() {
  const SystemFiles files;
  for (auto left = order_.until_quiet; left.count() > 0; --left) {
    const auto load = sampleLoad(files, std::chrono::seconds(1));
    if (!load || load->others < kQuiet || session_.interrupts().interrupted()) return;
    if (left.count() > 1) continue;
    std::string who;
    for (const BusyProcess& process : load->busiest) {
      who += fmt::format("{}{}", who.empty() ? "" : ", ", process.name);
    }
    result_.warnings.push_back(
        fmt::format("other processes use {:.0f} % of a CPU{}: verdicts hold, but smaller "
                    "changes stay undecided",
                    100 * load->others, who.empty() ? "" : " (" + who + ")"));
  }
}

/// Before the first block, and after the last: times between two CPUs are worth what their clocks
/// are.
void GateRunner::judgeClocks(std::string (ClockWatch::*why)(const Cell& cell)) {
  std::map<std::string, std::vector<std::string>> by_reason;
  for (CellCourse& cell : cells_) {
    if (cell.fault() != ExitCode::Fine) continue;
    const std::string reason = (clocks_.*why)(cell.cell());
    if (reason.empty()) continue;
    cell.end(ExitCode::Invalid, reason);
    by_reason[reason].push_back(cell.cell().name);
  }
  for (const auto& [reason, cells] : by_reason) {
    result_.warnings.push_back(fmt::format("no response times of {}, such as {}: {}",
                                           counted(cells.size(), "cell"), cells.front(), reason));
  }
}

/// Whatever the blocks showed, and a regression too: what told their times was not to be trusted.
void GateRunner::withdrawVerdicts() {
  for (const CellCourse& cell : cells_) {
    if (cell.fault() != ExitCode::Invalid) continue;
    for (results::MetricVerdict& verdict : result_.verdicts) {
      if (verdict.metric.cell != cell.cell().name) continue;
      verdict.verdict = results::GateVerdict::Inconclusive;
      verdict.tested = false;
      verdict.reason = cell.reason();
    }
  }
}

/// A short block of the baseline alone says how long slots must be for enough messages; where the
/// candidate runs another cell, one of that as well.
void GateRunner::chooseTimings() {
  GateProgress progress(order_.tells_progress, "trying each cell", cells_.size());
  std::mt19937_64 trials(order_.seed);  // of their own, for nobody knows how many there will be
  for (CellCourse& cell : cells_) {
    progress.next(cell.cell().name);
    if (cell.fault() != ExitCode::Fine) continue;
    for (std::size_t side = 0; side < sidesToTry() && cell.fault() == ExitCode::Fine; ++side) {
      tryAlone(cell, side, trials);
      if (interrupted_) return;
    }
  }
}

void GateRunner::tryAlone(CellCourse& cell, std::size_t side, std::mt19937_64& trials) {
  const std::vector<Side> alone = {sides(cell.cell())[side]};
  const TimingChoice choice =
      chooseTiming(cell.cell(), order_.sides[side].called, [&](const SlotTiming& timing) {
        BlockOrder trial = blockOrder(cell, timing, trials());
        trial.tries_senders = true;
        return runBlock(alone, trial, session_);
      });
  interrupted_ = session_.interrupts().interrupted();
  if (interrupted_) return;
  if (side == 0 || choice.timing.slot_ns > cell.facts().timing.slot_ns) {
    cell.setTiming(choice.timing);
  }
  if (choice.fault) cell.end(choice.fault->code, choice.fault->reason);
}

void GateRunner::runStage(const std::vector<results::BlocksWanted>& wanted) {
  std::uint32_t rounds = 0;
  std::size_t blocks = 0;
  for (const results::BlocksWanted& one : wanted) {
    cells_[one.cell].beginStage(one.blocks);
    rounds = std::max(rounds, one.blocks);
    blocks += one.blocks;
  }
  std::optional<GateProgress> of_stage;
  GateProgress& progress =
      progress_ != nullptr
          ? *progress_
          : of_stage.emplace(order_.tells_progress,
                             fmt::format("stage {}", results::toString(course_->stage())), blocks);
  // What a cell lacks after its blocks is made up for in rounds of its own: at most as many again.
  for (std::uint32_t round = 0; round < 2 * rounds && !interrupted_; ++round) {
    std::vector<std::size_t> order;
    for (const results::BlocksWanted& one : wanted) {
      if (cells_[one.cell].wantsBlock()) order.push_back(one.cell);
    }
    std::shuffle(order.begin(), order.end(), chance_);
    for (const std::size_t cell : order) {
      progress.next(cells_[cell].cell().name);
      runOne(cells_[cell]);
      if (interrupted_) return;
    }
  }
}

void GateRunner::runOne(CellCourse& cell) {
  KeptBlock kept{.cell = cell.cell().name,
                 .stage = course_->stage(),
                 .number = cell.blocksSoFar(),
                 .seed = seedOf(cell),
                 .timing = cell.facts().timing,
                 .effects = {},
                 .arms = {}};
  BlockReading block =
      runBlock(sides(cell.cell()), blockOrder(cell, cell.facts().timing, kept.seed), session_);
  interrupted_ = block.interrupted;
  if (interrupted_) return;
  kept.effects = effectsOf(block, order_.canaries);
  kept.arms = std::move(block.arms);
  kept.second_first = std::move(block.second_first);
  cell.take(kept);
  ++result_.blocks;
  if (order_.on_block) order_.on_block(kept);
}

ExitCode GateRunner::exitCode() const {
  const auto any = [&](ExitCode fault) {
    return std::any_of(cells_.begin(), cells_.end(),
                       [&](const CellCourse& cell) { return cell.fault() == fault; });
  };
  if (interrupted_) return ExitCode::Interrupted;
  for (const ExitCode fault : {ExitCode::Integrity, ExitCode::WorkerFailed}) {
    if (any(fault)) return fault;
  }
  switch (results::outcomeOf(result_.verdicts)) {
    case results::GateOutcome::Regressed:
      return ExitCode::Regression;
    case results::GateOutcome::Inconclusive:
      return ExitCode::Inconclusive;
    case results::GateOutcome::Pass:
      break;
  }
  const bool misses_any = std::any_of(result_.not_gated.begin(), result_.not_gated.end(),
                                      [](const NotGated& one) { return one.is_missed; });
  if (misses_any) return ExitCode::Inconclusive;
  const bool all_skipped = std::all_of(cells_.begin(), cells_.end(), &isSkipped);
  return all_skipped ? ExitCode::EverythingSkipped : ExitCode::Fine;
}

void GateRunner::noteLoad() {
  std::uint32_t loaded = 0;
  for (const CellCourse& cell : cells_) loaded += cell.facts().loaded_blocks;
  if (result_.blocks == 0 || loaded < kLoadedPart * result_.blocks) return;
  result_.warnings.push_back(fmt::format(
      "loaded machine: in {} of {} blocks a worker waited for its CPU for over 5 % of the time; "
      "verdicts hold, but smaller changes stay undecided",
      loaded, result_.blocks));
}

/// Of two codes that differ: where their functions lie differs as well, for all blocks alike.
void GateRunner::noteLayout() {
  const auto isOnce = [](const Arm& arm) { return arm.plugins.size() < 2; };
  const Arm& first = *order_.baseline;
  const Arm& second = *order_.candidate;
  if (first.identity == second.identity || !(isOnce(first) || isOnce(second))) return;
  result_.warnings.push_back(
      "an arm that is linked once: where its functions happen to lie may cost or gain a percent or "
      "more, and no number of blocks averages that out; `ringside selftest layout` says how much "
      "here, and margins in [scenario.gate] must lie above it (revisions are linked several "
      "times)");
}

void GateRunner::finish() {
  noteLayout();
  if (!interrupted_ && result_.blocks > 0) judgeClocks(&ClockWatch::whyNoResponsesAfter);
  result_.verdicts = course_->verdicts(MetricCourse::Detectable::Find);
  withdrawVerdicts();
  noteLoad();
  for (const CellCourse& cell : cells_) {
    result_.cells.push_back(cell.facts());
    if (isSkipped(cell)) result_.not_gated.push_back({cell.cell().name, cell.reason()});
  }
  std::erase_if(result_.verdicts, [&](const results::MetricVerdict& verdict) {
    return std::any_of(cells_.begin(), cells_.end(), [&](const CellCourse& cell) {
      return isSkipped(cell) && cell.cell().name == verdict.metric.cell;
    });
  });
  result_.exit_code = exitCode();
}

/// Of the cell of that verdict; nullptr where it was not begun.
const GateCellFacts* factsOf(const GateResult& result, const results::MetricVerdict& verdict) {
  const auto found =
      std::find_if(result.cells.begin(), result.cells.end(),
                   [&](const GateCellFacts& facts) { return facts.cell == verdict.metric.cell; });
  return found == result.cells.end() ? nullptr : &*found;
}

const ScenarioGate& gateOf(const Suite& suite, const Cell& cell) {
  return std::find_if(suite.scenarios.begin(), suite.scenarios.end(),
                      [&](const Scenario& one) { return one.name == cell.scenario; })
      ->gate;
}

/// Why slots cannot measure it; empty where they can.
std::string whyNoSlots(const Cell& cell) {
  if (!slotKindOf(cell.workload)) {
    return fmt::format("the workload {} is not gated", toString(cell.workload));
  }
  if (cell.axes.batch <= 1 && cell.validate == Validate::Full) return {};
  return "a gate has single elements, fully validated, and nothing else";
}

bool mustHaveVerdict(const ScenarioGate& gate, const Cell& cell) {
  return gate.isRequired(cell.name) &&
         std::any_of(gate.metrics.begin(), gate.metrics.end(),
                     [](const MetricTerms& metric) { return metric.gates; });
}

/// Throws UsageError where no cell of the scenario has that part in its name.
void refuseWithoutACell(const std::string& part, const Scenario& scenario, const Plan& plan) {
  const Cell* one = nullptr;
  for (const Cell& cell : plan.cells) {
    if (cell.scenario != scenario.name) continue;
    if (cell.name.find(part) != std::string::npos) return;
    if (one == nullptr) one = &cell;
  }
  if (one == nullptr) return;  // all were left out: there is nothing to be required
  throw UsageError(fmt::format(
      "{}: required has '{}', which is in the name of no cell of '{}'; take a part of one, such "
      "as {}",
      scenario.gate.required_where.text, part, scenario.name, one->name));
}

}  // namespace

void refusePartsWithoutACell(const Suite& suite, const Plan& plan) {
  for (const Scenario& scenario : suite.scenarios) {
    for (const std::string& part : scenario.gate.required_parts) {
      refuseWithoutACell(part, scenario, plan);
    }
  }
}

GateableCells gateableCells(const Suite& suite, const Plan& plan, const CellNames& lost) {
  GateableCells gateable;
  for (const Cell& cell : plan.cells) {
    const ScenarioGate& gate = gateOf(suite, cell);
    const std::string why = whyNoSlots(cell);
    if (cell.skip_reason || cell.fail_reason) {
      gateable.not_gated.push_back(
          {.cell = cell.name,
           .reason = cell.skip_reason ? *cell.skip_reason : *cell.fail_reason,
           .is_missed = why.empty() && lost.contains(cell.name) && mustHaveVerdict(gate, cell)});
      continue;
    }
    if (!why.empty()) {
      gateable.not_gated.push_back({.cell = cell.name, .reason = why});
      continue;
    }
    gateable.cells.push_back(&cell);
    for (const MetricTerms& metric : gate.metrics) {
      gateable.metrics.push_back({.cell = cell.name,
                                  .name = metric.name,
                                  .margin = effectOfPercent(metric.margin_percent),
                                  .pass_bound = effectOfPercent(metric.pass_percent),
                                  .gates = metric.gates,
                                  .required = gate.isRequired(cell.name)});
    }
  }
  return gateable;
}

void refuseWhatCannotGate(const GateOrder& order) {
  const GateableCells gateable = gateableCells(*order.suite, *order.plan);
  if (gateable.cells.empty()) {
    throw UsageError(fmt::format(
        "{}: no cell of this suite can be gated here ({}); cells of throughput, ping_pong and "
        "paced can",
        order.suite->name,
        gateable.not_gated.empty() ? "it has none" : gateable.not_gated.front().reason));
  }
  const auto gating = static_cast<std::size_t>(
      std::count_if(gateable.metrics.begin(), gateable.metrics.end(),
                    [](const GateMetric& metric) { return metric.gates; }));
  std::string why = "each metric of it is report_only, so nothing could fail";
  if (gating > 0) why = order.budget ? "" : results::whyUnreachable(order.terms, gating);
  if (!why.empty()) throw UsageError(fmt::format("{}: {}", order.suite->name, why));
}

results::ExitCode faultOf(const GateResult& result, const results::MetricVerdict& verdict) {
  const GateCellFacts* const facts = factsOf(result, verdict);
  return facts == nullptr ? ExitCode::Fine : facts->fault;
}

std::optional<std::array<double, 2>> valuesOf(const GateResult& result,
                                              const results::MetricVerdict& verdict) {
  const GateCellFacts* const facts = factsOf(result, verdict);
  if (facts == nullptr) return std::nullopt;
  const auto found = facts->values.find(verdict.metric.name);
  return found == facts->values.end() ? std::nullopt : std::optional(found->second);
}

GateResult runGate(const GateOrder& order, Session& session) {
  refuseWhatCannotGate(order);
  return GateRunner(order, session, gateableCells(*order.suite, *order.plan, order.lost)).run();
}

}  // namespace ringside::harness
