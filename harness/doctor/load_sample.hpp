// What others do with the CPUs, over a short time.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/system_files.hpp"

namespace ringside::harness {

/// CPU time so far, in the kernel's ticks.
struct CpuTimes {
  std::uint64_t total = 0;  ///< of all CPUs together, busy, idle or stolen
  std::uint64_t busy = 0;
  std::uint64_t stolen = 0;  ///< the hypervisor gave it to others
  std::uint64_t cpus = 0;
  struct Process {
    std::string name;
    std::uint64_t ticks = 0;
  };
  std::map<::pid_t, Process> processes;
};

/// From /proc/stat and /proc/PID/stat; absent when they cannot be read.
std::optional<CpuTimes> readCpuTimes(const SystemFiles& files);

struct BusyProcess {
  ::pid_t pid = 0;
  std::string name;
  double cpus = 0;
};

/// All in CPUs: 1.0 is all the time of one.
struct LoadSample {
  double others = 0;  ///< CPU time of everybody but this process
  double stolen = 0;
  std::vector<BusyProcess> busiest;  ///< at most three, each over 0.01
};

/// `own`: whose time does not count.
LoadSample loadBetween(const CpuTimes& before, const CpuTimes& after, ::pid_t own);

/// Sleeps in between. Absent when it cannot be read.
std::optional<LoadSample> sampleLoad(const SystemFiles& files, std::chrono::milliseconds duration);

}  // namespace ringside::harness
