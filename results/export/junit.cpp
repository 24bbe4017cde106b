#include "results/export/junit.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <sstream>
#include <system_error>

#include "results/export/exporter.hpp"
#include "results/export/xml_text.hpp"
#include "results/whole_file.hpp"

namespace ringside::results {
namespace {

struct Counts {
  std::uint64_t tests = 0;
  std::uint64_t failures = 0;
  std::uint64_t errors = 0;
  std::uint64_t skipped = 0;
  double seconds = 0;
};

double secondsOf(const JunitCase& one) {
  return std::isfinite(one.seconds) ? std::max(one.seconds, 0.0) : 0.0;
}

void add(Counts& counts, const JunitCase& one) {
  ++counts.tests;
  counts.failures += one.outcome.status == JunitStatus::Failure;
  counts.errors += one.outcome.status == JunitStatus::Error;
  counts.skipped += one.outcome.status == JunitStatus::Skipped;
  counts.seconds += secondsOf(one);
}

std::string attribute(std::string_view name, std::string_view value) {
  return fmt::format(" {}=\"{}\"", name, xmlAttribute(value));
}

std::string timeAttribute(double seconds) { return fmt::format(" time=\"{:.6f}\"", seconds); }

std::string countAttributes(const Counts& counts) {
  return fmt::format(" tests=\"{}\" failures=\"{}\" errors=\"{}\" skipped=\"{}\"", counts.tests,
                     counts.failures, counts.errors, counts.skipped) +
         timeAttribute(counts.seconds);
}

/// `<name attributes>text</name>`, or `<name attributes/>` without text.
std::string element(std::string_view name, const std::string& attributes, std::string_view text) {
  if (text.empty()) return fmt::format("<{}{}/>", name, attributes);
  return fmt::format("<{0}{1}>{2}</{0}>", name, attributes, xmlText(text));
}

/// A line of its own, unless it is empty.
std::string line(int depth, const std::string& content) {
  if (content.empty()) return "";
  return std::string(2 * static_cast<std::size_t>(depth), ' ') + content + "\n";
}

std::string outcomeElement(const JunitOutcome& outcome) {
  const std::string message = attribute("message", outcome.message);
  switch (outcome.status) {
    case JunitStatus::Failure:
      return element("failure", message + attribute("type", outcome.type), outcome.text);
    case JunitStatus::Error:
      return element("error", message + attribute("type", outcome.type), outcome.text);
    case JunitStatus::Skipped:
      return element("skipped", message, "");
    case JunitStatus::Passed:
      break;
  }
  return "";
}

std::string outputElement(std::string_view name, const std::string& output) {
  return output.empty() ? "" : element(name, "", output);
}

std::string caseElement(const JunitCase& one) {
  const std::string begin = "<testcase" + attribute("classname", one.classname) +
                            attribute("name", one.name) + timeAttribute(secondsOf(one));
  const std::string inside = line(3, outcomeElement(one.outcome)) +
                             line(3, outputElement("system-out", one.system_out)) +
                             line(3, outputElement("system-err", one.system_err));
  if (inside.empty()) return line(2, begin + "/>");
  return line(2, begin + ">") + inside + line(2, "</testcase>");
}

std::string propertiesElement(const JunitSuite& suite) {
  if (suite.properties.empty()) return "";
  std::string text = line(2, "<properties>");
  for (const auto& [name, value] : suite.properties) {
    text += line(3, "<property" + attribute("name", name) + attribute("value", value) + "/>");
  }
  return text + line(2, "</properties>");
}

std::string suiteElement(const JunitSuite& suite) {
  Counts counts;
  std::string cases;
  for (const JunitCase& one : suite.cases) {
    add(counts, one);
    cases += caseElement(one);
  }
  const std::time_t started = std::chrono::system_clock::to_time_t(suite.started);
  return line(1, "<testsuite" + attribute("name", suite.name) + countAttributes(counts) +
                     fmt::format(" timestamp=\"{:%Y-%m-%dT%H:%M:%S}\"", fmt::gmtime(started)) +
                     attribute("hostname", suite.hostname) + ">") +
         propertiesElement(suite) + cases + line(1, "</testsuite>");
}

/// The parts of a cell's name that are neither its suite nor in the classname.
std::string parametersOf(const Record& record) {
  std::istringstream parts(record.cell);
  std::string parameters;
  bool is_suite = true;
  for (std::string part; std::getline(parts, part, '/'); is_suite = false) {
    if (is_suite || part == record.axes.queue || part == record.axes.placement) continue;
    parameters += part + "/";
  }
  return parameters + fmt::format("repetition={}", record.repetition);
}

/// One testsuite for each suite, in the order in which they appear.
class Junit final : public Exporter {
 public:
  explicit Junit(const ExportTerms& terms) : facts_(terms.facts) {}

  void add(const Record& record) override {
    auto found = std::ranges::find(suites_, record.suite, &JunitSuite::name);
    if (found == suites_.end()) {
      suites_.push_back(suiteOf(record.suite));
      found = std::prev(suites_.end());
    }
    found->cases.push_back(junitCase(record));
  }

  std::vector<ExportedFile> files() const override { return {{"junit.xml", toJunit(suites_)}}; }

 private:
  JunitSuite suiteOf(const std::string& name) const {
    JunitSuite suite{.name = name, .started = facts_.began, .hostname = facts_.host};
    for (const auto& [key, value] : {std::pair{"bundle", facts_.bundle},
                                     {"cpu", facts_.cpu},
                                     {"kernel", facts_.kernel},
                                     {"machine", facts_.machine},
                                     {"revision", facts_.revision},
                                     {"ringside", facts_.version}}) {
      if (!value.empty()) suite.properties.emplace_back(key, value);
    }
    return suite;
  }

  RunFacts facts_;
  std::vector<JunitSuite> suites_;
};

}  // namespace

JunitOutcome junitOutcome(ExitCode code, std::string message) {
  const auto outcome = [&](JunitStatus status, const char* type) {
    return JunitOutcome{status, type, std::move(message), ""};
  };
  switch (code) {
    case ExitCode::Fine:
      return {};
    case ExitCode::Regression:
      return outcome(JunitStatus::Failure, "regression");
    case ExitCode::Integrity:
      return outcome(JunitStatus::Failure, "integrity");
    case ExitCode::Inconclusive:
    case ExitCode::EverythingSkipped:
      return outcome(JunitStatus::Skipped, "");
    case ExitCode::Invalid:
      return outcome(JunitStatus::Error, "invalid");
    case ExitCode::WorkerFailed:
      return outcome(JunitStatus::Error, "crash");
    case ExitCode::EnvironmentRefused:
      return outcome(JunitStatus::Error, "environment");
    case ExitCode::Usage:
      return outcome(JunitStatus::Error, "usage");
    case ExitCode::Interrupted:
      return outcome(JunitStatus::Error, "interrupted");
  }
  return outcome(JunitStatus::Error, "unknown");
}

JunitCase junitCase(const Record& record) {
  const ExitCode code = exitCodeFor({&record, 1}, Interrupted::No);
  return {
      .classname = fmt::format("{}.{}.{}", record.suite, record.axes.queue, record.axes.placement),
      .name = parametersOf(record),
      .seconds = record.seconds,
      .outcome = junitOutcome(code, record.reason.value_or(std::string(toString(code))))};
}

std::string toJunit(const std::vector<JunitSuite>& suites) {
  Counts counts;
  std::string inside;
  for (const JunitSuite& suite : suites) {
    for (const JunitCase& one : suite.cases) add(counts, one);
    inside += suiteElement(suite);
  }
  return "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" +
         line(0, "<testsuites" + countAttributes(counts) + ">") + inside + "</testsuites>\n";
}

void writeJunit(const std::filesystem::path& file, const std::vector<JunitSuite>& suites) {
  const int error = replaceFile(file, toJunit(suites));
  if (error == 0) return;
  throw std::system_error(error, std::generic_category(), file.string() + ": cannot be written");
}

std::unique_ptr<Exporter> makeJunit(const ExportTerms& terms) {
  return std::make_unique<Junit>(terms);
}

}  // namespace ringside::results
