// Hosts that plain ssh reaches without a question. Everything is copied to each; what starts the
// instances of a host is left alone there and needs nobody to stay logged in.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <map>
#include <set>
#include <sstream>
#include <stdexcept>

#include "harness/console.hpp"
#include "harness/duet/tool_call.hpp"
#include "harness/fleet/engines.hpp"
#include "harness/usage_error.hpp"
#include "results/whole_file.hpp"

namespace ringside::harness {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kPatience{60};
constexpr std::chrono::seconds kPatienceToCopy{1800};
constexpr int kNoConnection = 255;  // what ssh itself ends with

/// One host a line, without comments and blanks.
std::vector<std::string> hostsIn(const std::string& file) {
  const auto text = results::readFile(file);
  if (!text) {
    throw UsageError(
        fmt::format("--hosts {}: it cannot be read; name a file with one host a line", file));
  }
  std::vector<std::string> hosts;
  std::istringstream lines(*text);
  int number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    std::istringstream words(line.substr(0, line.find('#')));
    std::string host;
    std::string more;
    if (!(words >> host)) continue;
    if (words >> more || host.starts_with('-')) {
      throw UsageError(
          fmt::format("{}:{}: '{}' is no host; write one a line, as ssh takes it: "
                      "name or user@name; all else belongs into ~/.ssh/config",
                      file, number, line));
    }
    hosts.push_back(host);
  }
  if (hosts.empty()) {
    throw UsageError(fmt::format("--hosts {}: it names no host; write one a line", file));
  }
  return hosts;
}

Command sshTo(const FleetFolder& folder, const std::string& host, const std::string& command) {
  Command whole = {"ssh", "-o", "BatchMode=yes"};
  const auto& options = folder.fleet().passed_on;
  whole.insert(whole.end(), options.begin(), options.end());
  whole.insert(whole.end(), {host, command});
  return whole;
}

Command scp(const FleetFolder& folder, const std::vector<std::string>& from,
            const std::string& to) {
  Command whole = {"scp", "-r", "-q", "-o", "BatchMode=yes"};
  const auto& options = folder.fleet().passed_on;
  whole.insert(whole.end(), options.begin(), options.end());
  whole.insert(whole.end(), from.begin(), from.end());
  whole.push_back(to);
  return whole;
}

/// Each node has its own: hosts may share their home folders.
std::string placeOn(const FleetFolder& folder, const FleetNode& node) {
  return folder.fleet().remote_folder + "/" + node.name;
}

/// What a host did not answer.
std::string adviceFor(const std::string& host) {
  return fmt::format("does `ssh -o BatchMode=yes {} true` work?", shellWord(host));
}

class SshEngine : public FleetEngine {
 public:
  std::vector<FleetNode> nodesOf(const NodesAsked& asked) override {
    if (asked.hosts_file.empty()) {
      throw UsageError("--engine ssh: name a file with one host a line by --hosts FILE");
    }
    std::vector<FleetNode> nodes;
    for (const std::string& host : hostsIn(asked.hosts_file)) {
      nodes.push_back({.name = nodeName(host), .place = host});
    }
    return nodes;
  }

  void send(const FleetFolder& folder, const FleetNode& node) override {
    for (const Command& command : sending(folder, node)) {
      mustRun(command, kPatienceToCopy, adviceFor(node.place));
    }
  }

  Command onNode(const FleetFolder& folder, const FleetNode& node,
                 const Command& command) override {
    std::string words = fmt::format("cd {} &&", placeOn(folder, node));
    for (const std::string& word : command) words += fmt::format(" {}", shellWord(word));
    return sshTo(folder, node.place, words);
  }

  std::vector<Command> startCommands(const FleetFolder& folder,
                                     const std::vector<FleetInstance>& instances) override {
    std::vector<Command> commands;
    for (const FleetNode& node : folder.fleet().nodes) {
      const std::vector<FleetInstance> own = ofNode(instances, node.name);
      if (own.empty()) continue;
      for (Command& command : sending(folder, node)) commands.push_back(std::move(command));
      commands.push_back(starting(folder, node, own));
    }
    return commands;
  }

  /// A host that is not there is a gap, and no error of the others.
  void start(const FleetFolder& folder, const std::vector<FleetInstance>& instances,
             const results::Descriptor&) override {
    look(folder);
    for (const FleetNode& node : folder.fleet().nodes) {
      const std::vector<FleetInstance> own = ofNode(instances, node.name);
      if (own.empty()) continue;
      if (busy_.contains(node.name)) {
        say("{} still measures, and two at once would disturb each other: resume again later\n",
            node.place);
        continue;
      }
      try {
        for (const Command& command : startCommands(folder, own)) {
          mustRun(command, kPatienceToCopy, adviceFor(node.place));
        }
        say("{}: {} started\n", node.place, counted(own.size(), "round"));
      } catch (const std::runtime_error& error) {
        say("{}: not started: {}\n", node.place, error.what());
      }
    }
  }

  void look(const FleetFolder& folder) override {
    folder_ = &folder;
    busy_.clear();
    trouble_.clear();
    for (const FleetNode& node : folder.fleet().nodes) lookAt(node);
  }

  Whereabouts whereIs(const FleetInstance& instance) override {
    if (const auto known = trouble_.find(instance.node); known != trouble_.end()) {
      return {InstanceState::Lost, known->second};
    }
    const bool has_begun = folder_->hasBegun(instance.name);
    if (busy_.contains(instance.node)) {
      return {has_begun ? InstanceState::Running : InstanceState::Waiting, ""};
    }
    return {InstanceState::Lost, has_begun ? "it was killed" : "it was never started"};
  }

 private:
  /// What travels, and the places for what comes back.
  static std::vector<Command> sending(const FleetFolder& folder, const FleetNode& node) {
    const std::string there = placeOn(folder, node);
    std::vector<std::string> places;
    for (const fs::path& place : folder.travellers()) places.push_back(place.string());
    return {sshTo(folder, node.place, fmt::format("mkdir -p {0}/state {0}/bundles", there)),
            scp(folder, places, fmt::format("{}:{}/", node.place, there))};
  }

  /// Names of instances need no quotes: see nodeName().
  static Command starting(const FleetFolder& folder, const FleetNode& node,
                          const std::vector<FleetInstance>& own) {
    std::vector<std::string> names;
    std::string states;
    for (const FleetInstance& one : own) {
      names.push_back(one.name);
      states += fmt::format(" state/{0}.started state/{0}.exit", one.name);
    }
    return sshTo(folder, node.place,
                 fmt::format("cd {} && rm -f{} && {{ nohup setsid bash job.sh {} </dev/null "
                             ">/dev/null 2>&1 & echo $! >state/{}.pid; }}",
                             placeOn(folder, node), states, fmt::join(names, " "), node.name));
  }

  void lookAt(const FleetNode& node) {
    const std::string there = placeOn(*folder_, node);
    const ToolEnd alive = runTool(
        {.command = sshTo(*folder_, node.place,
                          fmt::format("grep -qs job.sh \"/proc/$(cat {}/state/{}.pid)/cmdline\"",
                                      there, node.name)),
         .patience = kPatience});
    if (alive.timed_out || alive.exit_code == kNoConnection) {
      trouble_[node.name] = "the host does not answer";
      return;
    }
    if (alive.exit_code == 0) busy_.insert(node.name);
    const ToolEnd copied = runTool(
        {.command = scp(*folder_, {node.place + ":" + there + "/state"}, folder_->path().string()),
         .patience = kPatience});
    if (!copied.isFine()) {
      trouble_[node.name] = "nothing of it is there";
      return;
    }
    for (const FleetInstance& instance : ofNode(instancesOf(folder_->fleet()), node.name)) {
      if (folder_->exitCodeOf(instance.name)) bring(node, instance);
    }
  }

  /// At once or not at all: what a broken line has left of it is copied again.
  void bring(const FleetNode& node, const FleetInstance& instance) {
    if (folder_->hasBundle(instance.name)) return;
    const fs::path place = folder_->bundleOf(instance.name);
    const fs::path partial = place.parent_path() / fmt::format(".{}.partial", instance.name);
    fs::remove_all(partial);
    const ToolEnd end = runTool(
        {.command = scp(
             *folder_,
             {fmt::format("{}:{}/bundles/{}", node.place, placeOn(*folder_, node), instance.name)},
             partial.string()),
         .patience = kPatienceToCopy});
    if (end.isFine()) return fs::rename(partial, place);
    folder_->forget(instance.name);  // here it has not ended yet
    trouble_[node.name] = "what it has measured could not be copied";
  }

  const FleetFolder* folder_ = nullptr;
  std::set<std::string> busy_;                  ///< nodes that still measure
  std::map<std::string, std::string> trouble_;  ///< of nodes, why nothing is known of them
};

}  // namespace

std::unique_ptr<FleetEngine> makeSshEngine() { return std::make_unique<SshEngine>(); }

}  // namespace ringside::harness
