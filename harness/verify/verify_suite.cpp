#include "harness/verify/verify_suite.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <toml++/toml.h>

#include <algorithm>
#include <sstream>

#include "harness/axes.hpp"
#include "harness/override.hpp"
#include "harness/usage_error.hpp"
#include "harness/verify/snapshot.hpp"
#include "results/whole_file.hpp"

namespace ringside::harness {
namespace {

struct Number {
  std::string_view name;
  std::uint64_t Campaign::*field;
  std::uint64_t lowest;
  std::uint64_t highest;
};
constexpr Number kNumbers[] = {
    {"seed", &Campaign::seed, 0, 1ULL << 62},
    {"element_size_bytes", &Campaign::element_size_bytes, 8, 4096},
    {"kill_points", &Campaign::kill_points, 1, 100'000},
    {"stop_points", &Campaign::stop_points, 1, 100'000},
    {"wake_points", &Campaign::wake_points, 1, 100'000},
    {"storms", &Campaign::storms, 1, 1'000'000},
    {"kills_per_storm", &Campaign::kills_per_storm, 1, 60},
    {"rounds", &Campaign::rounds, 1, 1'000'000},
};

std::string textOf(const toml::node& node) {
  std::ostringstream text;
  node.visit([&](const auto& value) { text << value; });
  return text.str();
}

class CampaignReader {
 public:
  explicit CampaignReader(std::string where) : where_(std::move(where)) {}

  void read(const toml::table& verify) {
    for (const auto& [key, node] : verify) readKey(key.str(), node);
    if (campaign_.name.empty()) refuse(verify, "[verify] has no name; add name = \"…\"");
  }
  void readKey(std::string_view key, const toml::node& node) {
    if (key == "name") {
      campaign_.name = plainName(node);
    } else if (key == "question") {
      campaign_.question = text(key, node);
    } else if (key == "queues") {
      campaign_.queues.clear();
      for (const std::string& name : names(key, node)) {
        campaign_.queues.push_back(queue(node, name));
      }
    } else if (key == "faults") {
      campaign_.faults.clear();
      for (const std::string& name : names(key, node)) {
        campaign_.faults.push_back(fault(node, name));
      }
    } else if (key == "capacities") {
      readCapacities(node);
    } else if (key == "expect") {
      readExpected(node);
    } else {
      readNumber(key, node);
    }
  }
  /// What is read from here on is not of the file.
  void leaveFile(std::string where) {
    where_ = std::move(where);
    in_file_ = false;
  }
  Campaign take() {
    if (campaign_.queues.empty()) {
      for (const QueueEntry& entry : allQueues()) campaign_.queues.push_back(&entry);
      for (const SnapshotEntry& one : allSnapshots()) campaign_.queues.push_back(&one.entry);
    }
    for (const QueueEntry* queue : campaign_.queues) {
      if (queue->trouble.empty()) continue;
      throw UsageError(fmt::format("queues: {} of {} cannot be tried: {}; mend it, or leave it out",
                                   queue->name, queue->origin, queue->trouble));
    }
    if (campaign_.faults.empty()) campaign_.faults = possibleFaultKinds();
    return std::move(campaign_);
  }

 private:
  [[noreturn]] void refuse(const toml::node& node, const std::string& what) const {
    const auto line = node.source().begin.line;
    throw UsageError(line > 0 && in_file_ ? fmt::format("{}:{}: {}", where_, line, what)
                                          : fmt::format("{}: {}", where_, what));
  }

  std::string text(std::string_view key, const toml::node& node) const {
    if (!node.is_string()) {
      refuse(node, fmt::format("{} is {}; it must be a string", key, textOf(node)));
    }
    return **node.as_string();
  }
  std::string plainName(const toml::node& node) const {
    constexpr std::size_t kMostLength = 60;
    const std::string name = text("name", node);
    const bool plain = std::all_of(name.begin(), name.end(), [](unsigned char c) {
      return std::isalnum(c) != 0 || c == '-' || c == '_';
    });
    if (plain && !name.empty() && name.size() <= kMostLength) return name;
    refuse(node, fmt::format("name is '{}'; it must be 1 to {} letters, digits, '-' or '_'", name,
                             kMostLength));
  }
  /// One string, or a list of them, none twice: a finding is called after them.
  std::vector<std::string> names(std::string_view key, const toml::node& node) const {
    if (node.is_string()) return {text(key, node)};
    std::vector<std::string> all;
    if (const toml::array* list = node.as_array()) {
      for (const toml::node& element : *list) all.push_back(text(key, element));
    }
    if (all.empty()) {
      refuse(node, fmt::format("{} is {}; it must be a list of names, with at least one", key,
                               textOf(node)));
    }
    for (auto name = all.begin(); name != all.end(); ++name) {
      if (std::find(all.begin(), name, *name) == name) continue;
      refuse(node, fmt::format("{} names '{}' twice; once is enough", key, *name));
    }
    return all;
  }
  const QueueEntry* queue(const toml::node& node, const std::string& name) const {
    if (const QueueEntry* entry = findQueue(name)) return entry;
    if (const SnapshotEntry* one = findSnapshot(name)) return &one->entry;
    for (const QueueEntry& absent : absentQueues()) {
      if (absent.name == name) return &absent;
    }
    std::vector<std::string_view> known;
    for (const QueueEntry& entry : allQueues()) known.push_back(entry.name);
    for (const SnapshotEntry& one : allSnapshots()) known.push_back(one.entry.name);
    refuse(node, fmt::format("there is no queue '{}'{}; known are {}", name,
                             suggestion(name, known), fmt::join(known, ", ")));
  }
  FaultKind fault(const toml::node& node, const std::string& name) const {
    std::vector<std::string_view> known;
    for (const FaultKind kind : allFaultKinds()) {
      if (toString(kind) == name) return kind;
      known.push_back(toString(kind));
    }
    refuse(node, fmt::format("there is no fault '{}'{}; known are {}", name,
                             suggestion(name, known), fmt::join(known, ", ")));
  }
  std::uint64_t number(std::string_view key, const toml::node& node, std::uint64_t lowest,
                       std::uint64_t highest) const {
    const auto value = node.value<std::int64_t>();
    const bool fits = node.is_integer() && value && *value >= 0 &&
                      static_cast<std::uint64_t>(*value) >= lowest &&
                      static_cast<std::uint64_t>(*value) <= highest;
    if (fits) return static_cast<std::uint64_t>(*value);
    refuse(node, fmt::format("{} is {}; it must be a number from {} to {}", key, textOf(node),
                             lowest, highest));
  }
  void readCapacities(const toml::node& node) {
    const toml::array* list = node.as_array();
    if (list == nullptr || list->empty()) {
      refuse(node, fmt::format("capacities is {}; it must be a list of numbers", textOf(node)));
    }
    campaign_.capacities.clear();
    for (const toml::node& element : *list) {
      campaign_.capacities.push_back(number("a capacity", element, 1, kMostTrialCapacity));
    }
  }
  void readExpected(const toml::node& node) {
    if (!node.is_table()) refuse(node, "'expect' must be a table, [verify.expect]");
    for (const auto& [name, value] : *node.as_table()) {
      if (findMeasured(name.str()) == nullptr) continue;  // of an adapter that was not built here
      const auto progress = parseProgressClass(text(name.str(), value));
      if (!progress) {
        refuse(value, fmt::format("{} is expected to be {}; it must be survives, stalls, loses or "
                                  "corrupts",
                                  name.str(), textOf(value)));
      }
      campaign_.expected[std::string(name.str())] = *progress;
    }
  }
  void readNumber(std::string_view key, const toml::node& node) {
    std::vector<std::string_view> known = {"name",   "question",   "queues",
                                           "faults", "capacities", "expect"};
    for (const Number& row : kNumbers) {
      if (row.name == key) {
        campaign_.*row.field = number(key, node, row.lowest, row.highest);
        return;
      }
      known.push_back(row.name);
    }
    refuse(node, fmt::format("unknown key '{}' in [verify]{}; known are {}", key,
                             suggestion(key, known), fmt::join(known, ", ")));
  }

  std::string where_;
  bool in_file_ = true;
  Campaign campaign_;
};

toml::table parse(std::string_view text, const std::string& where) {
  try {
    return toml::parse(text, where);
  } catch (const toml::parse_error& error) {
    throw UsageError(fmt::format("{}:{}: {}", where, error.source().begin.line,
                                 std::string(error.description())));
  }
}

/// "KEY=VALUE".
void apply(CampaignReader& reader, const std::string& change) {
  const std::string where = fmt::format("--set '{}'", change);
  const std::size_t equals = change.find('=');
  if (equals == 0 || equals == std::string::npos ||
      change.find_first_of("\r\n") != std::string::npos) {
    throw UsageError(fmt::format("{}: it must be KEY=VALUE on one line, such as seed=7", where));
  }
  const std::string key = trimmed(change.substr(0, equals));
  const toml::table table = parseRightSide(change.substr(equals + 1));
  reader.leaveFile(where);
  reader.readKey(key, *table.get("value"));
}

}  // namespace

Campaign readCampaign(const std::filesystem::path& file,
                      const std::vector<std::string>& overrides) {
  const std::optional<std::string> content = results::readFile(file);
  if (!content) {
    throw UsageError(
        fmt::format("{}: there is no such file, or it cannot be read; "
                    "scenarios/verify/ has those that are here",
                    file.string()));
  }
  const toml::table root = parse(*content, file.string());
  const toml::table* verify = root["verify"].as_table();
  if (verify == nullptr || root.size() != 1) {
    throw UsageError(fmt::format("{}: a campaign has one table, [verify], and this has {}",
                                 file.string(), verify == nullptr ? "none" : "others beside it"));
  }
  CampaignReader reader(file.string());
  reader.read(*verify);
  for (const std::string& change : overrides) apply(reader, change);
  Campaign campaign = reader.take();
  campaign.text = *content;
  return campaign;
}

std::string toToml(const Campaign& campaign) {
  toml::table verify;
  verify.insert("name", campaign.name);
  verify.insert("question", campaign.question);
  toml::array queues;
  for (const QueueEntry* queue : campaign.queues) queues.push_back(queue->name);
  verify.insert("queues", std::move(queues));
  toml::array faults;
  for (const FaultKind fault : campaign.faults) faults.push_back(toString(fault));
  verify.insert("faults", std::move(faults));
  toml::array capacities;
  for (const std::uint64_t capacity : campaign.capacities) {
    capacities.push_back(static_cast<std::int64_t>(capacity));
  }
  verify.insert("capacities", std::move(capacities));
  for (const Number& row : kNumbers) {
    verify.insert(row.name, static_cast<std::int64_t>(campaign.*row.field));
  }
  toml::table expected;
  for (const auto& [queue, progress] : campaign.expected) {
    expected.insert(queue, toString(progress));
  }
  if (!expected.empty()) verify.insert("expect", std::move(expected));
  std::ostringstream text;
  text << toml::table{{"verify", std::move(verify)}} << '\n';
  return text.str();
}

}  // namespace ringside::harness
