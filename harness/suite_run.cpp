#include "harness/suite_run.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include "harness/progress.hpp"
#include "harness/round_order.hpp"
#include "harness/runner.hpp"

namespace ringside::harness {
namespace {

/// The records so far, without their histograms: those are in the bundle and in the summaries.
class RecordKeeper {
 public:
  RecordKeeper(results::Bundle& bundle, const std::vector<results::Record>& earlier)
      : bundle_(bundle) {
    for (const results::Record& record : earlier) {
      there_.emplace(record.cell, record.repetition);
      keep(record);
    }
  }

  /// Whether an earlier run has left it.
  bool has(const Cell& cell, std::uint32_t repetition) const {
    return there_.contains({cell.name, repetition});
  }
  void add(results::Record record) {
    bundle_.append(record);
    keep(std::move(record));
  }
  SuiteOutcome outcome(results::Interrupted interrupted) const {
    return {summariser_.summaries(),
            records_,
            results::exitCodeFor(records_, interrupted),
            interrupted,
            {}};
  }

 private:
  void keep(results::Record record) {
    summariser_.add(record);
    record.histograms.clear();
    records_.push_back(std::move(record));
  }

  results::Bundle& bundle_;
  std::set<std::pair<std::string, std::uint32_t>> there_;
  results::Summariser summariser_;
  std::vector<results::Record> records_;
};

std::uint64_t roundsOf(const Plan& plan) {
  std::uint64_t rounds = 0;
  for (const Cell& cell : plan.cells) rounds = std::max(rounds, cell.timing.repetitions);
  return rounds;
}

results::Record leftOutRecord(const Cell& cell, const std::string& suite, std::uint32_t repetition,
                              const TimeLeft& time) {
  results::Record record = skippedRecord(cell, suite, repetition);
  record.reason = time.reason();
  return record;
}

/// How many repetitions of cells that can run are still to be made.
std::uint64_t missing(const Plan& plan, const RecordKeeper& kept) {
  std::uint64_t count = 0;
  for (const Cell& cell : plan.cells) {
    if (cell.skip_reason) continue;
    for (std::uint32_t i = 0; i < cell.timing.repetitions; ++i) count += kept.has(cell, i) ? 0 : 1;
  }
  return count;
}

results::Interrupted runRounds(const Plan& plan, Session& session, RecordKeeper& kept,
                               const TimeLeft& time) {
  Progress progress(plan, missing(plan, kept));
  const std::uint64_t rounds = roundsOf(plan);
  for (std::uint64_t round = 0; round < rounds; ++round) {
    progress.beginRound(round + 1, rounds);
    const auto repetition = static_cast<std::uint32_t>(round);
    for (const std::size_t place : orderOfRound(plan, repetition)) {
      const Cell& cell = plan.cells[place];
      if (round >= cell.timing.repetitions || kept.has(cell, repetition)) continue;
      if (cell.skip_reason) {
        kept.add(skippedRecord(cell, plan.suite, repetition));
        continue;
      }
      if (!time.isEnoughFor(cell)) {
        kept.add(leftOutRecord(cell, plan.suite, repetition, time));
        continue;
      }
      progress.begin(cell);
      std::optional<results::Record> record = runRepetition(cell, plan.suite, repetition, session);
      if (!record) return results::Interrupted::Yes;
      progress.end(cell, *record, round + 1 == cell.timing.repetitions);
      kept.add(std::move(*record));
    }
  }
  return session.interrupts().interrupted() ? results::Interrupted::Yes : results::Interrupted::No;
}

}  // namespace

SuiteOutcome runSuite(const Plan& plan, Session& session, results::Bundle& bundle,
                      const RunLimits& limits) {
  RecordKeeper kept(bundle, limits.earlier);
  try {
    return kept.outcome(runRounds(plan, session, kept, limits.time));
  } catch (const results::BundleError& error) {
    SuiteOutcome outcome = kept.outcome(results::Interrupted::No);
    outcome.exit_code = results::ExitCode::EnvironmentRefused;
    outcome.trouble = error.what();
    return outcome;
  }
}

}  // namespace ringside::harness
