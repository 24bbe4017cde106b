#include "harness/scenario.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <toml++/toml.h>

#include <algorithm>
#include <optional>
#include <set>
#include <sstream>

#include "harness/override.hpp"
#include "harness/registry.hpp"
#include "harness/toml_values.hpp"
#include "harness/usage_error.hpp"
#include "results/whole_file.hpp"

namespace ringside::harness {
namespace {

constexpr std::string_view kWorkloadNames[kWorkloadCount] = {
    "throughput", "ping_pong", "stream", "duplex", "snapshot", "paced", "slo"};
constexpr std::size_t kMaxNameLength = 60;
constexpr std::string_view kAllQueues = "all";

struct TimingKey {
  std::string_view name;
  std::uint64_t Timing::*field;
  std::uint64_t lowest;
  std::uint64_t highest;
};
constexpr TimingKey kTimingKeys[] = {
    {"repetitions", &Timing::repetitions, 1, 1000},
    {"warmup_ms", &Timing::warmup_ms, 0, 60'000},
    {"duration_ms", &Timing::duration_ms, 1, 600'000},
};

const TimingKey* findTimingKey(std::string_view name) {
  for (const TimingKey& key : kTimingKeys) {
    if (key.name == name) return &key;
  }
  return nullptr;
}

/// Reads one file, and remembers its name for the messages.
class Reader {
 public:
  explicit Reader(const std::filesystem::path& file) : file_(file.string()), here_{file_} {}

  Suite read(const std::vector<std::string>& overrides);

 private:
  Where at(const toml::node& node) const { return here_.at(node); }
  [[noreturn]] void refuse(const toml::node& node, const std::string& what) const {
    here_.refuse(node, what);
  }
  void refuseUnknownKeys(const toml::table& table, std::string_view what,
                         const std::vector<std::string_view>& known) const {
    here_.refuseUnknownKeys(table, what, known);
  }

  std::string contentOf(const std::filesystem::path& file) const;
  const toml::table* table(const toml::table& parent, std::string_view key) const;
  std::string name(const toml::table& parent, std::string_view owner) const;
  std::string text(const toml::table& parent, std::string_view key, std::string_view owner) const;
  Scenario scenario(const toml::table& table, const Timing& timing,
                    const std::vector<Sweep>& defaults) const;
  void readSetting(std::string_view key, const toml::node& value, Timing& timing,
                   std::vector<Sweep>& sweeps, const Where& where) const;
  Sweep sweep(const Axis& axis, const toml::node& value, const Where& where) const;
  void applyOverride(const std::string& text, Scenario& scenario) const;

  ContestTerms contestTerms(const toml::table& suite) const;

  std::string file_;
  TomlFile here_;
};

std::vector<std::string_view> axisNames() {
  std::vector<std::string_view> names;
  for (const Axis& axis : allAxes()) names.push_back(axis.name);
  return names;
}

std::vector<std::string_view> settingNames() {
  std::vector<std::string_view> names = axisNames();
  for (const TimingKey& key : kTimingKeys) names.push_back(key.name);
  return names;
}

void put(std::vector<Sweep>& sweeps, Sweep sweep) {
  for (Sweep& old : sweeps) {
    if (old.axis != sweep.axis) continue;
    old = std::move(sweep);
    return;
  }
  sweeps.push_back(std::move(sweep));
}

std::string Reader::contentOf(const std::filesystem::path& file) const {
  std::error_code ignored;
  if (std::filesystem::is_directory(file, ignored)) {
    throw UsageError(fmt::format("{}: this is a folder; name a scenario file in it", file_));
  }
  std::optional<std::string> content = results::readFile(file);
  if (!content) {
    throw UsageError(
        fmt::format("{}: there is no such scenario file, or it cannot be read; "
                    "`ringside list` names those that are here",
                    file_));
  }
  return std::move(*content);
}

const toml::table* Reader::table(const toml::table& parent, std::string_view key) const {
  const toml::node* node = parent.get(key);
  if (node == nullptr) return nullptr;
  if (!node->is_table()) refuse(*node, fmt::format("'{}' must be a table, [{}]", key, key));
  return node->as_table();
}

std::string Reader::text(const toml::table& parent, std::string_view key,
                         std::string_view owner) const {
  const toml::node* node = parent.get(key);
  if (node == nullptr) refuse(parent, fmt::format("{} has no {}; add {} = \"…\"", owner, key, key));
  if (!node->is_string()) {
    refuse(*node, fmt::format("{} is {}; it must be a string", key, textOf(*node)));
  }
  return **node->as_string();
}

/// Names become parts of file and cell names.
std::string Reader::name(const toml::table& parent, std::string_view owner) const {
  const std::string name = text(parent, "name", owner);
  const bool plain = std::all_of(name.begin(), name.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '-' || c == '_';
  });
  if (!plain || name.empty() || name.size() > kMaxNameLength) {
    refuse(*parent.get("name"), fmt::format("name is '{}'; it must be 1 to {} letters, digits, "
                                            "'-' or '_'",
                                            name, kMaxNameLength));
  }
  return name;
}

/// All queues that there are, or those that are named.
Sweep Reader::sweep(const Axis& axis, const toml::node& node, const Where& where) const {
  Sweep sweep{.axis = &axis, .values = {}, .where = where};
  sweep.is_all = axis.name == "queue" && node.value<std::string_view>() == kAllQueues;
  if (!sweep.is_all) {
    sweep.values = axisValues(axis, node, where);
    return sweep;
  }
  for (const QueueEntry& queue : allQueues()) sweep.values.emplace_back(std::string(queue.name));
  return sweep;
}

/// A timing key or an axis; the caller has checked that the key is known.
void Reader::readSetting(std::string_view key, const toml::node& node, Timing& timing,
                         std::vector<Sweep>& sweeps, const Where& where) const {
  if (const TimingKey* known = findTimingKey(key)) {
    const Axis as_axis{.name = known->name,
                       .type = Axis::Type::Count,
                       .summary = {},
                       .default_value = {},
                       .lowest = known->lowest,
                       .highest = known->highest};
    timing.*(known->field) = std::get<std::uint64_t>(axisValue(as_axis, node, where));
    return;
  }
  put(sweeps, sweep(*findAxis(key), node, where));
}

std::optional<Workload> parseWorkload(std::string_view name) {
  for (std::size_t i = 0; i < kWorkloadCount; ++i) {
    if (kWorkloadNames[i] == name) return static_cast<Workload>(i);
  }
  return std::nullopt;
}

Scenario Reader::scenario(const toml::table& table, const Timing& timing,
                          const std::vector<Sweep>& defaults) const {
  std::vector<std::string_view> known = settingNames();
  known.insert(known.end(), {"name", "workload", "sweep", "gate"});
  refuseUnknownKeys(table, "[[scenario]]", known);
  Scenario scenario{.name = name(table, "this scenario"),
                    .timing = timing,
                    .sweeps = defaults,
                    .where = at(table)};
  const std::string workload = text(table, "workload", "this scenario");
  const std::optional<Workload> parsed = parseWorkload(workload);
  if (!parsed) {
    const std::vector<std::string_view> names(std::begin(kWorkloadNames), std::end(kWorkloadNames));
    refuse(*table.get("workload"),
           fmt::format("unknown workload '{}'{}; known are {}", workload,
                       suggestion(workload, names), fmt::join(names, ", ")));
  }
  scenario.workload = *parsed;
  const toml::table* gate = this->table(table, "gate");
  scenario.gate = gate == nullptr ? usualGate(*parsed) : gateOf(*gate, here_, *parsed);
  const toml::table* sweeps = this->table(table, "sweep");
  if (sweeps != nullptr) refuseUnknownKeys(*sweeps, "[scenario.sweep]", axisNames());
  for (const auto& [key, node] : table) {
    if (findAxis(key.str()) == nullptr && findTimingKey(key.str()) == nullptr) continue;
    if (sweeps != nullptr && sweeps->contains(key.str())) {
      refuse(node, fmt::format("{} stands in the scenario and in its sweep; keep one", key.str()));
    }
    readSetting(key.str(), node, scenario.timing, scenario.sweeps, at(node));
  }
  if (sweeps == nullptr) return scenario;
  for (const auto& [key, node] : *sweeps) {
    readSetting(key.str(), node, scenario.timing, scenario.sweeps, at(node));
  }
  return scenario;
}

void Reader::applyOverride(const std::string& text, Scenario& scenario) const {
  const Where where{"-a " + text};
  const std::size_t equals = text.find('=');
  const std::string key = trimmed(text.substr(0, equals));
  const std::vector<std::string_view> known = settingNames();
  if (equals == std::string::npos || text.find_first_of("\r\n") != std::string::npos) {
    throw UsageError(fmt::format("{}: write KEY=VALUE, on one line", where.text));
  }
  if (std::find(known.begin(), known.end(), key) == known.end()) {
    throw UsageError(fmt::format("{}: unknown key '{}'{}; write KEY=VALUE with one of {}",
                                 where.text, key, suggestion(key, known), fmt::join(known, ", ")));
  }
  const toml::table parsed = parseRightSide(trimmed(text.substr(equals + 1)));
  readSetting(key, *parsed.get("value"), scenario.timing, scenario.sweeps, where);
}

void refuseRepeatedOverrides(const std::vector<std::string>& overrides) {
  std::set<std::string> keys;
  for (const std::string& text : overrides) {
    const std::string key = trimmed(text.substr(0, text.find('=')));
    if (!keys.insert(key).second) {
      throw UsageError(fmt::format("-a {}: {} is set twice; several values are a list, {}=[1,2]",
                                   text, key, key));
    }
  }
}

/// Every axis once, in the order of the table: given, or its default.
std::vector<Sweep> completed(const Scenario& scenario) {
  std::vector<Sweep> complete;
  for (const Axis& axis : allAxes()) {
    const auto given = std::find_if(scenario.sweeps.begin(), scenario.sweeps.end(),
                                    [&](const Sweep& sweep) { return sweep.axis == &axis; });
    if (given != scenario.sweeps.end()) {
      complete.push_back(*given);
    } else if (!axis.default_value.empty()) {
      complete.push_back({&axis, {defaultValue(axis)}, scenario.where});
    } else {
      throw UsageError(fmt::format("{}: scenario '{}' names no {}; add {} = [\"…\"] to its sweep",
                                   scenario.where.text, scenario.name, axis.name, axis.name));
    }
  }
  return complete;
}

ContestTerms Reader::contestTerms(const toml::table& suite) const {
  ContestTerms terms = contestTermsOf(suite, file_);
  const Axis& queues = *findAxis("queue");
  for (const std::string& subject : terms.subjects) {
    checkValue(queues, subject, {at(*suite.get("subjects")).text + ": subjects"});
  }
  return terms;
}

Suite Reader::read(const std::vector<std::string>& overrides) {
  Suite suite;
  suite.text = contentOf(file_);
  suite.folder = std::filesystem::path(file_).parent_path();
  toml::table root;
  try {
    root = toml::parse(suite.text, file_);
  } catch (const toml::parse_error& error) {
    throw UsageError(fmt::format("{}:{}: this is no TOML: {}", file_, error.source().begin.line,
                                 error.description()));
  }
  refuseUnknownKeys(root, "the file", {"suite", "defaults", "scenario"});
  const toml::table* suite_table = table(root, "suite");
  if (suite_table == nullptr) refuse(root, "there is no [suite] table with name and question");
  refuseUnknownKeys(*suite_table, "[suite]", {"name", "question", "subjects", "expect"});
  suite.name = name(*suite_table, "[suite]");
  suite.question = text(*suite_table, "question", "[suite]");
  suite.contest = contestTerms(*suite_table);

  Timing timing;
  std::vector<Sweep> defaults;
  if (const toml::table* given = table(root, "defaults")) {
    refuseUnknownKeys(*given, "[defaults]", settingNames());
    for (const auto& [key, node] : *given) {
      readSetting(key.str(), node, timing, defaults, at(node));
    }
  }
  const toml::node* scenarios = root.get("scenario");
  if (scenarios == nullptr) refuse(root, "there is no [[scenario]]; a suite needs at least one");
  if (!scenarios->is_array_of_tables()) refuse(*scenarios, "write [[scenario]], with two brackets");
  std::set<std::string> names;
  for (const toml::node& node : *scenarios->as_array()) {
    Scenario next = scenario(*node.as_table(), timing, defaults);
    if (!names.insert(next.name).second) {
      refuse(node,
             fmt::format("two scenarios are called '{}'; a cell is named after it", next.name));
    }
    for (const std::string& text : overrides) applyOverride(text, next);
    next.sweeps = completed(next);
    suite.scenarios.push_back(std::move(next));
  }
  return suite;
}

}  // namespace

std::string_view toString(Workload workload) { return kWorkloadNames[index(workload)]; }

std::string toToml(const Suite& suite) {
  const auto quoted = [](const std::string& text) {
    std::ostringstream stream;
    stream << toml::value<std::string>(text);
    return stream.str();
  };
  std::string text = fmt::format("[suite]\nname = {}\nquestion = {}\n{}", quoted(suite.name),
                                 quoted(suite.question), toToml(suite.contest));
  for (const Scenario& scenario : suite.scenarios) {
    text += fmt::format("\n[[scenario]]\nname = {}\nworkload = {}\n", quoted(scenario.name),
                        quoted(std::string(toString(scenario.workload))));
    for (const TimingKey& key : kTimingKeys) {
      text += fmt::format("{} = {}\n", key.name, scenario.timing.*key.field);
    }
    text += "[scenario.sweep]\n";
    for (const Sweep& sweep : scenario.sweeps) {
      if (sweep.is_all) {
        text += fmt::format("{} = '{}'\n", sweep.axis->name, kAllQueues);
        continue;
      }
      std::vector<std::string> values;
      for (const AxisValue& value : sweep.values) values.push_back(toString(value));
      text += fmt::format("{} = [{}]\n", sweep.axis->name, fmt::join(values, ", "));
    }
    text += toToml(scenario.gate);
  }
  return text;
}

Suite readSuite(const std::filesystem::path& file, const std::vector<std::string>& overrides) {
  refuseRepeatedOverrides(overrides);
  return Reader(file).read(overrides);
}

}  // namespace ringside::harness
