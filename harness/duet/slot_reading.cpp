#include "harness/duet/slot_reading.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "harness/console.hpp"
#include "harness/disturbance.hpp"
#include "harness/format_numbers.hpp"
#include "harness/paced_run.hpp"
#include "harness/workloads/pace.hpp"

namespace ringside::harness {
namespace {

/// Of the batches of a slot, those that count: what a few interruptions struck is left out.
constexpr double kFastestPart = 0.9;
/// A pooled p99.9 of fewer messages is not reported: it would be the 20th from the end at best.
constexpr std::size_t kLeastForP999 = 20'000;

double nsOf(std::uint64_t ticks, const Clock& clock) {
  return static_cast<double>(ticks) * clock.ns_per_tick;
}

// --- throughput ---------------------------------------------------------------------------------

/// Messages per second of the fastest batches of one consumer.
double robustRate(const SlotSheet& sheet, std::span<const std::uint64_t> stamps,
                  const Clock& clock) {
  std::vector<double> ns;
  std::uint64_t before = sheet.began;
  for (const std::uint64_t stamp : stamps.first(sheet.stamps)) {
    ns.push_back(nsOf(stamp - before, clock));
    before = stamp;
  }
  const auto fastest = static_cast<std::size_t>(kFastestPart * static_cast<double>(ns.size()));
  if (fastest == 0) return 0;
  std::nth_element(ns.begin(), ns.begin() + static_cast<std::ptrdiff_t>(fastest) - 1, ns.end());
  const double total =
      std::accumulate(ns.begin(), ns.begin() + static_cast<std::ptrdiff_t>(fastest), 0.0);
  return static_cast<double>(fastest * kMessagesPerStamp) * 1e9 / total;
}

SlotReading readThroughput(const SlotTable& table, const Clock& clock, std::uint32_t slot) {
  SlotReading reading;
  double per_s = 0;
  double robust = 0;
  const SlotTableShape& shape = table.shape();
  for (std::uint32_t worker = shape.producers; worker < shape.producers + shape.consumers;
       ++worker) {
    const SlotSheet& sheet = table.sheet(slot, worker);
    if (sheet.ended <= sheet.began) continue;
    reading.messages += sheet.messages;
    reading.counted += sheet.stamps;
    per_s += static_cast<double>(sheet.messages) * 1e9 / nsOf(sheet.ended - sheet.began, clock);
    robust += robustRate(sheet, table.stamps(slot, worker), clock);
  }
  reading.metrics["messages_per_s"] = per_s;
  reading.metrics["messages_per_s_robust"] = robust;
  return reading;
}

// --- times --------------------------------------------------------------------------------------

/// The times of one slot, of all messages and of the undisturbed ones.
struct SlotTimesNs {
  std::vector<double> all;
  std::vector<double> clean;

  void add(double ns, bool disturbed) {
    all.push_back(ns);
    if (!disturbed) clean.push_back(ns);
  }
};

/// `name`: "rtt_ns", "response_ns".
void putQuantiles(const std::string& name, SlotTimesNs& times, double step_ns,
                  SlotReading& reading) {
  reading.messages = times.all.size();
  reading.counted = times.clean.size();
  if (times.all.empty()) return;
  reading.metrics[name + "_p50"] = steppedQuantile(times.all, 0.50, step_ns);
  reading.metrics[name + "_p99"] = steppedQuantile(times.all, 0.99, step_ns);
  reading.metrics["disturbed_fraction"] =
      static_cast<double>(times.all.size() - times.clean.size()) /
      static_cast<double>(times.all.size());
  if (times.clean.empty()) return;
  reading.metrics[name + "_p50_clean"] = steppedQuantile(times.clean, 0.50, step_ns);
  reading.metrics[name + "_p99_clean"] = steppedQuantile(times.clean, 0.99, step_ns);
}

SlotTimesNs roundTripsOf(const SlotTable& table, const Disturbance& disturbance, const Clock& clock,
                         std::uint32_t slot) {
  SlotTimesNs times;
  for (std::uint32_t producer = 0; producer < table.shape().producers; ++producer) {
    const auto stamps = table.stamps(slot, producer).first(table.sheet(slot, producer).stamps);
    for (std::size_t i = 0; i + 1 < stamps.size(); i += 2) {
      times.add(nsOf(stamps[i + 1] - stamps[i], clock),
                disturbance.disturbs(stamps[i], stamps[i + 1]));
    }
  }
  return times;
}

/// Of the messages that were planned for the measured part; what never came took for ever.
SlotTimesNs responsesOf(const SlotTable& table, const Traffic& traffic,
                        const Disturbance& disturbance, const Clock& clock, std::uint32_t slot,
                        SlotTimes& whole) {
  SlotTimesNs times;
  const std::uint64_t origin = table.origin(slot);
  const auto skip =
      static_cast<std::uint64_t>(static_cast<double>(table.shape().skip_ns) / clock.ns_per_tick);
  for (std::uint32_t producer = 0; producer < table.shape().producers; ++producer) {
    const std::uint64_t end = table.firstPlanned(producer, slot + 1);
    for (std::uint64_t i = table.firstPlanned(producer, slot); i < end; ++i) {
      const std::uint64_t planned = traffic.planned(producer)[i];
      const std::uint64_t sent = traffic.sent(producer)[i];
      const std::uint64_t received = traffic.received(producer)[i];
      const std::uint64_t due = origin + planned;
      whole.planned.push_back(planned);
      if (received != 0) whole.received.push_back(received - std::min(origin, received));
      if (planned >= whole.length - whole.length / 20) {
        whole.final_lateness.push_back(sent == 0 ? std::numeric_limits<std::uint64_t>::max()
                                                 : sent - std::min(due, sent));
      }
      if (planned < skip) continue;
      if (received == 0) {
        times.add(std::numeric_limits<double>::infinity(), false);
      } else {
        times.add(nsOf(received - std::min(due, received), clock),
                  disturbance.disturbs(due, std::max(due, received)));
      }
    }
  }
  std::sort(whole.planned.begin(), whole.planned.end());
  std::sort(whole.received.begin(), whole.received.end());
  return times;
}

/// Of all messages of the block, those that came before they were sent, as if by other clocks.
std::uint64_t countEarly(const SlotTable& table, const Traffic& traffic, const SlotClock& by,
                         std::uint32_t slots) {
  std::uint64_t early = 0;
  for (std::uint32_t producer = 0; producer < table.shape().producers; ++producer) {
    for (std::uint64_t i = 0; i < table.firstPlanned(producer, slots); ++i) {
      const std::uint64_t sent = traffic.sent(producer)[i];
      const std::uint64_t received = traffic.received(producer)[i];
      if (received == 0 || received >= sent) continue;
      early += nsOf(sent - received, by.clock) > by.bound_ns ? 1 : 0;
    }
  }
  return early;
}

void judgeEarly(const SlotTable& table, const Traffic& traffic, const SlotClock& by,
                std::uint32_t slots, ArmReading& reading) {
  const std::uint64_t early = countEarly(table, traffic, by, slots);
  if (early == 0 || !reading.invalid.empty()) return;
  reading.invalid = fmt::format(
      "{} came before {} sent, by more than the {} by which the clocks may differ; was the clock "
      "changed?",
      counted(early, "message"), early == 1 ? "it was" : "they were", formatNs(by.bound_ns));
}

/// The metrics that need all slots of a block.
void putBlockMetrics(const std::string& name, std::vector<double>& clean, ArmReading& reading) {
  std::vector<double> disturbed;
  for (const SlotReading& slot : reading.slots) {
    const auto found = slot.metrics.find("disturbed_fraction");
    if (found != slot.metrics.end()) disturbed.push_back(found->second);
  }
  if (!disturbed.empty()) {
    reading.block_metrics["disturbed_fraction"] = orderStatistic(disturbed, 0.5);
  }
  if (clean.size() >= kLeastForP999) {
    reading.block_metrics[name + "_p999_clean"] = orderStatistic(clean, 0.999);
  }
}

}  // namespace

std::optional<SlotKind> slotKindOf(Workload workload) {
  switch (workload) {
    case Workload::Throughput:
      return SlotKind::Throughput;
    case Workload::PingPong:
      return SlotKind::PingPong;
    case Workload::Paced:
      return SlotKind::Paced;
    default:
      return std::nullopt;
  }
}

double orderStatistic(std::vector<double>& values, double p) {
  const auto n = static_cast<double>(values.size());
  const auto rank = static_cast<std::size_t>(std::max(std::ceil(p * n), 1.0));
  const auto place =
      values.begin() + static_cast<std::ptrdiff_t>(std::min(rank, values.size())) - 1;
  std::nth_element(values.begin(), place, values.end());
  return *place;
}

double steppedQuantile(std::vector<double>& values_ns, double p, double step_ns) {
  constexpr std::ptrdiff_t kMany = 3;  // fewer say nothing of where between two steps it lies
  const double value = orderStatistic(values_ns, p);
  const auto below = std::count_if(values_ns.begin(), values_ns.end(),
                                   [&](double one) { return one < value - step_ns / 4; });
  const auto equal = std::count_if(values_ns.begin(), values_ns.end(), [&](double one) {
    return std::abs(one - value) <= step_ns / 4;
  });
  if (equal < kMany || !std::isfinite(value)) return value;
  const double rank = p * static_cast<double>(values_ns.size());
  const double part = (rank - static_cast<double>(below)) / static_cast<double>(equal);
  return value + step_ns * (std::clamp(part, 0.0, 1.0) - 0.5);
}

void readSlots(const Cell& cell, const SlotTable& table, const Traffic& traffic,
               const SlotClock& by, std::uint32_t slots, ArmReading& reading) {
  const Clock& clock = by.clock;
  const SlotKind kind = table.shape().kind;
  const std::string name = kind == SlotKind::PingPong ? "rtt_ns" : "response_ns";
  const Disturbance disturbance = disturbanceIn(traffic, clock, Blame::Anybody);
  const Disturbance machines = disturbanceIn(traffic, clock, Blame::Machine);
  std::vector<double> all_clean;
  for (std::uint32_t slot = 0; slot < slots; ++slot) {
    SlotReading one;
    if (kind == SlotKind::Throughput) {
      one = readThroughput(table, clock, slot);
    } else {
      SlotTimes whole{.length = static_cast<std::uint64_t>(
                          static_cast<double>(table.shape().slot_ns + table.shape().skip_ns) /
                          clock.ns_per_tick),
                      .planned = {},
                      .received = {},
                      .final_lateness = {}};
      SlotTimesNs times = kind == SlotKind::PingPong
                              ? roundTripsOf(table, disturbance, clock, slot)
                              : responsesOf(table, traffic, disturbance, clock, slot, whole);
      all_clean.insert(all_clean.end(), times.clean.begin(), times.clean.end());
      putQuantiles(name, times, by.step_ns, one);
      // Where the machine took the time away, a plan that was not kept says nothing of the queue.
      const std::uint64_t origin = table.origin(slot);
      one.saturated = kind == SlotKind::Paced && isSaturated(whole) &&
                      machines.partOf(origin, origin + whole.length) <= kBusyPart;
    }
    one.canary_ns = table.canaryNs(slot);
    reading.slots.push_back(std::move(one));
  }
  if (kind == SlotKind::Paced) {
    judgeEarly(table, traffic, by, slots, reading);
    reading.senders_late_ns = sendersLate(traffic).often;
  }
  if (cell.workload != Workload::Throughput) putBlockMetrics(name, all_clean, reading);
}

}  // namespace ringside::harness
