// What a process read of itself and of the ring's memory as it saw it: the proof, in a record, that
// what was asked for held while the time was taken. Counts are of the timed phase alone.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace ringside::results {

/// The ring's memory in one process at one moment, as the kernel reports it.
struct MemoryReading {
  std::uint64_t page_size_bytes = 0;  // 0: it has none of it mapped
  std::uint64_t locked_bytes = 0;
  std::map<int, std::uint64_t> node_pages = {};  // NUMA node → base pages mapped here

  bool operator==(const MemoryReading&) const = default;
};

struct ProcessReading {
  std::string name = {};  // "producer 0", "consumer 1", "parent"
  int pid = 0;
  int cpu_at_start = -1;      // of the timed phase; -1: it saw none
  int cpu_at_end = -1;        // when all was done
  std::uint64_t wall_ns = 0;  // of the timed phase, by its own clock; 0: it saw none
  std::uint64_t cpu_ns = 0;   // user and system
  std::uint64_t minor_faults = 0;
  std::uint64_t major_faults = 0;
  std::uint64_t voluntary_switches = 0;
  std::uint64_t involuntary_switches = 0;
  /// Ready to run, and without a CPU; absent where the kernel does not say.
  std::optional<std::uint64_t> run_delay_ns = {};
  MemoryReading before = {};  // the warm-up
  MemoryReading after = {};   // everything was received

  bool operator==(const ProcessReading&) const = default;
};

}  // namespace ringside::results
