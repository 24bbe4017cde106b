// A campaign: which queues, which faults, how many of each, and what is expected of whom. One
// finding for each queue and each kind of fault.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "harness/verify/trial.hpp"

namespace ringside::harness {

enum class FaultKind : std::uint8_t {
  None,  ///< no fault: capacity, order, contents, and the times of all calls
  KillAtInstruction,
  StopAtInstruction,
  OvertakenAtInstruction,  ///< by whole laps
  WakeAtInstruction,
  KillAtPoint,  ///< the next three at kill points, in a build that has them
  StopAtPoint,
  StormAtPoints,
  Storm,
  Overwritten,  ///< the segment's bytes
  Truncated,    ///< the segment under its users
  Unlinked,     ///< the segment under its users
  FullMemory    ///< no room in /dev/shm
};
std::string_view toString(FaultKind kind) noexcept;
const std::vector<FaultKind>& allFaultKinds();
/// Those that this build can deal.
std::vector<FaultKind> possibleFaultKinds();

/// That the logs of a trial have room for.
constexpr std::uint64_t kMostTrialCapacity = 64;

struct Campaign {
  std::string name;
  std::string question;
  std::string text;  ///< of the file it was read from
  std::vector<const QueueEntry*> queues;
  std::vector<FaultKind> faults;
  std::uint64_t seed = 1;
  std::uint64_t element_size_bytes = 136;  ///< three lines, so that half a copy shows
  std::vector<std::uint64_t> capacities = {1, 2, 3, 4};
  std::uint64_t kill_points = 20;  ///< most of one call, filling and capacity
  std::uint64_t stop_points = 10;
  std::uint64_t wake_points = 20;
  std::uint64_t storms = 4;  ///< of each shape and capacity
  std::uint64_t kills_per_storm = 12;
  std::uint64_t rounds = 4;  ///< of overwriting, truncating, unlinking
  /// Ends with the first finding that failed; until then each fault is tried on every queue before
  /// the next, in the order of `faults`.
  bool until_failure = false;
  /// The worst class that is no failure; Survives for a queue that is not named.
  std::map<std::string, ProgressClass> expected;
};

/// What a campaign found out about one queue under one kind of fault.
struct CampaignFinding {
  const QueueEntry* queue = nullptr;
  FaultKind fault = FaultKind::None;
  std::string skipped;  ///< why nothing was tried; empty otherwise
  ProgressClass progress = ProgressClass::Survives;
  ProgressClass expected = ProgressClass::Survives;
  std::uint64_t trials = 0;
  std::uint64_t faults = 0;
  std::uint64_t bad_trials = 0;
  TrialOutcome worst;  ///< the first of the worst class
  Counts counts;
  std::int64_t leaked_slots = 0;
  std::uint64_t stale_segments = 0;
  std::vector<double> detection_ms;
  std::vector<double> recovery_ms;
  double seconds = 0;

  bool tried() const noexcept { return trials > 0; }
  bool failed() const noexcept { return progress > expected; }
};

/// Those that are tried on this queue, none twice: the campaign's, or the nearest that the queue
/// was built for.
std::vector<std::uint64_t> capacitiesOf(const Campaign& campaign, const QueueEntry& queue);

/// The processes of each side of `queue` in a trial: as many as it takes, and no more than two. Its
/// elements have the campaign's size, or the nearest that the queue was built for.
QueueShape shapeOf(const Campaign& campaign, const QueueEntry& queue, std::uint64_t capacity);

using TellFinding = std::function<void(const CampaignFinding&)>;
/// True when the user wants to stop.
using WantsToStop = std::function<bool()>;

/// Whom a campaign tells how it goes, and asks whether it shall go on.
struct CampaignWatcher {
  TellFinding on_finding = [](const CampaignFinding&) {};  ///< it is whole
  TellFinding on_trial = [](const CampaignFinding&) {};    ///< before its first one, after each
  WantsToStop wants_to_stop = [] { return false; };
};

std::vector<CampaignFinding> runCampaign(const Campaign& campaign, Session& session,
                                         const CampaignWatcher& watcher = {});

/// How long a queue under a fault takes, in seconds, by what trials took on two cores of 2026; 0
/// where nothing can be tried.
double roughSecondsOf(const Campaign& campaign, const QueueEntry& queue, FaultKind fault);

}  // namespace ringside::harness
