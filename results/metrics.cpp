#include "results/metrics.hpp"

#include <algorithm>
#include <utility>

namespace ringside::results {
namespace {

std::optional<double> stored(const Record& record, const char* name) {
  const auto found = record.metrics.find(name);
  if (found == record.metrics.end()) return std::nullopt;
  return found->second;
}

/// Of the measured interval; a record without that number offers what its validation received.
std::optional<double> messages(const Record& record) {
  if (const auto measured = stored(record, "messages")) return measured;
  if (!record.validation) return std::nullopt;
  return static_cast<double>(record.validation->received);
}

std::optional<double> messagesPerS(const Record& record) {
  const std::optional<double> passed = messages(record);
  if (!passed || !(record.seconds > 0)) return std::nullopt;
  return *passed / record.seconds;
}

/// None of elements that were handed over and not touched but for a word.
std::optional<double> bytesPerS(const Record& record) {
  if (record.axes.workload == "stream" && record.axes.validate != "full") return std::nullopt;
  const std::optional<double> rate = messagesPerS(record);
  if (!rate) return std::nullopt;
  return *rate * static_cast<double>(record.axes.element_size_bytes);
}

std::optional<double> percentile(const Record& record, const char* histogram, double percent) {
  const auto found = record.histograms.find(histogram);
  if (found == record.histograms.end() || !found->second || found->second->empty()) {
    return std::nullopt;
  }
  return static_cast<double>(found->second->valueAtPercentile(percent));
}

/// The mean of the fastest 99 %: what a message usually costs, without the few that met an
/// interrupt. On a clock that counts in steps it says more than any percentile.
std::optional<double> meanOfFastest99(const Record& record) {
  const auto found = record.histograms.find("rtt_ns");
  if (found == record.histograms.end() || !found->second || found->second->empty()) {
    return std::nullopt;
  }
  const std::uint64_t all = found->second->count();
  const std::uint64_t fastest = all - all / 100;
  std::uint64_t counted = 0;
  double sum_ns = 0;
  found->second->forEachBucket([&](const Bucket& bucket) {
    const std::uint64_t taken = std::min(bucket.count, fastest - counted);
    const std::uint64_t middle_ns = bucket.lowest + (bucket.highest - bucket.lowest + 1) / 2;
    sum_ns += static_cast<double>(taken) * static_cast<double>(middle_ns);
    counted += taken;
  });
  return sum_ns / static_cast<double>(fastest);
}

/// As a function of the record alone, so that the table below can hold it.
template <const char* const& kHistogram, int kPerMille>
std::optional<double> at(const Record& record) {
  return percentile(record, kHistogram, kPerMille / 10.0);
}

/// Of a snapshot, where a message is a read.
std::optional<double> readsPerS(const Record& record) {
  return record.axes.workload == "snapshot" ? messagesPerS(record) : std::nullopt;
}

/// What only the workload can measure: nothing in the record gives it again.
template <const char* const& kName>
std::optional<double> asMeasured(const Record& record) {
  return stored(record, kName);
}

constexpr const char* kRtt = "rtt_ns";
constexpr const char* kService = "service_ns";
constexpr const char* kResponse = "response_ns";
constexpr const char* kRead = "read_ns";
constexpr const char* kWrites = "writes_per_s";
constexpr const char* kOneWay = "one_way_ns";
constexpr const char* kRttClean = "rtt_ns_clean";
constexpr const char* kOneWayClean = "one_way_ns_clean";
constexpr const char* kServiceClean = "service_ns_clean";
constexpr const char* kResponseClean = "response_ns_clean";
constexpr const char* kPlanned = "messages_planned";
constexpr const char* kLost = "messages_lost";
constexpr const char* kLate = "late_fraction";
constexpr const char* kDisturbed = "disturbed_fraction";
constexpr const char* kClockBound = "clock_bound_ns";
constexpr const char* kClockOffset = "clock_offset_ns";
constexpr const char* kGeneratorP90 = "generator_ns_p90";
constexpr const char* kGeneratorP999 = "generator_ns_p999";
constexpr const char* kWorstP50 = "response_ns_p50_worst_producer";
constexpr const char* kWorstP99 = "response_ns_p99_worst_producer";
constexpr const char* kSloRate = "slo_rate_per_s";
constexpr const char* kRecovery = "recovery_ms";
constexpr const char* kCpu = "cpu_s_per_million";
constexpr const char* kFloor = "floor_ns";
constexpr const char* kFaults = "faults";
constexpr const char* kRobust = "messages_per_s_robust";

/// The median of that histogram over the hand-offs of a cache line that it takes at least.
template <const char* const& kHistogram, int kHandoffs>
std::optional<double> overFloor(const Record& record) {
  const std::optional<double> floor_ns = stored(record, "floor_ns");
  const std::optional<double> ns = percentile(record, kHistogram, 50.0);
  if (!floor_ns || !ns || !(*floor_ns > 0)) return std::nullopt;
  return *ns / (kHandoffs * *floor_ns);
}

/// The worst of messages that were under way while the machine did something else has left the
/// clean histogram. Below this number of clean messages there is no p99 of them to compare with.
constexpr std::uint64_t kLeastForP99 = 100;

/// 1 when the slowest hundredth is the machine's doing: without the disturbed messages p99 is less
/// than half, or too few are undisturbed to tell. 0 when it is the queue's.
std::optional<double> tailIsMachine(const Record& record) {
  for (const auto& [all_name, clean_name] :
       {std::pair{kResponse, kResponseClean}, {kRtt, kRttClean}}) {
    const auto all = record.histograms.find(all_name);
    const auto clean = record.histograms.find(clean_name);
    if (all == record.histograms.end() || clean == record.histograms.end()) continue;
    if (!all->second || !clean->second) continue;
    if (all->second->count() < kLeastForP99) return std::nullopt;
    if (clean->second->count() < kLeastForP99) return 1;
    const auto p99 = static_cast<double>(all->second->valueAtPercentile(99));
    const auto p99_clean = static_cast<double>(clean->second->valueAtPercentile(99));
    return p99 > 2 * p99_clean ? 1 : 0;
  }
  return std::nullopt;
}

constexpr Metric kMetrics[] = {
    // clang-format off
    // name               unit             better          from a record
    {"messages",          Unit::Count,     Better::Higher, messages},
    {"messages_per_s",    Unit::PerS,      Better::Higher, messagesPerS},
    {"bytes_per_s",       Unit::BytesPerS, Better::Higher, bytesPerS},
    {"rtt_ns_p50",        Unit::Ns,        Better::Lower,  at<kRtt, 500>},
    {"rtt_ns_p90",        Unit::Ns,        Better::Lower,  at<kRtt, 900>},
    {"rtt_ns_p99",        Unit::Ns,        Better::Lower,  at<kRtt, 990>},
    {"rtt_ns_p999",       Unit::Ns,        Better::Lower,  at<kRtt, 999>},
    {"rtt_ns_max",        Unit::Ns,        Better::Lower,  at<kRtt, 1000>},
    {"service_ns_p50",    Unit::Ns,        Better::Lower,  at<kService, 500>},
    {"service_ns_p90",    Unit::Ns,        Better::Lower,  at<kService, 900>},
    {"service_ns_p99",    Unit::Ns,        Better::Lower,  at<kService, 990>},
    {"service_ns_p999",   Unit::Ns,        Better::Lower,  at<kService, 999>},
    {"service_ns_max",    Unit::Ns,        Better::Lower,  at<kService, 1000>},
    {"response_ns_p50",   Unit::Ns,        Better::Lower,  at<kResponse, 500>},
    {"response_ns_p90",   Unit::Ns,        Better::Lower,  at<kResponse, 900>},
    {"response_ns_p99",   Unit::Ns,        Better::Lower,  at<kResponse, 990>},
    {"response_ns_p999",  Unit::Ns,        Better::Lower,  at<kResponse, 999>},
    {"response_ns_max",   Unit::Ns,        Better::Lower,  at<kResponse, 1000>},
    {"rtt_ns_p50_clean",     Unit::Ns,        Better::Lower,  at<kRttClean, 500>},
    {"rtt_ns_p90_clean",     Unit::Ns,        Better::Lower,  at<kRttClean, 900>},
    {"rtt_ns_p99_clean",     Unit::Ns,        Better::Lower,  at<kRttClean, 990>},
    {"rtt_ns_p999_clean",    Unit::Ns,        Better::Lower,  at<kRttClean, 999>},
    {"service_ns_p50_clean", Unit::Ns,        Better::Lower,  at<kServiceClean, 500>},
    {"service_ns_p90_clean", Unit::Ns,        Better::Lower,  at<kServiceClean, 900>},
    {"service_ns_p99_clean", Unit::Ns,        Better::Lower,  at<kServiceClean, 990>},
    {"service_ns_p999_clean",Unit::Ns,        Better::Lower,  at<kServiceClean, 999>},
    {"response_ns_p50_clean",Unit::Ns,        Better::Lower,  at<kResponseClean, 500>},
    {"response_ns_p90_clean",Unit::Ns,        Better::Lower,  at<kResponseClean, 900>},
    {"response_ns_p99_clean",Unit::Ns,        Better::Lower,  at<kResponseClean, 990>},
    {"response_ns_p999_clean",Unit::Ns,        Better::Lower,  at<kResponseClean, 999>},
    {"one_way_ns_p50",     Unit::Ns,        Better::Lower,  at<kOneWay, 500>},
    {"one_way_ns_p90",     Unit::Ns,        Better::Lower,  at<kOneWay, 900>},
    {"one_way_ns_p99",     Unit::Ns,        Better::Lower,  at<kOneWay, 990>},
    {"one_way_ns_p999",    Unit::Ns,        Better::Lower,  at<kOneWay, 999>},
    {"one_way_ns_max",     Unit::Ns,        Better::Lower,  at<kOneWay, 1000>},
    {"one_way_ns_p50_clean", Unit::Ns,     Better::Lower,  at<kOneWayClean, 500>},
    {"one_way_ns_p90_clean", Unit::Ns,     Better::Lower,  at<kOneWayClean, 900>},
    {"one_way_ns_p99_clean", Unit::Ns,     Better::Lower,  at<kOneWayClean, 990>},
    {"one_way_ns_p999_clean", Unit::Ns,     Better::Lower,  at<kOneWayClean, 999>},
    {"messages_planned",  Unit::Count,     Better::Higher, asMeasured<kPlanned>},
    {"messages_lost",     Unit::Count,     Better::Lower,  asMeasured<kLost>},
    {"late_fraction",     Unit::Count,     Better::Lower,  asMeasured<kLate>},
    {"disturbed_fraction", Unit::Count,    Better::Lower,  asMeasured<kDisturbed>},
    {"tail_is_machine",   Unit::Count,     Better::Lower,  tailIsMachine},
    {"clock_bound_ns",    Unit::Ns,        Better::Lower,  asMeasured<kClockBound>},
    {"clock_offset_ns",   Unit::Ns,        Better::Lower,  asMeasured<kClockOffset>},
    {"generator_ns_p90",  Unit::Ns,        Better::Lower,  asMeasured<kGeneratorP90>},
    {"generator_ns_p999", Unit::Ns,        Better::Lower,  asMeasured<kGeneratorP999>},
    {"response_ns_p50_worst_producer", Unit::Ns, Better::Lower, asMeasured<kWorstP50>},
    {"response_ns_p99_worst_producer", Unit::Ns, Better::Lower, asMeasured<kWorstP99>},
    {"slo_rate_per_s",    Unit::PerS,      Better::Higher, asMeasured<kSloRate>},
    {"recovery_ms",       Unit::Ms,        Better::Lower,  asMeasured<kRecovery>},
    {"cpu_s_per_million", Unit::S,         Better::Lower,  asMeasured<kCpu>},
    {"floor_ns",          Unit::Ns,        Better::Lower,  asMeasured<kFloor>},
    {"rtt_over_floor",    Unit::Count,     Better::Lower,  overFloor<kRtt, 2>},
    {"one_way_over_floor", Unit::Count,    Better::Lower,  overFloor<kOneWay, 1>},
    {"response_over_floor", Unit::Count,   Better::Lower,  overFloor<kResponse, 1>},
    {"reads_per_s",       Unit::PerS,      Better::Higher, readsPerS},
    {"writes_per_s",      Unit::PerS,      Better::Higher, asMeasured<kWrites>},
    {"read_ns_p50",       Unit::Ns,        Better::Lower,  at<kRead, 500>},
    {"read_ns_p90",       Unit::Ns,        Better::Lower,  at<kRead, 900>},
    {"read_ns_p99",       Unit::Ns,        Better::Lower,  at<kRead, 990>},
    {"read_ns_p999",      Unit::Ns,        Better::Lower,  at<kRead, 999>},
    {"read_ns_max",       Unit::Ns,        Better::Lower,  at<kRead, 1000>},
    {"faults",            Unit::Count,     Better::Lower,  asMeasured<kFaults>},
    {"messages_per_s_robust", Unit::PerS,  Better::Higher, asMeasured<kRobust>},
    {"rtt_ns_mean99",     Unit::Ns,        Better::Lower,  meanOfFastest99},
    // clang-format on
};

}  // namespace

std::string_view symbolOf(Unit unit) noexcept {
  switch (unit) {
    case Unit::Count:
      return "";
    case Unit::PerS:
      return "1/s";
    case Unit::BytesPerS:
      return "B/s";
    case Unit::Ns:
      return "ns";
    case Unit::Ms:
      return "ms";
    case Unit::S:
      return "s";
  }
  return "";
}

std::span<const Metric> allMetrics() noexcept { return kMetrics; }

const Metric* findMetric(std::string_view name) noexcept {
  const auto* found = std::ranges::find(kMetrics, name, &Metric::name);
  return found == std::end(kMetrics) ? nullptr : found;
}

std::optional<double> metricOf(const Record& record, std::string_view name) {
  const auto found = record.metrics.find(std::string(name));
  if (found != record.metrics.end()) return found->second;
  const Metric* metric = findMetric(name);
  return metric == nullptr ? std::nullopt : metric->of(record);
}

void fillMetrics(Record& record, std::uint64_t messages) {
  record.metrics["messages"] = static_cast<double>(messages);
  for (const Metric& metric : kMetrics) {
    if (const auto value = metric.of(record)) record.metrics[std::string(metric.name)] = *value;
  }
}

}  // namespace ringside::results
