#include "harness/clock_survey.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <limits>
#include <thread>
#include <vector>

namespace ringside::harness {
namespace {

constexpr int kReadings = 20'000;
constexpr std::uint32_t kRounds = 20'000;
constexpr std::uint32_t kLeastRounds = 100;
constexpr std::chrono::milliseconds kExchangeLimit{200};
constexpr std::size_t kMaxPairs = 64;

ClockStep measureStep(const Clock& clock) {
  std::vector<std::uint64_t> differences;
  std::uint64_t last = clock.now();
  const std::uint64_t begin = last;
  for (int i = 0; i < kReadings; ++i) {
    const std::uint64_t now = clock.now();
    if (now > last) differences.push_back(now - last);
    last = now;
  }
  if (differences.empty()) return {};
  const auto middle = differences.begin() + static_cast<std::ptrdiff_t>(differences.size() / 2);
  std::nth_element(differences.begin(), middle, differences.end());
  const double least =
      static_cast<double>(*std::min_element(differences.begin(), differences.end()));
  // Where the step is wider than a reading takes, most differences are 0, and the median tells
  // the step: then what all took is the better measure, though it holds interruptions too.
  const double each = static_cast<double>(last - begin) / kReadings;
  return {.step_ns = least * clock.ns_per_tick,
          .read_ns = std::min(static_cast<double>(*middle), each) * clock.ns_per_tick};
}

/// What the two threads of an exchange share. Numbers of rounds, from 1 on.
struct Exchange {
  alignas(64) std::atomic<std::uint32_t> asked{0};
  alignas(64) std::atomic<std::uint32_t> answered{0};
  std::uint64_t reading = 0;  ///< of the second CPU, before `answered`
  alignas(64) std::atomic<bool> over{false};
};

bool waitFor(const std::atomic<std::uint32_t>& word, std::uint32_t round, const Exchange& exchange,
             std::chrono::steady_clock::time_point limit) {
  for (int tries = 1; word.load(std::memory_order_acquire) != round; ++tries) {
    if (tries % 1024 != 0) continue;
    if (exchange.over.load(std::memory_order_relaxed)) return false;
    if (std::chrono::steady_clock::now() > limit) return false;
    std::this_thread::yield();  // the other may have been given this very CPU
  }
  return true;
}

void answer(Exchange& exchange, const Clock& clock, std::chrono::steady_clock::time_point limit) {
  for (std::uint32_t round = 1; round <= kRounds; ++round) {
    // SYNC: ask() stores `asked` with release, and loads `answered` with acquire.
    if (!waitFor(exchange.asked, round, exchange, limit)) break;
    exchange.reading = clock.nowAfterLoads();
    exchange.answered.store(round, std::memory_order_release);
  }
  exchange.over.store(true, std::memory_order_relaxed);
}

/// The fastest round; nullopt when there were too few.
std::optional<ClockOffset> ask(Exchange& exchange, const Clock& clock,
                               std::chrono::steady_clock::time_point limit) {
  ClockOffset fastest{.round_trip_ns = std::numeric_limits<double>::infinity()};
  std::uint32_t round = 1;
  for (; round <= kRounds; ++round) {
    const std::uint64_t begin = clock.nowAfterLoads();
    exchange.asked.store(round, std::memory_order_release);
    if (!waitFor(exchange.answered, round, exchange, limit)) break;
    const std::uint64_t end = clock.nowAfterLoads();
    const double took = static_cast<double>(end - begin) * clock.ns_per_tick;
    if (took >= fastest.round_trip_ns) continue;
    const auto since_begin = static_cast<double>(static_cast<std::int64_t>(exchange.reading) -
                                                 static_cast<std::int64_t>(begin));
    fastest = {.offset_ns = since_begin * clock.ns_per_tick - took / 2, .round_trip_ns = took};
  }
  exchange.over.store(true, std::memory_order_relaxed);
  if (round <= kLeastRounds) return std::nullopt;
  return fastest;
}

}  // namespace

bool ClockOffset::isProven() const { return std::abs(offset_ns) > round_trip_ns / 2; }

double ClockOffset::boundNs() const {
  return round_trip_ns / 2 + (isProven() ? std::abs(offset_ns) : 0);
}

const ClockStep& ClockSurvey::step() {
  if (!step_) step_ = measureStep(clock_);
  return *step_;
}

std::optional<ClockOffset> ClockSurvey::exchange(CpuPair cpus) const {
  Exchange exchange;
  const auto limit = std::chrono::steady_clock::now() + kExchangeLimit;
  std::optional<ClockOffset> found;
  // Two threads of their own: the caller's CPU mask stays as it is.
  std::thread second([&] {
    if (topology_.pinThisThread(cpus.second).empty()) return answer(exchange, clock_, limit);
    exchange.over.store(true, std::memory_order_relaxed);
  });
  std::thread first([&] {
    if (topology_.pinThisThread(cpus.first).empty()) found = ask(exchange, clock_, limit);
    exchange.over.store(true, std::memory_order_relaxed);
  });
  first.join();
  second.join();
  return found;
}

std::optional<ClockOffset> ClockSurvey::between(CpuPair cpus) {
  if (cpus.first == cpus.second) return std::nullopt;
  const auto [place, is_new] = offsets_.try_emplace({cpus.first, cpus.second});
  if (is_new) place->second = exchange(cpus);
  return place->second;
}

std::optional<ClockOffset> ClockSurvey::worst(std::span<const int> first,
                                              std::span<const int> second) {
  std::vector<CpuPair> pairs;
  for (const int a : first) {
    for (const int b : second) {
      if (a != b && pairs.size() < kMaxPairs) pairs.push_back({a, b});
    }
  }
  if (first.empty() || second.empty()) {
    for (const Relation relation : kPlaceableRelations) {
      if (const auto pair = topology_.representative(relation)) pairs.push_back(*pair);
    }
  }
  std::optional<ClockOffset> widest;
  for (const CpuPair& pair : pairs) {
    const std::optional<ClockOffset> offset = between(pair);
    if (!offset) return std::nullopt;
    if (!widest || offset->boundNs() > widest->boundNs()) widest = offset;
  }
  return widest;
}

}  // namespace ringside::harness
