// Where built arms are kept: a folder each, named after all that its content depends on. One that
// is not whole, for whoever built it was stopped, is never taken for one that is.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "results/descriptor.hpp"

namespace ringside::harness {

/// The most arms that stay; the ones that have not been used for the longest are removed.
inline constexpr std::size_t kMaxKeptArms = 8;

/// One of them, for this process alone as long as this object lives.
class ArmFolder {
 public:
  /// Waits while another process has it, and tells `progress` so. Throws std::runtime_error when
  /// that takes longer than `patience`, and std::system_error when nothing can be written there.
  ArmFolder(const std::filesystem::path& cache, const std::string& name,
            std::chrono::seconds patience, const std::function<void(const std::string&)>& progress);

  const std::filesystem::path& path() const { return path_; }
  /// For ToolCall::held: nobody else has the folder before all tools have ended.
  int lock() const { return lock_.number(); }
  /// What markWhole() was told, if the folder is whole and all "files" that it names are what they
  /// were then; and it counts as used now.
  std::optional<nlohmann::ordered_json> content() const;
  /// The last thing that is written. `content` has a list "files" of {"file": a name in this
  /// folder, "fnv1a": its check}, and what else the caller wants to know again.
  void markWhole(const nlohmann::ordered_json& content) const;
  /// As it was before anything was in it.
  void empty() const;
  /// Removes what has not been used for the longest, of all arms beside this one.
  void removeOldOnes() const;

 private:
  std::filesystem::path path_;
  results::Descriptor lock_;
};

}  // namespace ringside::harness
