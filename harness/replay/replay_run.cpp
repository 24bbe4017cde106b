#include "harness/replay/replay_run.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "harness/console.hpp"
#include "harness/environment.hpp"
#include "harness/floor.hpp"
#include "harness/replay/recorded_plugins.hpp"
#include "harness/run_request.hpp"
#include "harness/runner.hpp"
#include "results/bundle.hpp"
#include "results/whole_file.hpp"

namespace ringside::harness {
namespace {

namespace fs = std::filesystem;
using results::Record;

/// Everything that a reader of the bundle needs, also to run it once more.
void fillBundle(const RecordedCell& made, const std::string& environment, results::Bundle& bundle) {
  const std::string text = toToml(made.suite);
  bundle.writeFile("environment.json", environment);
  bundle.writeFile("scenario.toml", text);
  bundle.writeFile(kRequestFile, toJson(Schedule{}, text));
  const fs::path& trace = made.cell.arrivals.trace_file;
  if (trace.empty()) return;
  bundle.writeFile(trace.filename().string(), results::readFile(trace).value_or(""));
}

/// A floor that only one of both has measured is no difference; of plug-ins those are told already
/// that were loaded.
std::vector<Difference> differencesBetween(const EnvironmentFacts& then,
                                           const EnvironmentFacts& now) {
  std::vector<Difference> differences = differencesOf(std::array{then, now});
  std::erase_if(differences, [](const Difference& difference) {
    const bool is_floor = difference.fact.starts_with("floor_ns.");
    const bool is_plugin = difference.fact.starts_with("plugin.");
    return is_plugin ||
           (is_floor && (difference.values[0].empty() || difference.values[1].empty()));
  });
  return differences;
}

/// One after the other, each kept as soon as it is there.
class Replays {
 public:
  Replays(const ReplayOrder& order, const RecordedCell& made, Session& session,
          std::optional<results::Bundle>& bundle)
      : order_(order), made_(made), session_(session), bundle_(bundle) {}

  results::Interrupted run(ReplayOutcome& outcome) {
    const std::uint32_t times = made_.cell.skip_reason ? 1 : order_.times;
    for (std::uint32_t done = 0; done < times; ++done) {
      if (session_.interrupts().interrupted()) return results::Interrupted::Yes;
      say("[{}/{}] {}\n", done + 1, times, made_.cell.name);
      std::optional<Record> record = once(outcome.then);
      if (!record) return results::Interrupted::Yes;
      if (bundle_) bundle_->append(*record);
      outcome.now.push_back(std::move(*record));
    }
    return results::Interrupted::No;
  }

 private:
  std::optional<Record> once(const KeptRecord& then) {
    const std::uint32_t repetition = then.record.repetition;
    std::optional<Record> record =
        made_.cell.skip_reason ? skippedRecord(made_.cell, made_.suite.name, repetition)
                               : runRepetition(made_.cell, made_.suite.name, repetition, session_);
    if (record) record->notes.push_back(fmt::format("{} run again", then.where()));
    return record;
  }

  const ReplayOrder& order_;
  const RecordedCell& made_;
  Session& session_;
  std::optional<results::Bundle>& bundle_;
};

void runAll(Replays& replays, ReplayOutcome& outcome) {
  try {
    const results::Interrupted interrupted = replays.run(outcome);
    outcome.exit_code = results::exitCodeFor(outcome.now, interrupted);
  } catch (const results::BundleError& error) {  // a full disk
    outcome.trouble = error.what();
    outcome.exit_code = results::ExitCode::EnvironmentRefused;
  }
}

}  // namespace

ReplayOutcome replayRecord(const ReplayOrder& order) {
  ReplayOutcome outcome;
  outcome.then = findRecord(order.query);
  outcome.differences = loadRecordedPlugins(outcome.then.bundle, order.plugins);
  outcome.timing = timingOf(outcome.then, order.timing);
  Topology topology = Topology::ofThisMachine();
  const RecordedCell made =
      remakeCell(outcome.then, outcome.timing.timing, topology, memoryLimitsOfThisMachine());
  const bool has_bundle = !outcome.then.bundle.empty();
  const EnvironmentFacts then =
      has_bundle ? EnvironmentFacts::of(outcome.then.bundle) : EnvironmentFacts{};
  std::optional<results::Bundle> bundle;
  if (order.out) bundle.emplace(results::Bundle::create(*order.out));

  Session session(std::move(topology));
  const Plan plan{.suite = made.suite.name, .cells = {made.cell}};
  session.setFloors(measureFloors(plan, session.topology(), session.clock()));
  const std::string environment = describeEnvironment(session);
  if (bundle) {
    fillBundle(made, environment, *bundle);
    outcome.bundle = bundle->path();
  }
  outcome.is_environment_known = !then.all().empty();
  if (outcome.is_environment_known) {
    for (Difference& one : differencesBetween(then, {environment, "this machine"})) {
      outcome.differences.push_back(std::move(one));
    }
  }
  Replays replays(order, made, session, bundle);
  runAll(replays, outcome);
  return outcome;
}

}  // namespace ringside::harness
