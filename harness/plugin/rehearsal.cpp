#include "harness/plugin/rehearsal.hpp"

#include <fmt/format.h>
#include <string.h>

#include <cstdio>
#include <map>
#include <new>
#include <tuple>

#include "harness/control.hpp"
#include "harness/verify/child.hpp"

namespace ringside::harness {
namespace {

constexpr std::size_t kMaxReasonBytes = 480;

/// What the process that makes the call leaves behind; zeroed before.
struct CallReport {
  bool returned;
  bool threw;
  std::uint64_t value;
  char reason[kMaxReasonBytes];  ///< with a zero at its end
};

void report(CallReport& into, const std::function<std::uint64_t()>& call) {
  try {
    into.value = call();
    into.returned = true;
    return;
  } catch (const std::exception& error) {
    ::strncpy(into.reason, error.what(), kMaxReasonBytes - 1);
  } catch (...) {
    ::strncpy(into.reason, "something that is no std::exception", kMaxReasonBytes - 1);
  }
  into.threw = true;
}

Rehearsal::Outcome outcomeOf(const CallReport& report) {
  if (report.returned) return Rehearsal::Outcome::Returned;
  return report.threw ? Rehearsal::Outcome::Threw : Rehearsal::Outcome::Died;
}

std::string deathOf(std::optional<int> status, std::chrono::milliseconds patience) {
  if (!status) return fmt::format("had not returned after {} ms", patience.count());
  if (WIFEXITED(*status)) return fmt::format("ended its process with {}", WEXITSTATUS(*status));
  return "was " + describeStatus(*status);
}

/// All that makes one shape differ from another, for what a queue needs.
using ShapeKey =
    std::tuple<std::string, std::uint32_t, std::uint32_t, std::uint64_t, std::uint64_t>;

ShapeKey keyOf(const QueueEntry& queue, const QueueShape& shape) {
  return {std::string(queue.name), shape.producers, shape.consumers, shape.element_size_bytes,
          shape.capacity};
}

}  // namespace

Rehearsal rehearse(const std::function<std::uint64_t()>& call, std::chrono::milliseconds patience) {
  const SharedPages pages(sizeof(CallReport));
  auto* const left = new (pages.data()) CallReport{};
  std::fflush(stdout);  // exit() in the child would write what stands in it once more
  std::optional<int> status;
  {
    Child child([&] {
      report(*left, call);
      return 0;
    });
    status = child.waitFor(patience);
  }  // killed, if it still runs
  Rehearsal rehearsal{outcomeOf(*left), left->value, left->reason};
  if (rehearsal.outcome == Rehearsal::Outcome::Died) rehearsal.reason = deathOf(status, patience);
  return rehearsal;
}

std::string Rehearsal::sentence() const {
  return outcome == Outcome::Threw ? "threw: " + reason : reason;
}

std::uint64_t bytesNeededBy(const QueueEntry& queue, const QueueShape& shape) {
  if (queue.origin.empty()) return queue.bytesNeeded(shape);
  static std::map<ShapeKey, Rehearsal> known;
  const auto [place, is_new] = known.try_emplace(keyOf(queue, shape));
  if (is_new) place->second = rehearse([&] { return queue.bytesNeeded(shape); });
  const Rehearsal& rehearsal = place->second;
  if (rehearsal.outcome == Rehearsal::Outcome::Returned) return rehearsal.value;
  throw AdapterFailed(fmt::format("bytesNeeded() of {} {}", queue.name, rehearsal.sentence()));
}

HeldQueue holdBy(const QueueEntry& queue, const Place& place, const QueueShape& shape) {
  if (!queue.origin.empty()) {
    const Rehearsal rehearsal = rehearse([&]() -> std::uint64_t {
      return queue.hold(place, shape).memory.size();  // and destroys it
    });
    if (rehearsal.outcome == Rehearsal::Outcome::Died) {
      throw AdapterFailed(fmt::format("hold() of {} {}", queue.name, rehearsal.reason));
    }
  }
  return queue.hold(place, shape);
}

}  // namespace ringside::harness
