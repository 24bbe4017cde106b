// The folder of a fleet: what travels to the nodes, and what comes back. What became of an instance
// stands in files that its own job writes, whole or not at all, so that it can be read anywhere.
//
//   fleet.json          what is to be done      bin/ringside, plugins/, scenario.toml, traces
//   job.sh, instances   runs instances          sha256                 of all that travels
//   state/NAME.exit     its exit code           state/NAME.log         what it said
//   bundles/NAME        what it measured        lost/NAME-…            bundles without an end
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/fleet/description.hpp"
#include "results/descriptor.hpp"

namespace ringside::harness {

/// What a fleet takes along beside the program itself.
struct FleetCargo {
  std::string scenario;                        ///< the suite as it is to be run
  std::vector<std::filesystem::path> plugins;  ///< no two of one name
  std::vector<std::filesystem::path> traces;
};

class FleetFolder {
 public:
  /// Copies all that travels and adds its hashes to the description, which describe() writes.
  /// Throws UsageError when the folder exists or cannot be made; leaves nothing behind then.
  static FleetFolder create(const std::filesystem::path& folder, FleetDescription fleet,
                            const FleetCargo& cargo);
  /// One of which nothing is written.
  static FleetFolder planned(const std::filesystem::path& folder, FleetDescription fleet) {
    return {folder, std::move(fleet)};
  }
  /// Throws UsageError for a folder that is no fleet.
  static FleetFolder open(const std::filesystem::path& folder);

  const std::filesystem::path& path() const { return folder_; }
  const FleetDescription& fleet() const { return fleet_; }
  std::filesystem::path program() const { return folder_ / "bin/ringside"; }
  /// All that a node needs, and nothing that it makes.
  std::vector<std::filesystem::path> travellers() const;
  std::filesystem::path bundleOf(const std::string& instance) const;
  std::filesystem::path stateOf(const std::string& instance, const char* what) const;

  /// Settles which node has which shard: from now on the fleet is what it is.
  void describe(std::vector<FleetNode> nodes);

  /// The exit code of one that has ended.
  std::optional<int> exitCodeOf(const std::string& instance) const;
  bool hasBegun(const std::string& instance) const;
  bool hasBundle(const std::string& instance) const;

  /// Before it is started again: its state goes. A bundle that it has left is put aside by its job.
  void forget(const std::string& instance) const;

  /// Replaces a file of the folder. Throws std::runtime_error.
  void write(const std::string& name, const std::string& text) const;

  /// Held while somebody starts instances; nullopt while somebody else does.
  std::optional<results::Descriptor> lock() const;

 private:
  FleetFolder(std::filesystem::path folder, FleetDescription fleet)
      : folder_(std::move(folder)), fleet_(std::move(fleet)) {}

  void load(const FleetCargo& cargo);

  std::filesystem::path folder_;  ///< absolute
  FleetDescription fleet_;
};

}  // namespace ringside::harness
