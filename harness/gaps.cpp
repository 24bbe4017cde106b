#include "harness/gaps.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <charconv>
#include <cstring>
#include <utility>

namespace ringside::harness {
namespace {

/// Voluntary ones are sleeps.
struct Switches {
  std::uint64_t voluntary = 0;
  std::uint64_t involuntary = 0;
};

Switches switchesSoFar() noexcept {
  ::rusage usage = {};
  ::getrusage(RUSAGE_THREAD, &usage);
  return {static_cast<std::uint64_t>(usage.ru_nvcsw), static_cast<std::uint64_t>(usage.ru_nivcsw)};
}

}  // namespace

KernelWitness::KernelWitness()
    : schedstat_(::open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC)) {
  if (schedstat_ >= 0 && runDelayNs() == ~0ULL) {
    ::close(schedstat_);
    schedstat_ = -1;
  }
  about(0);
}

KernelWitness::~KernelWitness() {
  if (schedstat_ >= 0) ::close(schedstat_);
}

/// The second number: for how long this thread could have run and did not. All ones when it
/// cannot be read.
std::uint64_t KernelWitness::runDelayNs() const noexcept {
  char text[96];
  const ::ssize_t length = ::pread(schedstat_, text, sizeof text, 0);
  if (length <= 0) return ~0ULL;
  const char* end = text + length;
  const void* space = std::memchr(text, ' ', static_cast<std::size_t>(length));
  if (space == nullptr) return ~0ULL;
  std::uint64_t ns = 0;
  const char* begin = static_cast<const char*>(space) + 1;
  return std::from_chars(begin, end, ns).ec == std::errc{} ? ns : ~0ULL;
}

KernelWitness::Statement KernelWitness::about(std::uint64_t gap_ns) noexcept {
  const Switches switches = switchesSoFar();
  const bool preempted =
      switches.involuntary != std::exchange(last_preemptions_, switches.involuntary);
  const bool slept = switches.voluntary != std::exchange(last_sleeps_, switches.voluntary);
  if (!preempted && !slept) return {};
  if (schedstat_ < 0) return {.taken_away = preempted, .slept = slept};
  const std::uint64_t delay_ns = runDelayNs();
  const std::uint64_t grown_ns = delay_ns - std::exchange(last_delay_ns_, delay_ns);
  return {.taken_away = grown_ns > 0 && grown_ns >= gap_ns / 2, .slept = slept};
}

GapWatch::GapWatch(const Clock& clock, GapLog& log) noexcept
    : clock_(clock),
      log_(log),
      shortest_gap_(static_cast<std::uint64_t>(kShortestGapNs / clock.ns_per_tick)),
      longest_call_(shortest_gap_) {}

GapWatch::~GapWatch() {
  log_.ticks_between_calls = between_calls_;
  log_.ticks_in_calls = in_calls_;
}

void GapWatch::start() noexcept {
  witness_.about(0);  // what it cost to come here is no gap
  last_ = clock_.now();
}

void GapWatch::note(std::uint64_t now, GapSite site) noexcept {
  if (log_.count == log_.capacity) {
    if (log_.full_since == 0) log_.full_since = last_;
    last_ = now;
    return;
  }
  Gap& gap = log_.gaps()[log_.count++];
  gap.begin = last_;
  gap.site = site;
  const KernelWitness::Statement kernel = witness_.about(clock_.nsBetween(last_, now));
  gap.taken_away = kernel.taken_away;
  gap.slept = kernel.slept;
  last_ = clock_.now();
  gap.end = last_;  // what it took to ask is part of it
}

}  // namespace ringside::harness
