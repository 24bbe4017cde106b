// What a repetition with looks at the clock needs beside its workers, and what becomes of it: the
// plan of send times before, response and service times and undisturbed round trips afterwards.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "harness/disturbance.hpp"
#include "harness/plan.hpp"
#include "harness/session.hpp"
#include "harness/traffic.hpp"
#include "results/record.hpp"

namespace ringside::harness {

/// What is later than this after its planned time was sent late: some readings of the clock.
constexpr std::uint64_t kLateNs = 1000;

/// A sender that is further behind than this part of the slot at its end cannot keep the rate.
constexpr double kSaturatedPart = 0.1;

/// Where the machine disturbed more than this part of the slot, a plan that was not kept says
/// nothing about the queue.
constexpr double kBusyPart = 0.1;

/// Where one message in ten comes to its planned time as late without any queue as the response p50
/// is with one, no response time is the queue's (gate.md 7.8): why; else empty.
std::string whySendersTooLate(double late_ns_p90, double response_ns_p50);

/// Of the sender that is the latest without any queue, ns; 0 where none was tried.
struct SendersLate {
  double often = 0;   ///< one message in ten
  double seldom = 0;  ///< one in a thousand
};
SendersLate sendersLate(const Traffic& traffic);

/// With the whole plan of the cell in it, which follows from seed and repetition.
std::unique_ptr<Traffic> makeTraffic(const Cell& cell, std::uint32_t repetition,
                                     const Clock& clock);

/// The plan begins in a millisecond. To be called just before the warm-up.
void startTraffic(const Traffic& traffic, const Cell& cell, const Clock& clock);

/// By the gaps that all its workers logged.
Disturbance disturbanceIn(const Traffic& traffic, const Clock& clock, Blame blame);

/// Adds to the record what Traffic knows: histograms, metrics, notes. The record of a cell of the
/// workload paced becomes invalid where the plan could not be kept though the machine let it, or
/// where messages came before they were sent. Others are left alone. Throws std::logic_error when
/// the planned messages do not all end as received or lost, or when the ledgers say otherwise;
/// `record.validation` must be set.
void addTimes(const Cell& cell, const Traffic& traffic, const Session& session,
              results::Record& record);

/// The open loop of one slot as a whole, in ticks after the origin.
struct SlotTimes {
  std::uint64_t length = 0;
  std::vector<std::uint64_t> planned;   ///< ascending
  std::vector<std::uint64_t> received;  ///< of those that came, ascending
  /// Of each message planned in the last 20th: how long after its time it was sent, all ones when
  /// it never was.
  std::vector<std::uint64_t> final_lateness;
};

/// Whether the queue could not keep the rate: all that was planned for the last 20th of the slot
/// left later than a tenth of the slot; or what was planned and had not come grew throughout the
/// last half: in each eighth of the slot its lowest value was above that of the eighth before, by
/// more than a hundredth of the half's messages in all. A pause that was made good is neither.
bool isSaturated(const SlotTimes& slot);

}  // namespace ringside::harness
