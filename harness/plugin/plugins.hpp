// Queues from outside the program: shared objects that ringside_add_queue() makes of an adapter.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace ringside::harness {

/// One that is loaded. What it is to be known by later stands in environment.json and run.json.
struct Plugin {
  std::filesystem::path file;  ///< absolute
  std::string version;         ///< of the ringside that it was built against
  std::string compiler;
  std::uint64_t bytes = 0;
  std::string fnv1a;  ///< of its content
  std::vector<std::string> queues = {};
};

/// Loads it and enters its queues, channels and snapshots beside those of the program. Throws
/// UsageError, which says what to do: no such file, no plug-in, built against another version or
/// other headers or with other layouts, symbols that nobody has, a crash when it is loaded, nothing
/// in it, a name that is taken, the same file twice. Nothing of it has run before its stamp was
/// read. A queue whose limits() crashes is entered, with QueueEntry::trouble. Before queues are
/// looked up: who holds a pointer to an entry loses it.
void loadPlugin(const std::filesystem::path& file);

/// In the order in which they were loaded.
const std::vector<Plugin>& loadedPlugins();

/// The check by which Plugin::fnv1a is made. Throws UsageError when the file cannot be read.
std::string checkOfPlugin(const std::filesystem::path& file);

}  // namespace ringside::harness
