#include "harness/handoff.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>

#include "ringside/wait.hpp"

namespace ringside::harness {
namespace {

constexpr std::uint64_t kRoundTripsPerVisit =
    kWarmUpRoundTrips + std::uint64_t{kGroupsPerVisit} * kGroupRoundTrips;
constexpr std::uint64_t kLookEverySpins = 1 << 16;  ///< at the clock, which the line does not need

/// The line that is bounced. Two lines wide: the adjacent-line prefetcher takes pairs.
struct alignas(128) Line {
  std::atomic<std::uint64_t> turn{0};  ///< odd: for the second CPU; even: for the first
};
static_assert(sizeof(Line) == 128, "a neighbour on the line would be part of the measurement");

/// Two threads that walk the same list of visits, in step: each answer is counted from the
/// beginning, so whoever is late is waited for.
class Bouncing {
 public:
  Bouncing(const Topology& topology, const Clock& clock, const std::vector<CpuPair>& pairs,
           const HandoffOptions& options)
      : topology_(topology),
        clock_(clock),
        pairs_(pairs),
        options_(options),
        groups_(pairs.size()) {}

  std::vector<std::vector<double>> run() {
    std::thread first([this] { guarded([this] { lead(); }); });
    std::thread second([this] { guarded([this] { follow(); }); });
    first.join();
    second.join();
    if (stopped_) return {};
    if (!trouble_.empty()) throw std::runtime_error(trouble_);
    return std::move(groups_);
  }

 private:
  template <class Work>
  void guarded(Work work) {
    try {
      work();
    } catch (const std::exception& error) {
      const std::lock_guard<std::mutex> lock(trouble_mutex_);
      if (trouble_.empty()) trouble_ = error.what();
      abandoned_.store(true, std::memory_order_relaxed);  // relaxed: only says when to stop
    }
  }

  void lead() {
    std::uint64_t turn = 0;
    for (std::uint64_t visit = 0; visit < visits(); ++visit) {
      pin(pairOf(visit).first);
      bounce(turn, kWarmUpRoundTrips);
      for (std::uint32_t group = 0; group < kGroupsPerVisit; ++group) {
        const std::uint64_t begin = clock_.now();
        bounce(turn, kGroupRoundTrips);
        const std::uint64_t ns = clock_.nsBetween(begin, clock_.nowAfterLoads());
        groups_[visit % pairs_.size()].push_back(static_cast<double>(ns) /
                                                 (2.0 * kGroupRoundTrips));
      }
      stopped_ = options_.go_on && !options_.go_on(visit + 1, visits());
      if (stopped_) throw std::runtime_error("stopped");
    }
  }

  void follow() {
    std::uint64_t turn = 1;
    for (std::uint64_t visit = 0; visit < visits(); ++visit) {
      pin(pairOf(visit).second);
      for (std::uint64_t i = 0; i < kRoundTripsPerVisit; ++i, turn += 2) {
        await(turn);
        line_.turn.store(turn + 1, std::memory_order_release);  // SYNC: await of the leader
      }
    }
  }

  void bounce(std::uint64_t& turn, std::uint64_t round_trips) {
    for (std::uint64_t i = 0; i < round_trips; ++i, turn += 2) {
      line_.turn.store(turn + 1, std::memory_order_release);  // SYNC: await of the follower
      await(turn + 2);
    }
  }

  void await(std::uint64_t turn) {
    std::uint64_t first_look_ns = 0;
    for (std::uint64_t spins = 1; line_.turn.load(std::memory_order_acquire) != turn; ++spins) {
      pauseCore();
      if (spins % kLookEverySpins == 0) checkPatience(first_look_ns);
    }
  }

  /// Away from the loop. The limit counts from the first look of a wait.
  void checkPatience(std::uint64_t& first_look_ns) const {
    // relaxed: it only says when to stop.
    if (abandoned_.load(std::memory_order_relaxed)) throw std::runtime_error("abandoned");
    const std::uint64_t now_ns = Clock::monotonicRawNs();
    if (first_look_ns == 0) first_look_ns = now_ns;
    if (now_ns - first_look_ns > kAnswerLimitNs) {
      throw std::runtime_error(
          fmt::format("the other CPU did not answer for {} s; is it taken by a real-time process?",
                      kAnswerLimitNs / 1'000'000'000));
    }
    std::this_thread::yield();  // where both share a CPU after all, as in an emulator
  }

  void pin(int cpu) const {
    const std::string trouble = topology_.pinThisThread(cpu);
    if (!trouble.empty()) throw std::runtime_error(trouble);
  }
  std::uint64_t visits() const { return std::uint64_t{options_.rounds} * pairs_.size(); }
  const CpuPair& pairOf(std::uint64_t visit) const { return pairs_[visit % pairs_.size()]; }

  const Topology& topology_;
  const Clock& clock_;
  const std::vector<CpuPair>& pairs_;
  const HandoffOptions& options_;
  std::vector<std::vector<double>> groups_;  ///< of each pair, in ns
  Line line_;
  std::atomic<bool> abandoned_{false};
  bool stopped_ = false;  ///< written by the leader only
  std::mutex trouble_mutex_;
  std::string trouble_;
};

Handoff summarised(const Topology& topology, const CpuPair& pair, std::vector<double> groups) {
  std::sort(groups.begin(), groups.end());
  const std::size_t middle = groups.size() / 2;
  const double median =
      groups.size() % 2 == 1 ? groups[middle] : (groups[middle - 1] + groups[middle]) / 2;
  return {pair, topology.relation(pair.first, pair.second), groups.front(), median, groups.size()};
}

}  // namespace

std::vector<Handoff> measureHandoffs(const Topology& topology, const Clock& clock,
                                     const std::vector<CpuPair>& pairs,
                                     const HandoffOptions& options) {
  if (pairs.empty() || options.rounds == 0) return {};
  std::vector<std::vector<double>> groups = Bouncing(topology, clock, pairs, options).run();
  if (groups.empty()) return {};
  std::vector<Handoff> handoffs;
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    handoffs.push_back(summarised(topology, pairs[i], std::move(groups[i])));
  }
  return handoffs;
}

std::vector<CpuPair> allPairs(const Topology& topology) {
  std::vector<CpuPair> pairs;
  const std::vector<CpuPlace>& cpus = topology.cpus();
  for (std::size_t i = 0; i < cpus.size(); ++i) {
    for (std::size_t j = i + 1; j < cpus.size(); ++j) pairs.push_back({cpus[i].cpu, cpus[j].cpu});
  }
  return pairs;
}

std::vector<CpuPair> representativePairs(const Topology& topology) {
  std::vector<CpuPair> pairs;
  for (const Relation relation : kPlaceableRelations) {
    if (const auto pair = topology.representative(relation)) pairs.push_back(*pair);
  }
  return pairs;
}

Floors floorsOf(const std::vector<Handoff>& handoffs) {
  Floors floors;
  for (const Handoff& handoff : handoffs) {
    const auto [known, is_new] = floors.emplace(handoff.relation, handoff.min_ns);
    if (!is_new) known->second = std::min(known->second, handoff.min_ns);
  }
  return floors;
}

}  // namespace ringside::harness
