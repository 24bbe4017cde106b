#include "harness/paced_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <stdexcept>

#include "harness/clock_judge.hpp"
#include "harness/console.hpp"
#include "harness/disturbance.hpp"
#include "harness/format_numbers.hpp"
#include "results/metrics.hpp"

namespace ringside::harness {
namespace {

using results::Histogram;
using results::Record;
using results::Status;

constexpr double kNsPerMs = 1e6;
constexpr double kLeadNs = 1e6;
/// Room for the gaps of a worker: a busy virtual machine was seen to make 12,000 in a second.
constexpr std::uint64_t kGapsPerS = 1 << 15;
constexpr std::uint64_t kMostGaps = 1 << 20;
/// Of the response p50: what the sender adds by itself is noted from here on.
constexpr double kNotablePart = 0.1;
/// What has not come is counted as this long: longer than anything a histogram holds.
constexpr std::uint64_t kLostNs = Histogram::kHighestNs + 1;
constexpr std::uint64_t kNeverSent = std::numeric_limits<std::uint64_t>::max();

SlotShape slotOf(const Cell& cell, std::uint32_t repetition) {
  const std::uint64_t ms = cell.timing.warmup_ms + cell.timing.duration_ms;
  return {.rate_per_s = cell.axes.rate_per_s.value_or(0),
          .length_ns = static_cast<double>(ms) * kNsPerMs,
          .producers = cell.axes.producers,
          .seed = cell.axes.seed.value_or(0) + (std::uint64_t{repetition} << 54)};
}

std::uint64_t gapsToExpect(const Timing& timing) {
  return std::min(kMostGaps,
                  (timing.warmup_ms + timing.duration_ms) / 1000 * kGapsPerS + kGapsPerS);
}

std::uint64_t ticksOf(double ns, const Clock& clock) {
  return static_cast<std::uint64_t>(ns / clock.ns_per_tick);
}

void noteOverflow(const Disturbance& disturbance, Record& record) {
  if (!disturbance.overflowed()) return;
  record.notes.emplace_back(
      "a worker had more gaps than it could log; what came after counts as disturbed");
}

void putFraction(Record& record, const char* name, std::uint64_t part, std::uint64_t whole) {
  if (whole == 0) return;
  record.metrics[name] = static_cast<double>(part) / static_cast<double>(whole);
}

/// Histograms of all messages and of the undisturbed ones.
struct Times {
  std::shared_ptr<Histogram> all = std::make_shared<Histogram>();
  std::shared_ptr<Histogram> clean = std::make_shared<Histogram>();

  void record(std::uint64_t ns, bool disturbed) {
    all->record(ns);
    if (!disturbed) clean->record(ns);
  }
  void put(const std::string& name, Record& record) const {
    record.histograms[name] = all;
    record.histograms[name + "_clean"] = clean;
  }
};

/// Goes through all messages of one repetition once.
class PacedTimes {
 public:
  PacedTimes(const Cell& cell, const Traffic& traffic, const Clock& clock)
      : traffic_(traffic),
        clock_(clock),
        disturbance_(disturbanceIn(traffic, clock, Blame::Machine)),
        origin_(traffic.words().origin_ticks.load(std::memory_order_relaxed)),
        measured_from_(ticksOf(static_cast<double>(cell.timing.warmup_ms) * kNsPerMs, clock)) {
    slot_.length = ticksOf(slotOf(cell, 0).length_ns, clock);
    for (std::uint32_t p = 0; p < traffic.shape().producers; ++p) takeProducer(p);
    std::sort(slot_.planned.begin(), slot_.planned.end());
    std::sort(slot_.received.begin(), slot_.received.end());
  }

  void put(Record& record) const;
  /// Every planned message was received, or lost in the queue, or never sent; and the ledgers,
  /// which know nothing of these tables, say the same.
  void settleWith(const results::Validation& counted) const;
  const SlotTimes& slot() const { return slot_; }
  std::uint64_t early() const { return early_ns_; }
  /// Of the slot, what the machine disturbed.
  double machinesPart() const { return disturbance_.partOf(origin_, origin_ + slot_.length); }

 private:
  struct Message {
    std::uint64_t intended = 0;  ///< ticks of the clock, as those below
    std::uint64_t sent = 0;      ///< 0: never
    std::uint64_t received = 0;  ///< 0: never
  };

  void takeProducer(std::uint32_t producer) {
    const auto planned = traffic_.planned(producer);
    const auto sent = traffic_.sent(producer);
    const auto received = traffic_.received(producer);
    Histogram& of_producer = *producers_.emplace_back(std::make_unique<Histogram>());
    for (std::size_t i = 0; i < planned.size(); ++i) {
      const Message message{origin_ + planned[i], sent[i], received[i]};
      takeForSlot(planned[i], message);
      if (planned[i] >= measured_from_) takeMeasured(message, of_producer);
    }
  }

  void takeForSlot(std::uint64_t planned, const Message& message) {
    slot_.planned.push_back(planned);
    sent_ += static_cast<std::uint64_t>(message.sent != 0);
    underway_ += static_cast<std::uint64_t>(message.sent != 0 && message.received == 0);
    never_sent_ += static_cast<std::uint64_t>(message.sent == 0 && message.received == 0);
    if (message.received != 0) {
      slot_.received.push_back(message.received - std::min(origin_, message.received));
    }
    if (planned < slot_.length - slot_.length / 20) return;
    const std::uint64_t lateness = message.sent - std::min(message.intended, message.sent);
    slot_.final_lateness.push_back(message.sent == 0 ? kNeverSent : lateness);
  }

  void takeMeasured(const Message& message, Histogram& of_producer) {
    ++planned_;
    const bool late =
        message.sent == 0 || clock_.nsBetween(message.intended, message.sent) > kLateNs;
    late_ += static_cast<std::uint64_t>(late);
    if (message.received == 0) {
      ++lost_;
      response_.record(kLostNs, false);
      if (message.sent != 0) service_.record(kLostNs, false);
      return;
    }
    ++received_;
    const bool disturbed = disturbance_.disturbs(message.intended, message.received);
    disturbed_ += static_cast<std::uint64_t>(disturbed);
    const std::uint64_t response = clock_.nsBetween(message.intended, message.received);
    response_.record(response, disturbed);
    service_.record(clock_.nsBetween(message.sent, message.received), disturbed);
    of_producer.record(response);
    early_ns_ = std::max(early_ns_, clock_.nsBetween(message.received, message.sent));
  }

  const Traffic& traffic_;
  Clock clock_;
  Disturbance disturbance_;
  std::uint64_t origin_;
  std::uint64_t measured_from_;
  SlotTimes slot_;
  Times response_;
  Times service_;
  std::vector<std::unique_ptr<Histogram>> producers_;
  std::uint64_t sent_ = 0;
  std::uint64_t underway_ = 0;  ///< when all had ended: lost by the queue
  std::uint64_t never_sent_ = 0;
  std::uint64_t planned_ = 0;  ///< in the measured phase, as those below
  std::uint64_t received_ = 0;
  std::uint64_t lost_ = 0;
  std::uint64_t late_ = 0;
  std::uint64_t disturbed_ = 0;
  std::uint64_t early_ns_ = 0;  ///< the most by which one came before it was sent
};

void PacedTimes::settleWith(const results::Validation& counted) const {
  const std::uint64_t came = slot_.received.size();
  const bool complete = slot_.planned.size() == came + underway_ + never_sent_;
  const bool agreed = !counted.clean() || (counted.sent == sent_ && counted.received == came);
  if (complete && agreed) return;
  throw std::logic_error(fmt::format(
      "{} messages were planned; {} came, {} were lost and {} never sent, but the ledgers "
      "have {} sent and {} received",
      slot_.planned.size(), came, underway_, never_sent_, counted.sent, counted.received));
}

void PacedTimes::put(Record& record) const {
  response_.put("response_ns", record);
  service_.put("service_ns", record);
  record.metrics["messages_planned"] = static_cast<double>(planned_);
  record.metrics["messages_lost"] = static_cast<double>(lost_);
  putFraction(record, "late_fraction", late_, planned_);
  putFraction(record, "disturbed_fraction", disturbed_, received_);
  if (producers_.size() > 1) {
    std::uint64_t p50 = 0;
    std::uint64_t p99 = 0;
    for (const auto& of_producer : producers_) {
      p50 = std::max(p50, of_producer->valueAtPercentile(50));
      p99 = std::max(p99, of_producer->valueAtPercentile(99));
    }
    record.metrics["response_ns_p50_worst_producer"] = static_cast<double>(p50);
    record.metrics["response_ns_p99_worst_producer"] = static_cast<double>(p99);
  }
  noteOverflow(disturbance_, record);
  results::fillMetrics(record, received_);
}

void makeInvalid(Record& record, std::string reason) {
  record.status = Status::Invalid;
  record.reason = std::move(reason);
}

/// Times between two CPUs are one-way, so they are worth what the clocks are. Puts the bound into
/// the record; why there can be no such times, else empty.
std::string putClockBound(const Cell& cell, const Session& session, std::uint64_t early_ns,
                          Record& record) {
  const Placing& placing = cell.placing;
  ClockSurvey& survey = session.clockSurvey();
  const bool pinned = !placing.producer_cpus.empty() && !placing.consumer_cpus.empty();
  const std::optional<ClockOffset> offset =
      survey.worst(placing.producer_cpus, placing.consumer_cpus);
  const double bound = offset ? offset->boundNs() : survey.step().step_ns;
  record.metrics["clock_bound_ns"] = bound;
  if (offset && pinned) record.metrics["clock_offset_ns"] = offset->offset_ns;
  if (std::string why = offset ? whyNoOneWayTimes(*offset) : ""; !why.empty()) return why;
  if (static_cast<double>(early_ns) > bound) {
    return fmt::format(
        "a message came before it was sent, by more than the {} by which the clocks "
        "may differ; was the clock changed?",
        formatNs(bound));
  }
  if (offset && offset->isProven()) {
    record.notes.push_back(fmt::format(
        "the clocks of two CPUs differ by {}: times from one to the other may be wrong by {}",
        formatNs(std::abs(offset->offset_ns)), formatNs(bound)));
  }
  return {};
}

/// Where the sender's own waiting takes a part of the response times that is not small: of the
/// slowest ones, which is noted, or of one in ten, with which the p50 is no longer the queue's.
void judgeGenerator(const Traffic& traffic, Record& record) {
  const SendersLate worst = sendersLate(traffic);
  record.metrics["generator_ns_p90"] = worst.often;
  record.metrics["generator_ns_p999"] = worst.seldom;
  const auto p50 = record.metrics.find("response_ns_p50");
  if (p50 == record.metrics.end() || worst.seldom < kNotablePart * p50->second) return;
  std::string why = whySendersTooLate(worst.often, p50->second);
  if (!why.empty()) {
    makeInvalid(record, std::move(why));
  } else {
    record.notes.emplace_back(
        "waiting for a planned time is by itself late by over a tenth of the response p50 "
        "(generator_ns_p999)");
  }
}

void addPaced(const Cell& cell, const Traffic& traffic, const Session& session, Record& record) {
  const PacedTimes times(cell, traffic, session.clock());
  times.settleWith(*record.validation);
  record.seconds = static_cast<double>(cell.timing.duration_ms) * 1e-3;
  times.put(record);
  judgeGenerator(traffic, record);
  const std::string clocks = putClockBound(cell, session, times.early(), record);
  if (!clocks.empty()) makeInvalid(record, clocks);
  if (record.metrics["messages_planned"] <= 0) {
    makeInvalid(record,
                "no message was planned for the measured phase; use a higher rate_per_s or "
                "a longer duration_ms");
  } else if (isSaturated(times.slot()) && times.machinesPart() > kBusyPart) {
    record.notes.emplace_back(
        "the rate could not be kept, but the machine took over a tenth of the time from the "
        "workers: "
        "says nothing of the queue");
  } else if (isSaturated(times.slot())) {
    makeInvalid(record, fmt::format("saturated: this rate of {}/s cannot be kept; use a lower "
                                    "rate_per_s",
                                    formatCount(cell.axes.rate_per_s.value_or(0))));
  }
}

/// Goes through the kept round trips of one repetition once.
class RoundTrips {
 public:
  RoundTrips(const Traffic& traffic, const Clock& clock)
      : clock_(clock), disturbance_(disturbanceIn(traffic, clock, Blame::Machine)) {
    for (std::uint32_t p = 0; p < traffic.shape().producers; ++p) {
      const auto turning_points = traffic.turningPoints(p);
      const auto kept = traffic.roundTrips(p).first(traffic.roundTripLog(p).count);
      for (std::size_t i = 0; i < kept.size(); ++i) take(kept[i], turning_points[i]);
    }
  }

  void put(Record& record) const {
    record.histograms["rtt_ns_clean"] = clean_;
    putFraction(record, "disturbed_fraction", disturbed_, kept_);
    noteOverflow(disturbance_, record);
  }
  void putOneWay(Record& record) const { one_way_.put("one_way_ns", record); }
  std::uint64_t early() const { return early_ns_; }

 private:
  void take(const RoundTrip& trip, std::uint64_t turned) {
    ++kept_;
    const bool disturbed = disturbance_.disturbs(trip.begin, trip.end);
    disturbed_ += static_cast<std::uint64_t>(disturbed);
    if (!disturbed) clean_->record(clock_.nsBetween(trip.begin, trip.end));
    if (turned == 0) return;
    one_way_.record(clock_.nsBetween(trip.begin, turned), disturbed);
    early_ns_ = std::max(early_ns_, clock_.nsBetween(turned, trip.begin));
  }

  Clock clock_;
  Disturbance disturbance_;
  std::shared_ptr<Histogram> clean_ = std::make_shared<Histogram>();
  Times one_way_;
  std::uint64_t kept_ = 0;
  std::uint64_t disturbed_ = 0;
  std::uint64_t early_ns_ = 0;
};

void addRoundTrips(const Cell& cell, const Traffic& traffic, const Session& session,
                   Record& record) {
  const RoundTrips trips(traffic, session.clock());
  trips.put(record);
  const std::string clocks = putClockBound(cell, session, trips.early(), record);
  if (clocks.empty()) {
    trips.putOneWay(record);
  } else {
    record.notes.push_back(clocks);  // a round trip is told by one clock
  }
  results::fillMetrics(record, static_cast<std::uint64_t>(record.metrics["messages"]));
}

}  // namespace

std::string whySendersTooLate(double late_ns_p90, double response_ns_p50) {
  if (late_ns_p90 < response_ns_p50) return {};
  return fmt::format(
      "the sender comes {} late without any queue (p90), as late as the response p50; use a lower "
      "rate_per_s",
      formatNs(late_ns_p90));
}

SendersLate sendersLate(const Traffic& traffic) {
  SendersLate worst;
  for (std::uint32_t p = 0; p < traffic.shape().producers; ++p) {
    const GeneratorNote& note = traffic.generatorNote(p);
    worst.often = std::max(worst.often, static_cast<double>(note.late_ns_p90));
    worst.seldom = std::max(worst.seldom, static_cast<double>(note.late_ns_p999));
  }
  return worst;
}

Disturbance disturbanceIn(const Traffic& traffic, const Clock& clock, Blame blame) {
  std::vector<WorkerGaps> workers;
  for (std::uint32_t i = 0; i < traffic.shape().producers; ++i) {
    workers.push_back(WorkerGaps::of(traffic.producerGaps(i)));
  }
  for (std::uint32_t i = 0; i < traffic.shape().consumers; ++i) {
    workers.push_back(WorkerGaps::of(traffic.consumerGaps(i)));
  }
  return {workers, clock, blame};
}

std::unique_ptr<Traffic> makeTraffic(const Cell& cell, std::uint32_t repetition,
                                     const Clock& clock) {
  const bool paced = cell.workload == Workload::Paced;
  const bool round_trips = cell.workload == Workload::PingPong;
  std::vector<std::vector<double>> plan;
  if (paced) plan = planSends(cell.arrivals, slotOf(cell, repetition));
  TrafficShape shape{.producers = cell.axes.producers,
                     .consumers = cell.axes.consumers,
                     .gaps_per_worker = paced || round_trips ? gapsToExpect(cell.timing) : 0,
                     .round_trips = round_trips,
                     .planned = {}};
  for (const std::vector<double>& times : plan) shape.planned.push_back(times.size());
  auto traffic = std::make_unique<Traffic>(std::move(shape));
  for (std::uint32_t p = 0; p < plan.size(); ++p) {
    std::ranges::transform(plan[p], traffic->planned(p).begin(),
                           [&](double ns) { return ticksOf(ns, clock); });
  }
  return traffic;
}

void startTraffic(const Traffic& traffic, const Cell& cell, const Clock& clock) {
  const std::uint64_t origin = clock.now() + ticksOf(kLeadNs, clock);
  const double give_up_ns = slotOf(cell, 0).length_ns + static_cast<double>(kDrainNs);
  // relaxed: published with the phase that is set next.
  traffic.words().origin_ticks.store(origin, std::memory_order_relaxed);
  traffic.words().give_up_ticks.store(origin + ticksOf(give_up_ns, clock),
                                      std::memory_order_relaxed);
}

void addTimes(const Cell& cell, const Traffic& traffic, const Session& session, Record& record) {
  if (cell.workload == Workload::Paced) addPaced(cell, traffic, session, record);
  if (cell.workload == Workload::PingPong) addRoundTrips(cell, traffic, session, record);
}

}  // namespace ringside::harness
