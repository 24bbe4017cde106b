// A gate: every cell of a plan that can be gated, block after block, until the rules know enough.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "harness/duet/arm.hpp"
#include "harness/duet/block_effects.hpp"
#include "harness/plan.hpp"
#include "harness/scenario.hpp"
#include "harness/session.hpp"
#include "results/exit_code.hpp"
#include "results/gate/gate_course.hpp"

namespace ringside::harness {

/// One block, as it is kept.
struct KeptBlock {
  std::string cell;
  results::GateStage stage = results::GateStage::First;
  std::uint32_t number = 0;  ///< among the cell's blocks, invalid ones included
  std::uint64_t seed = 0;
  SlotTiming timing;
  BlockEffects effects;
  std::vector<ArmReading> arms;         ///< baseline first; one where a candidate is measured alone
  std::vector<bool> second_first = {};  ///< of each pair of slots: whether the candidate came first
};

/// A cell that was planned and has no verdict, and why.
struct NotGated {
  std::string cell;
  std::string reason;
  bool is_missed = false;  ///< it had to come to a verdict, so the gate is inconclusive
};

/// One of both sides, as it is told of.
struct GateSide {
  std::string name;    ///< "baseline"
  std::string column;  ///< what stands above its values
  std::string called;  ///< in a sentence: "the baseline"
  /// Where it runs cells of its own: their names, by those of the plan, and the suite that they are
  /// in. Both sides do, or none.
  std::map<std::string, std::string> cells = {};
  std::filesystem::path suite_file = {};
  /// As in Side.
  std::function<void()> before_start = {};
  std::function<void()> before_slot = {};
};
using GateSides = std::array<GateSide, 2>;

using CellNames = std::set<std::string, std::less<>>;

struct GateOrder {
  const Suite* suite = nullptr;
  const Plan* plan = nullptr;
  std::filesystem::path suite_file;  ///< the suite as it is run: what the arms read
  const Arm* baseline = nullptr;
  const Arm* candidate = nullptr;
  std::string verb = "gate";  ///< of ringside, for who reads what came of it
  GateSides sides = {
      {{"baseline", "baseline", "the baseline"}, {"candidate", "candidate", "the candidate"}}};
  Canaries canaries = Canaries::Alike;
  results::GateTerms terms;
  std::uint64_t seed = 1;
  /// How long it may take, instead of stages of a fixed size.
  std::optional<std::chrono::milliseconds> budget = std::nullopt;
  /// Before it begins, for others to leave the machine alone; 0: nobody looks.
  std::chrono::seconds until_quiet{10};
  CellNames lost = {};  ///< as in gateableCells()
  /// Of the candidate, by cell; a self-test puts it there.
  std::map<std::string, Injection> injections = {};
  /// Sees each block as soon as it is over.
  std::function<void(const KeptBlock&)> on_block = {};
  /// Whether progress is told on stderr.
  bool tells_progress = true;
};

struct GateCellFacts {
  std::string cell;
  results::Axes axes;
  /// What ended it before a verdict: Integrity, WorkerFailed, EverythingSkipped where it cannot be
  /// had on this machine, or Invalid where the clocks cannot tell its times. Fine: nothing did.
  results::ExitCode fault = results::ExitCode::Fine;
  SlotTiming timing;
  std::uint32_t blocks = 0;  ///< that count
  std::uint32_t invalid_blocks = 0;
  std::uint32_t pairs = 0;
  std::uint32_t admitted_pairs = 0;
  std::uint32_t loaded_blocks = 0;       ///< a worker waited for its CPU for over 5 % of the slots
  std::array<ArmMemory, 2> memory = {};  ///< of the last block
  /// By metric, medians over the blocks that count: baseline, candidate.
  std::map<std::string, std::array<double, 2>> values;
};

struct GateResult {
  std::vector<results::MetricVerdict> verdicts;
  std::vector<GateCellFacts> cells;
  std::vector<NotGated> not_gated;
  std::vector<std::string> warnings;  ///< about the machine, and what the figures are worth
  results::ExitCode exit_code = results::ExitCode::Fine;
  double seconds = 0;
  std::uint32_t blocks = 0;
};

/// What cells of a plan a gate has, and the metrics of each in their order.
struct GateableCells {
  std::vector<const Cell*> cells;
  std::vector<results::GateMetric> metrics;
  std::vector<NotGated> not_gated;
};
/// `lost`: names of cells whose queue the baseline has and the candidate has not.
GateableCells gateableCells(const Suite& suite, const Plan& plan, const CellNames& lost = {});

/// GateCellFacts::fault of the cell of that verdict; Fine where it was not begun.
results::ExitCode faultOf(const GateResult& result, const results::MetricVerdict& verdict);
/// What both arms measured of it; nullopt where nothing counted.
std::optional<std::array<double, 2>> valuesOf(const GateResult& result,
                                              const results::MetricVerdict& verdict);

/// Throws UsageError for a part in `required` that no cell of its scenario has in its name.
void refusePartsWithoutACell(const Suite& suite, const Plan& plan);

/// Throws UsageError where no cell can be gated, or where the plan can show nothing.
void refuseWhatCannotGate(const GateOrder& order);

/// Blocks of the candidate alone, so many that count of each cell, as far as they are to be had.
/// `timings`: by cell, where they are settled.
struct AloneOrder {
  const Plan* plan = nullptr;
  const Suite* suite = nullptr;
  std::filesystem::path suite_file;
  const Arm* arm = nullptr;
  std::uint64_t seed = 1;
  std::uint32_t blocks = 12;
  std::map<std::string, SlotTiming> timings = {};
  std::function<void(const KeptBlock&)> on_block = {};
};
/// A cell without figures, or with a fault; code: EverythingSkipped, Invalid, WorkerFailed or
/// Integrity.
struct NotMeasured {
  std::string cell;
  std::string reason;
  results::ExitCode code = results::ExitCode::EverythingSkipped;
};
struct AloneResult {
  std::vector<KeptBlock> blocks;
  std::vector<NotMeasured> not_measured;
  /// The gravest of Interrupted, Integrity, WorkerFailed, Invalid, EverythingSkipped; else Fine.
  results::ExitCode exit_code = results::ExitCode::Fine;
};
AloneResult measureAlone(const AloneOrder& order, Session& session);

/// Runs it. Throws as refuseWhatCannotGate(), and std::system_error when no process or memory is to
/// be had.
GateResult runGate(const GateOrder& order, Session& session);

}  // namespace ringside::harness
