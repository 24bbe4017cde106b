// A plug-in as a file: what it says of itself before anything of it runs, and what is in it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "harness/registry.hpp"

namespace ringside::harness {

/// A shared object whose stamp fits this program. Nothing of it is entered anywhere.
class PluginFile {
 public:
  /// Reads it and its stamp. `asked` begins every message: "--plugin libmine.so". Throws
  /// UsageError, which says what to do: no such file, no plug-in, built against another version or
  /// other headers or with other layouts.
  PluginFile(std::filesystem::path file, std::string asked);

  /// Loads it in a process of its own, where its static objects may crash. Throws UsageError when
  /// they do, when somebody has to define a symbol, and when it has no queue.
  void rehearseLoading() const;
  /// Loads it for as long as this program lives. Throws std::runtime_error with the words of the
  /// loader.
  const std::vector<Entrant>& load() const;
  /// Throws UsageError with `what` is wrong with it.
  [[noreturn]] void refuse(const std::string& what) const;

  const std::filesystem::path& path() const { return path_; }
  const std::string& version() const { return version_; }    ///< of the ringside of its package
  const std::string& compiler() const { return compiler_; }  ///< for people
  std::uint64_t bytes() const { return bytes_; }
  const std::string& fnv1aOfContent() const { return fnv1a_; }

 private:
  std::filesystem::path path_;
  std::string asked_;
  std::string version_;
  std::string compiler_;
  std::uint64_t bytes_ = 0;
  std::string fnv1a_;
};

/// The content of the file that `asked` names. Throws UsageError when it cannot be read.
std::string contentOfPlugin(const std::filesystem::path& file, const std::string& asked);

/// What goes wrong when the entrant makes its entry, which runs limits(): empty, or what the entry
/// is to have as QueueEntry::trouble. Rehearsed.
std::string troubleOf(const Entrant& entrant);
/// An entry that says why the adapter cannot be used. It takes whatever is asked for, so that its
/// cells are planned, and fail.
QueueEntry brokenEntry(const Entrant& entrant, std::string trouble);

/// All queues, channels and snapshots of a plug-in that a process is about to plan with, beside
/// those of the program and under the same names: none is entered. Rehearsed. Throws UsageError as
/// loadPlugin() does, but for names that are taken.
std::vector<QueueEntry> entriesOf(const std::filesystem::path& file, const std::string& asked);

/// One of them, for a process that lives for it alone: nothing is rehearsed. Throws UsageError,
/// also when it has none of that name, and std::runtime_error with the words of the loader.
QueueEntry entryFrom(const std::filesystem::path& file, std::string_view queue);

}  // namespace ringside::harness
