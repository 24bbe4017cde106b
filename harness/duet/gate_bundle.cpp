#include "harness/duet/gate_bundle.hpp"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "harness/console.hpp"
#include "harness/contest_report.hpp"
#include "harness/environment.hpp"
#include "results/export/junit.hpp"
#include "results/whole_file.hpp"

namespace ringside::harness {
namespace {

constexpr const char* kSuiteFile = "scenario.toml";
/// GitHub drops a step's summary as a whole when it is longer than 1024 KiB; others may have
/// written to it before.
constexpr std::size_t kMostSummaryBytes = 900 * 1024;

/// What the metric alone would make of the gate.
results::ExitCode codeOf(const GateResult& result, const results::MetricVerdict& verdict) {
  using results::ExitCode;
  using results::GateVerdict;
  if (verdict.verdict == GateVerdict::Regressed) return ExitCode::Regression;
  if (verdict.verdict != GateVerdict::Inconclusive) return ExitCode::Fine;
  const ExitCode fault = faultOf(result, verdict);
  return fault == ExitCode::Fine ? ExitCode::Inconclusive : fault;
}

results::JunitCase junitCase(const std::string& suite, const std::string& cell,
                             const std::string& name, results::ExitCode code,
                             const std::string& reason) {
  results::JunitCase test;
  test.classname = fmt::format("gate.{}.{}", suite, cell);
  test.name = name;
  test.outcome = results::junitOutcome(code, reason);
  if (code == results::ExitCode::Fine) test.system_out = reason;
  return test;
}

results::JunitSuite junitOf(const GateResult& result, const GateHeading& heading) {
  results::JunitSuite suite;
  suite.name = "gate " + heading.suite;
  suite.started = std::chrono::system_clock::now();
  suite.hostname = hostName();
  suite.properties = {{"baseline", heading.baseline.value("label", "")},
                      {"candidate", heading.candidate.value("label", "")},
                      {"machine", heading.machine},
                      {"outcome", gateSentence(result)}};
  for (const results::MetricVerdict& verdict : result.verdicts) {
    if (!verdict.metric.gates) continue;
    suite.cases.push_back(junitCase(heading.suite, verdict.metric.cell, verdict.metric.name,
                                    codeOf(result, verdict), verdict.reason));
  }
  for (const NotGated& one : result.not_gated) {
    suite.cases.push_back(junitCase(heading.suite, one.cell, "not gated",
                                    results::ExitCode::EverythingSkipped, one.reason));
  }
  return suite;
}

}  // namespace

GateBundle::GateBundle(results::Bundle bundle) : bundle_(std::move(bundle)) {}

void GateBundle::begin(const std::string& suite, const std::string& environment) {
  bundle_.writeFile(kSuiteFile, suite);
  bundle_.writeFile("environment.json", environment);
}

std::filesystem::path GateBundle::suiteFile() const {
  return std::filesystem::absolute(path() / kSuiteFile);
}

void GateBundle::append(const KeptBlock& block) {
  const std::filesystem::path file = path() / "blocks.jsonl";
  const results::Descriptor descriptor(
      ::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  const std::string line = toJson(block) + "\n";
  const int failure =
      descriptor.number() < 0 ? errno : results::writeAll(descriptor.number(), line);
  if (failure == 0) return;
  throw results::BundleError(fmt::format("{}: a block cannot be written ({}); is the disk full?",
                                         file.string(), std::system_category().message(failure)));
}

void GateBundle::finish(const GateResult& result, const GateHeading& heading) {
  bundle_.writeFile("gate.json", renderGate(result, heading, Format::Json));
  bundle_.writeFile("gate.md", gateMarkdown(result, heading, kMostSummaryBytes));
  results::writeJunit(path() / "junit.xml", {junitOf(result, heading)});
}

GateHeading headingOf(const GateOrder& order, const std::filesystem::path& bundle) {
  const RunPlace place = placeOf(results::readFile(bundle / "environment.json").value_or(""));
  return {.suite = order.suite->name,
          .question = order.suite->question,
          .baseline = order.baseline->describe(),
          .candidate = order.candidate->describe(),
          .date = fmt::format("{:%FT%TZ}", fmt::gmtime(std::time(nullptr))),
          .machine = fmt::format("{}; {}", place.machine, place.build),
          .seed = order.seed,
          .terms = order.terms,
          .any_time = order.budget.has_value()};
}

void tellContinuousIntegration(const GateResult& result, const GateHeading& heading) {
  if (std::getenv("GITHUB_ACTIONS") != nullptr) say("{}", gateAnnotations(result));
  const char* const summary = std::getenv("GITHUB_STEP_SUMMARY");
  if (summary == nullptr || *summary == '\0') return;
  std::ofstream stream(summary, std::ios::app | std::ios::binary);
  stream << gateMarkdown(result, heading, kMostSummaryBytes) << "\n";
  stream.flush();
  if (!stream) say("ringside: {}: the summary cannot be written there\n", summary);
}

}  // namespace ringside::harness
