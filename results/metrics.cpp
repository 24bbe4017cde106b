#include "results/metrics.hpp"

#include <algorithm>

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

std::optional<double> bytesPerS(const Record& record) {
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

/// As a function of the record alone, so that the table below can hold it.
template <const char* const& kHistogram, int kPerMille>
std::optional<double> at(const Record& record) {
  return percentile(record, kHistogram, kPerMille / 10.0);
}

/// What only the workload can measure: nothing in the record gives it again.
template <const char* const& kName>
std::optional<double> asMeasured(const Record& record) {
  return stored(record, kName);
}

constexpr const char* kRtt = "rtt_ns";
constexpr const char* kService = "service_ns";
constexpr const char* kResponse = "response_ns";
constexpr const char* kRecovery = "recovery_ms";
constexpr const char* kCpu = "cpu_s_per_million";
constexpr const char* kFaults = "faults";
constexpr const char* kRobust = "messages_per_s_robust";

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
    {"recovery_ms",       Unit::Ms,        Better::Lower,  asMeasured<kRecovery>},
    {"cpu_s_per_million", Unit::S,         Better::Lower,  asMeasured<kCpu>},
    {"faults",            Unit::Count,     Better::Lower,  asMeasured<kFaults>},
    {"messages_per_s_robust", Unit::PerS,  Better::Higher, asMeasured<kRobust>},
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
