#include "harness/suite_run.hpp"

#include <algorithm>

#include "harness/progress.hpp"
#include "harness/runner.hpp"

namespace ringside::harness {
namespace {

/// The records so far, without their histograms: those are in the bundle and in the summaries.
class RecordKeeper {
 public:
  explicit RecordKeeper(results::Bundle& bundle) : bundle_(bundle) {}

  void add(results::Record record) {
    bundle_.append(record);
    summariser_.add(record);
    record.histograms.clear();
    records_.push_back(std::move(record));
  }
  SuiteOutcome outcome(results::Interrupted interrupted) const {
    return {summariser_.summaries(), results::exitCodeFor(records_, interrupted), interrupted, {}};
  }

 private:
  results::Bundle& bundle_;
  results::Summariser summariser_;
  std::vector<results::Record> records_;
};

std::uint64_t roundsOf(const Plan& plan) {
  std::uint64_t rounds = 0;
  for (const Cell& cell : plan.cells) rounds = std::max(rounds, cell.timing.repetitions);
  return rounds;
}

}  // namespace

namespace {

results::Interrupted runRounds(const Plan& plan, Session& session, RecordKeeper& kept) {
  Progress progress(plan);
  const std::uint64_t rounds = roundsOf(plan);
  for (std::uint64_t round = 0; round < rounds; ++round) {
    progress.beginRound(round + 1, rounds);
    const auto repetition = static_cast<std::uint32_t>(round);
    for (const Cell& cell : plan.cells) {
      if (round >= cell.timing.repetitions) continue;
      if (cell.skip_reason) {
        kept.add(skippedRecord(cell, plan.suite, repetition));
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

SuiteOutcome runSuite(const Plan& plan, Session& session, results::Bundle& bundle) {
  RecordKeeper kept(bundle);
  try {
    return kept.outcome(runRounds(plan, session, kept));
  } catch (const results::BundleError& error) {
    SuiteOutcome outcome = kept.outcome(results::Interrupted::No);
    outcome.exit_code = results::ExitCode::EnvironmentRefused;
    outcome.trouble = error.what();
    return outcome;
  }
}

}  // namespace ringside::harness
