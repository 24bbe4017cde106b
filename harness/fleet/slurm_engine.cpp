// Slurm: one job array for each node, its tasks being the rounds, one at a time. So all machines
// measure in the same hours, a machine that others use delays nobody else, and a lost one takes
// only its own tasks with it. Which array is which stands in submitted.json.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "harness/console.hpp"
#include "harness/fleet/engines.hpp"
#include "harness/fleet/job_script.hpp"
#include "harness/text_table.hpp"
#include "harness/usage_error.hpp"
#include "results/whole_file.hpp"

namespace ringside::harness {
namespace {

using nlohmann::ordered_json;

constexpr std::chrono::seconds kPatience{60};
constexpr std::chrono::seconds kPatienceForANode{600};
constexpr const char* kSubmitted = "submitted.json";
constexpr const char* kAdvice =
    "is this a machine from which jobs are submitted, and does `sinfo` answer there?";

struct SlurmNode {
  std::set<std::string> features = {};
  std::string state = {};  ///< "idle", "down*"
};
using SlurmNodes = std::map<std::string, SlurmNode>;

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> words;
  std::istringstream stream(text);
  for (std::string word; std::getline(stream, word, separator);) words.push_back(word);
  return words;
}

/// A node of several partitions stands there once for each.
SlurmNodes askForNodes() {
  const std::string lines =
      mustRun({"sinfo", "--noheader", "--Node", "--format=%N|%f|%T"}, kPatience, kAdvice);
  SlurmNodes nodes;
  for (const std::string& line : split(lines, '\n')) {
    const std::vector<std::string> words = split(line, '|');
    if (words.size() != 3) continue;
    const std::vector<std::string> features = split(words[1], ',');
    nodes[words[0]] = {{features.begin(), features.end()}, words[2]};
  }
  return nodes;
}

/// "n[1-3]" is written out by Slurm itself.
std::vector<std::string> expanded(const std::string& list) {
  if (list.find('[') == std::string::npos) return split(list, ',');
  return split(mustRun({"scontrol", "show", "hostnames", list}, kPatience, kAdvice), '\n');
}

std::string namesOf(const SlurmNodes& nodes) {
  std::vector<std::string> names;
  for (const auto& [name, node] : nodes) names.push_back(name);
  return fmt::format("{}", fmt::join(names, ", "));
}

std::vector<std::string> withFeature(const SlurmNodes& nodes, const std::string& feature) {
  std::vector<std::string> found;
  std::set<std::string> all;
  for (const auto& [name, node] : nodes) {
    all.insert(node.features.begin(), node.features.end());
    if (node.features.contains(feature)) found.push_back(name);
  }
  if (!found.empty()) return found;
  throw UsageError(fmt::format(
      "--constraint {}: no node has this feature; there are {}; name one of them, or use --nodes",
      feature, fmt::join(all, ", ")));
}

/// What the queue says of a task: its state, and why it waits or ended.
struct QueuedTask {
  std::string state;
  std::string reason;
};

/// "12_3", the task 3 of the array 12.
std::string taskId(const std::string& array, std::uint32_t round) {
  return fmt::format("{}_{}", array, round);
}

std::map<std::string, QueuedTask> askForQueue() {
  const std::string lines =
      mustRun({"squeue", "--me", "--noheader", "--array", "--states=all", "--format=%F_%K|%T|%r"},
              kPatience, kAdvice);
  std::map<std::string, QueuedTask> tasks;
  for (const std::string& line : split(lines, '\n')) {
    const std::vector<std::string> words = split(line, '|');
    if (words.size() == 3) tasks[words[0]] = {words[1], words[2]};
  }
  return tasks;
}

std::string lowered(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) {
    return c == '_' ? ' ' : static_cast<char>(std::tolower(c));
  });
  return text;
}

/// "down*" is one that does not answer; a drained one ends its jobs first.
bool isDown(const std::string& state) {
  return state.starts_with("down") || state.starts_with("fail");
}

class SlurmEngine : public FleetEngine {
 public:
  std::vector<FleetNode> nodesOf(const NodesAsked& asked) override {
    if (asked.nodes.empty() == asked.constraint.empty()) {
      throw UsageError(
          "--engine slurm: name either --nodes, such as a,b or n[1-4], or --constraint with a "
          "feature that the nodes have");
    }
    const SlurmNodes known = askForNodes();
    const std::vector<std::string> names =
        asked.nodes.empty() ? withFeature(known, asked.constraint) : expanded(asked.nodes);
    std::vector<FleetNode> nodes;
    for (const std::string& name : names) {
      if (!known.contains(name)) {
        throw UsageError(
            fmt::format("--nodes: Slurm has no node '{}'; `sinfo` names {}", name, namesOf(known)));
      }
      const std::string& state = known.at(name).state;
      if (isDown(state)) say("node {} is {}: its tasks wait until it is back\n", name, state);
      nodes.push_back({.name = nodeName(name), .place = name});
    }
    return nodes;
  }

  Command onNode(const FleetFolder& folder, const FleetNode& node,
                 const Command& command) override {
    Command whole = {"srun",
                     "--nodes=1",
                     "--ntasks=1",
                     "--exclusive",
                     "--cpu-bind=none",
                     "--nodelist=" + node.place,
                     "--chdir=" + folder.path().string()};
    addPassedOn(folder, whole);
    whole.insert(whole.end(), command.begin(), command.end());
    return whole;
  }

  std::vector<Command> startCommands(const FleetFolder& folder,
                                     const std::vector<FleetInstance>& instances) override {
    std::vector<Command> commands;
    for (const FleetNode& node : folder.fleet().nodes) {
      const std::vector<FleetInstance> own = ofNode(instances, node.name);
      if (!own.empty()) commands.push_back(submission(folder, node, own));
    }
    return commands;
  }

  void start(const FleetFolder& folder, const std::vector<FleetInstance>& instances,
             const results::Descriptor&) override {
    folder.write("slurm.sh", kSlurmScript);
    ordered_json submitted = submittedIn(folder);
    for (const FleetNode& node : folder.fleet().nodes) {
      const std::vector<FleetInstance> own = ofNode(instances, node.name);
      if (own.empty()) continue;
      const std::string answer =
          mustRun(submission(folder, node, own), kPatience,
                  fmt::format("what is submitted already goes on; when this is mended: ringside "
                              "fleet run --resume {}",
                              shellWord(folder.path().string())));
      const std::string array = answer.substr(0, answer.find_first_of(";\n"));
      say("node {}: job array {}, {}\n", node.name, array, counted(own.size(), "round"));
      for (const FleetInstance& one : own) submitted[one.name] = taskId(array, one.round);
      folder.write(kSubmitted, renderJson(submitted));
    }
  }

  void look(const FleetFolder& folder) override {
    submitted_ = submittedIn(folder);
    queue_ = askForQueue();
    nodes_ = askForNodes();
    folder_ = &folder;
  }

  Whereabouts whereIs(const FleetInstance& instance) override {
    const auto task = submitted_.find(instance.name);
    if (task == submitted_.end()) return {InstanceState::Lost, "it was never submitted"};
    const auto queued = queue_.find(task->get<std::string>());
    const std::string down = downText(instance);
    if (queued == queue_.end()) {
      return {InstanceState::Lost, down.empty() ? "Slurm knows nothing of it any more" : down};
    }
    const auto& [state, reason] = queued->second;
    if (state == "PENDING" || state == "CONFIGURING") {
      return {InstanceState::Waiting, down.empty() ? waitText(reason) : down};
    }
    const bool runs = state == "RUNNING" || state == "COMPLETING" || state == "SUSPENDED";
    if (runs && down.empty()) return {InstanceState::Running, ""};
    if (down.empty()) return {InstanceState::Lost, lowered(state)};
    return {InstanceState::Lost, down};
  }

 private:
  static void addPassedOn(const FleetFolder& folder, Command& command) {
    const auto& options = folder.fleet().passed_on;
    command.insert(command.end(), options.begin(), options.end());
  }

  static Command submission(const FleetFolder& folder, const FleetNode& node,
                            const std::vector<FleetInstance>& own) {
    std::vector<std::uint32_t> rounds;
    for (const FleetInstance& one : own) rounds.push_back(one.round);
    const std::string path = folder.path().string();
    Command command = {"sbatch",
                       "--parsable",
                       fmt::format("--job-name=ringside-{}", stemOf(node)),
                       "--nodelist=" + node.place,
                       "--nodes=1",
                       "--ntasks=1",
                       "--exclusive",
                       "--no-requeue",
                       fmt::format("--array={}%1", fmt::join(rounds, ",")),
                       "--chdir=" + path,
                       "--output=" + path + "/state/slurm-%A_%a.log"};
    addPassedOn(folder, command);
    command.push_back(path + "/slurm.sh");
    command.push_back(stemOf(node));
    return command;
  }

  static ordered_json submittedIn(const FleetFolder& folder) {
    const auto text = results::readFile(folder.path() / kSubmitted);
    const ordered_json json = ordered_json::parse(text.value_or("{}"), nullptr, false);
    if (json.is_object()) return json;
    throw UsageError(fmt::format("{} is damaged; put back the one that `ringside fleet run` wrote",
                                 (folder.path() / kSubmitted).string()));
  }

  /// Empty while its node is up.
  std::string downText(const FleetInstance& instance) const {
    const auto node = nodes_.find(nodeNamed(*folder_, instance.node).place);
    if (node == nodes_.end()) return "Slurm has no such node any more";
    return isDown(node->second.state) ? "node down" : "";
  }

  /// What one would not expect of a task in a queue.
  static std::string waitText(const std::string& reason) {
    constexpr std::string_view kExpected[] = {"None", "JobArrayTaskLimit", "Resources", "Priority"};
    const bool is_expected =
        std::find(std::begin(kExpected), std::end(kExpected), reason) != std::end(kExpected);
    return is_expected ? "" : reason;
  }

  const FleetFolder* folder_ = nullptr;
  ordered_json submitted_;
  std::map<std::string, QueuedTask> queue_;
  SlurmNodes nodes_;
};

}  // namespace

std::unique_ptr<FleetEngine> makeSlurmEngine() { return std::make_unique<SlurmEngine>(); }

}  // namespace ringside::harness
