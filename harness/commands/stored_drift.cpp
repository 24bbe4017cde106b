#include "harness/commands/stored_drift.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "harness/duet/drift_report.hpp"
#include "harness/duet/effect_text.hpp"
#include "harness/past_runs.hpp"

namespace ringside::harness {

DriftReport driftOf(const StoredBlocks& then, const AloneResult& now, const Suite& suite,
                    const Plan& plan, const std::string& environment) {
  const nlohmann::json facts = nlohmann::json::parse(environment);
  const double bound =
      driftBound(usualHistory(), suite.name, facts.at("fingerprint").at("machine"));
  DriftReport report =
      compareStored(then, storedOf(now.blocks), gateableCells(suite, plan).metrics, bound);
  report.suite = suite.name;
  report.baseline = then.folder.string();
  report.not_measured = now.not_measured;
  report.notes.push_back(fmt::format(
      "the baseline was measured earlier: the same program drifts by more than most changes make, "
      "so nothing below {:+.0f} % is red; `ringside gate --baseline REVISION` measures both now",
      percentOf(bound)));
  return report;
}

void keepDrift(const DriftReport& report, GateBundle& bundle) {
  const GateForms forms = formsOf(report);
  bundle.finish(forms);
  tellContinuousIntegration(forms);
  if (report.metrics.empty()) return;
  results::HistoryEntry entry =
      newEntry(results::EntryKind::Gate, report.suite, bundle.path(), report.exitCode());
  entry.judged = judgedMetrics(report);
  remember(bundle.path(), entry);
}

}  // namespace ringside::harness
