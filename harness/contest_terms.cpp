#include "harness/contest_terms.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>

#include "harness/toml_values.hpp"
#include "harness/usage_error.hpp"

namespace ringside::harness {
namespace {

constexpr double kMostExpected = 1000;
constexpr std::string_view kEveryone = "everyone";

class TermsReader {
 public:
  explicit TermsReader(std::string file) : file_{std::move(file)} {}

  ContestTerms read(const toml::table& suite) {
    ContestTerms terms;
    if (const toml::node* subjects = suite.get("subjects")) terms.subjects = texts(*subjects);
    const toml::node* lines = suite.get("expect");
    if (lines == nullptr) return terms;
    if (!terms.hasSubjects()) {
      file_.refuse(*lines,
                   "expect needs subjects; add subjects = [\"…\"], the queues that are "
                   "judged");
    }
    if (!lines->is_array_of_tables()) {
      file_.refuse(*lines,
                   "expect must be a list of tables, [{ subject = …, workload = …, "
                   "at_least = … }]");
    }
    for (const toml::node& line : *lines->as_array()) {
      terms.expectations.push_back(expectation(*line.as_table(), terms.subjects));
    }
    return terms;
  }

 private:
  std::vector<std::string> texts(const toml::node& node) const {
    const toml::array* list = node.as_array();
    if (list == nullptr || list->empty()) {
      file_.refuse(node, fmt::format("subjects is {}; it must be a list of queues", textOf(node)));
    }
    std::vector<std::string> found;
    for (const toml::node& element : *list) {
      if (!element.is_string()) {
        file_.refuse(element, fmt::format("subjects names {}; it must be the name of a queue",
                                          textOf(element)));
      }
      if (std::find(found.begin(), found.end(), **element.as_string()) != found.end()) {
        file_.refuse(element, fmt::format("subjects names {} twice", textOf(element)));
      }
      found.push_back(**element.as_string());
    }
    return found;
  }

  std::string text(const toml::table& line, std::string_view key, std::string_view what) const {
    const toml::node* node = line.get(key);
    if (node == nullptr) {
      file_.refuse(line,
                   fmt::format("an expectation has no {}; add {} = \"…\", {}", key, key, what));
    }
    if (!node->is_string()) {
      file_.refuse(*node, fmt::format("{} is {}; it must be {}", key, textOf(*node), what));
    }
    return **node->as_string();
  }

  ExpectationTerms expectation(const toml::table& line, const std::vector<std::string>& subjects) {
    file_.refuseUnknownKeys(line, "an expectation",
                            {"subject", "workload", "metric", "where", "against", "at_least"});
    ExpectationTerms terms;
    terms.subject = text(line, "subject", "one of the subjects");
    if (std::find(subjects.begin(), subjects.end(), terms.subject) == subjects.end()) {
      file_.refuse(*line.get("subject"), fmt::format("subject is '{}'; it must be one of {}",
                                                     terms.subject, fmt::join(subjects, ", ")));
    }
    terms.workload = text(line, "workload", "one that is judged, such as throughput");
    const auto measures = results::measuresOf(terms.workload);
    if (measures.empty()) {
      file_.refuse(*line.get("workload"),
                   fmt::format("workload is '{}'; it must be one that is judged: throughput, "
                               "ping_pong, stream, duplex, snapshot, paced or slo",
                               terms.workload));
    }
    if (line.contains("metric")) terms.metric = text(line, "metric", "a measure of the workload");
    const bool is_known =
        std::find(measures.begin(), measures.end(), terms.metric) != measures.end();
    if (!terms.metric.empty() && !is_known) {
      file_.refuse(*line.get("metric"),
                   fmt::format("metric is '{}'; {} is judged by {}", terms.metric, terms.workload,
                               fmt::join(measures, ", ")));
    }
    terms.where = conditions(line, "where", axesOfCells());
    terms.asks_everyone = line["against"].value<std::string_view>() == kEveryone;
    if (!terms.asks_everyone) terms.against = conditions(line, "against", axesWithinAContest());
    terms.at_least = ratio(line);
    return terms;
  }

  /// All but the queue, which the subject says.
  static std::vector<std::string_view> axesOfCells() {
    std::vector<std::string_view> names;
    for (const Axis& axis : allAxes()) {
      if (axis.name != "queue") names.push_back(axis.name);
    }
    return names;
  }
  /// See results::contestOf(): in the others, all that are compared are alike.
  static std::vector<std::string_view> axesWithinAContest() { return {"tuning", "wait"}; }

  std::vector<AxisCondition> conditions(const toml::table& line, std::string_view key,
                                        const std::vector<std::string_view>& known) const {
    std::vector<AxisCondition> found;
    const toml::node* node = line.get(key);
    if (node == nullptr) return found;
    if (!node->is_table()) {
      file_.refuse(*node, fmt::format("{} is {}; it must be a table of axes, {{ capacity = 1024 }}",
                                      key, textOf(*node)));
    }
    file_.refuseUnknownKeys(*node->as_table(), key, known);
    for (const auto& [name, value] : *node->as_table()) {
      const Axis* axis = findAxis(name.str());
      found.push_back({axis, axisValues(*axis, value, file_.at(value))});
    }
    return found;
  }

  double ratio(const toml::table& line) const {
    const toml::node* node = line.get("at_least");
    if (node == nullptr) {
      file_.refuse(line,
                   "an expectation has no at_least; add at_least = 1.2, the ratio to the "
                   "best comparator, above 1 being better");
    }
    const std::optional<double> value = node->value<double>();
    if (!node->is_number() || !(*value > 0) || *value > kMostExpected) {
      file_.refuse(*node, fmt::format("at_least is {}; it must be a number above 0, at most {}",
                                      textOf(*node), kMostExpected));
    }
    return *value;
  }

  TomlFile file_;
};

bool holds(const AxisCondition& condition, const results::Axes& axes) {
  return std::any_of(condition.values.begin(), condition.values.end(), [&](const AxisValue& value) {
    results::Axes changed = axes;
    condition.axis->set(changed, value);
    return changed == axes;
  });
}

bool hold(const std::vector<AxisCondition>& conditions, const results::Axes& axes) {
  return std::all_of(conditions.begin(), conditions.end(),
                     [&](const AxisCondition& condition) { return holds(condition, axes); });
}

std::string plain(const AxisValue& value) {
  const auto* text = std::get_if<std::string>(&value);
  return text != nullptr ? *text : toString(value);
}

std::string tomlOf(const std::vector<AxisCondition>& conditions) {
  std::vector<std::string> parts;
  for (const AxisCondition& condition : conditions) {
    std::vector<std::string> values;
    for (const AxisValue& value : condition.values) values.push_back(toString(value));
    parts.push_back(fmt::format("{} = [{}]", condition.axis->name, fmt::join(values, ", ")));
  }
  return fmt::format("{{ {} }}", fmt::join(parts, ", "));
}

}  // namespace

ContestTerms contestTermsOf(const toml::table& suite, const std::string& file) {
  return TermsReader(file).read(suite);
}

ContestTerms readContestTerms(const std::filesystem::path& file) {
  try {
    const toml::table root = toml::parse_file(file.string());
    const toml::table* suite = root["suite"].as_table();
    return suite == nullptr ? ContestTerms{} : contestTermsOf(*suite, file.string());
  } catch (const toml::parse_error& error) {
    throw UsageError(fmt::format("{}:{}: this is no TOML, or cannot be read: {}", file.string(),
                                 error.source().begin.line, error.description()));
  }
}

std::string toToml(const ContestTerms& terms) {
  if (!terms.hasSubjects()) return {};
  std::vector<std::string> subjects;
  for (const std::string& subject : terms.subjects) subjects.push_back("'" + subject + "'");
  std::string text = fmt::format("subjects = [{}]\n", fmt::join(subjects, ", "));
  if (terms.expectations.empty()) return text;
  text += "expect = [\n";
  for (const ExpectationTerms& line : terms.expectations) {
    text += fmt::format("  {{ subject = '{}', workload = '{}'", line.subject, line.workload);
    if (!line.metric.empty()) text += fmt::format(", metric = '{}'", line.metric);
    if (!line.where.empty()) text += ", where = " + tomlOf(line.where);
    if (!line.against.empty()) text += ", against = " + tomlOf(line.against);
    if (line.asks_everyone) text += fmt::format(", against = '{}'", kEveryone);
    text += fmt::format(", at_least = {} }},\n", line.at_least);
  }
  return text + "]\n";
}

std::string toString(const std::vector<AxisCondition>& conditions) {
  std::vector<std::string> parts;
  for (const AxisCondition& condition : conditions) {
    std::vector<std::string> values;
    for (const AxisValue& value : condition.values) values.push_back(plain(value));
    parts.push_back(fmt::format("{}={}", condition.axis->name, fmt::join(values, " or ")));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

results::Expectation toExpectation(const ExpectationTerms& terms) {
  results::Expectation expectation{.subject = terms.subject,
                                   .metric = terms.metric,
                                   .covers =
                                       [terms](const results::Axes& axes) {
                                         return axes.workload == terms.workload &&
                                                hold(terms.where, axes);
                                       },
                                   .is_yardstick = nullptr,
                                   .asks_everyone = terms.asks_everyone,
                                   .at_least = terms.at_least};
  if (terms.against.empty()) return expectation;
  expectation.is_yardstick = [terms](const results::Axes& axes) {
    return axes.queue == terms.subject && hold(terms.against, axes);
  };
  return expectation;
}

}  // namespace ringside::harness
