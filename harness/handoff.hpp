// What the hardware takes to hand a cache line from one CPU to another: the floor under every
// queue. Two pinned threads bounce one atomic word; nothing else is on its line.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include "harness/clock.hpp"
#include "harness/topology.hpp"

namespace ringside::harness {

/// One way, in ns: half of a round trip. A sample is the mean over a group of kGroupRoundTrips.
struct Handoff {
  CpuPair cpus;
  Relation relation = Relation::CrossPackage;
  double min_ns = 0;     ///< of the best group: what the hardware allows
  double median_ns = 0;  ///< of all groups
  std::uint64_t groups = 0;
};

/// The lowest hand-off of each relation that was measured, in ns.
using Floors = std::map<Relation, double>;

constexpr std::uint32_t kGroupRoundTrips = 50;
constexpr std::uint32_t kGroupsPerVisit = 8;
constexpr std::uint32_t kWarmUpRoundTrips = 100;  ///< a thread that was just moved is cold

struct HandoffOptions {
  /// How often each pair is visited; all pairs in turn, then all again, so that a drift of the
  /// machine strikes all alike.
  std::uint32_t rounds = 10;
  /// Asked after each visit, from another thread, whether to go on; nullptr: always.
  std::function<bool(std::uint64_t done, std::uint64_t total)> go_on = nullptr;
};

/// Measures the pairs, each of two different CPUs that this process may use. Empty when it was
/// stopped. Throws
/// std::runtime_error when a thread cannot be pinned, or does not answer for kAnswerLimitNs.
std::vector<Handoff> measureHandoffs(const Topology& topology, const Clock& clock,
                                     const std::vector<CpuPair>& pairs,
                                     const HandoffOptions& options = {});
constexpr std::uint64_t kAnswerLimitNs = 20'000'000'000;

/// Every pair of CPUs that may be used, each once.
std::vector<CpuPair> allPairs(const Topology& topology);
/// One pair for each placement that exists.
std::vector<CpuPair> representativePairs(const Topology& topology);

Floors floorsOf(const std::vector<Handoff>& handoffs);

}  // namespace ringside::harness
