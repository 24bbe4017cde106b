// The noise floor of this machine: what happens to a process that does nothing but look at the
// clock. And how far the clocks of two CPUs can be trusted to agree.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "harness/clock.hpp"
#include "harness/topology.hpp"

namespace ringside::harness {

/// A step between two looks of more than this was taken from the process.
constexpr std::uint64_t kGapNs = 1000;

struct CpuNoise {
  int cpu = 0;
  double seconds = 0;  ///< that it looked
  std::uint64_t gaps = 0;
  std::uint64_t longest_ns = 0;
  std::uint64_t lost_ns = 0;       ///< all gaps together
  std::uint64_t run_delay_ns = 0;  ///< ready to run and not running, as the scheduler counts it
  bool run_delay_known = false;    ///< whether the kernel counts it
};

/// The difference of two CPUs' clocks, at one moment.
struct ClockAgreement {
  CpuPair cpus;
  double offset_ns = 0;  ///< of the second against the first, as seen
  double bound_ns = 0;   ///< the truth is within the offset ± this: half of the fastest exchange
};

struct Noise {
  std::vector<CpuNoise> cpus;
  std::vector<ClockAgreement> clocks;  ///< one a placement class
  double clock_step_ns = 0;            ///< the smallest that was seen between two looks
};

/// Lets one process spin on each CPU, all at the same time, and then compares clocks. Throws
/// std::runtime_error when a CPU cannot be used, and std::system_error when a process cannot be
/// made.
Noise measureNoise(const Topology& topology, const Clock& clock,
                   std::chrono::milliseconds duration);

}  // namespace ringside::harness
