#include "harness/duet/gate_bundle.hpp"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <system_error>
#include <utility>

#include "harness/console.hpp"
#include "harness/contest_report.hpp"
#include "harness/environment.hpp"
#include "results/whole_file.hpp"

namespace ringside::harness {
namespace {

constexpr const char* kSuiteFile = "scenario.toml";

/// What the metric alone would make of the gate.
results::ExitCode codeOf(const GateResult& result, const results::MetricVerdict& verdict) {
  using results::ExitCode;
  using results::GateVerdict;
  if (verdict.verdict == GateVerdict::Regressed) return ExitCode::Regression;
  if (verdict.verdict != GateVerdict::Inconclusive) return ExitCode::Fine;
  const ExitCode fault = faultOf(result, verdict);
  return fault == ExitCode::Fine ? ExitCode::Inconclusive : fault;
}

results::JunitSuite junitOf(const GateResult& result, const GateHeading& heading) {
  results::JunitSuite suite = newJunitSuite(heading.verb, heading.suite);
  suite.properties = {{heading.sides[0], heading.baseline.value("label", "")},
                      {heading.sides[1], heading.candidate.value("label", "")},
                      {"machine", heading.machine},
                      {"outcome", gateSentence(result)}};
  for (const results::MetricVerdict& verdict : result.verdicts) {
    if (!verdict.metric.gates) continue;
    suite.cases.push_back(junitCase(suite, verdict.metric.cell, verdict.metric.name,
                                    codeOf(result, verdict), verdict.reason));
  }
  for (const NotGated& one : result.not_gated) {
    suite.cases.push_back(junitCase(
        suite, one.cell, "not gated",
        one.is_missed ? results::ExitCode::Inconclusive : results::ExitCode::EverythingSkipped,
        one.reason));
  }
  return suite;
}

}  // namespace

results::JunitSuite newJunitSuite(const std::string& verb, const std::string& suite) {
  results::JunitSuite junit;
  junit.name = fmt::format("{} {}", verb, suite);
  junit.started = std::chrono::system_clock::now();
  junit.hostname = hostName();
  return junit;
}

results::JunitCase junitCase(const results::JunitSuite& suite, const std::string& cell,
                             const std::string& name, results::ExitCode code,
                             const std::string& reason) {
  results::JunitCase test;
  std::string group = suite.name;
  std::replace(group.begin(), group.end(), ' ', '.');
  test.classname = group + "." + cell;
  test.name = name;
  test.outcome = results::junitOutcome(code, reason);
  if (code == results::ExitCode::Fine) test.system_out = reason;
  return test;
}

GateForms formsOf(const GateResult& result, const GateHeading& heading) {
  return {.name = "gate",
          .json = renderGate(result, heading, Format::Json),
          .markdown = gateMarkdown(result, heading, kMostSummaryBytes),
          .annotations = gateAnnotations(result, heading.verb),
          .junit = junitOf(result, heading)};
}

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

void GateBundle::finish(const GateForms& forms) {
  bundle_.writeFile(forms.name + ".json", forms.json);
  bundle_.writeFile(forms.name + ".md", forms.markdown);
  results::writeJunit(path() / "junit.xml", {forms.junit});
}

GateHeading headingOf(const GateOrder& order, const std::filesystem::path& bundle) {
  const RunPlace place = placeOf(results::readFile(bundle / "environment.json").value_or(""));
  return {.verb = order.verb,
          .suite = order.suite->name,
          .question = order.suite->question,
          .baseline = order.baseline->describe(),
          .candidate = order.candidate->describe(),
          .sides = {order.sides[0].name, order.sides[1].name},
          .columns = {order.sides[0].column, order.sides[1].column},
          .date = fmt::format("{:%FT%TZ}", fmt::gmtime(std::time(nullptr))),
          .machine = fmt::format("{}; {}", place.machine, place.build),
          .seed = order.seed,
          .terms = order.terms,
          .any_time = order.budget.has_value()};
}

void tellContinuousIntegration(const GateForms& forms) {
  if (std::getenv("GITHUB_ACTIONS") != nullptr) say("{}", forms.annotations);
  const char* const summary = std::getenv("GITHUB_STEP_SUMMARY");
  if (summary == nullptr || *summary == '\0') return;
  std::ofstream stream(summary, std::ios::app | std::ios::binary);
  stream << forms.markdown << "\n";
  stream.flush();
  if (!stream) say("ringside: {}: the summary cannot be written there\n", summary);
}

}  // namespace ringside::harness
