// coordinated_omission: stops the consumer of an open loop for 60 ms, as a scheduler might, and
// shows that response times tell of every message that was planned in that time, which service
// times hide. Prints the run's table and a judgement; exit code 0 when it holds, 1 otherwise.
//
// The ring holds 64 messages, so it is full at once, and the sender stands still as well: who
// counts from the actual send sees some 64 slow messages of 100,000. How long the consumer really
// stood still is measured and expected, not assumed; a try in which the stop did not fall into the
// slot is repeated, up to five times.
#include <fmt/format.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <new>
#include <string>
#include <thread>

#include "delaying_queues.hpp"
#include "harness/clock.hpp"
#include "harness/console.hpp"
#include "harness/result_table.hpp"
#include "harness/runner.hpp"
#include "results/summary.hpp"
#include "scratch_suite.hpp"

namespace ringside::harness {
namespace {

using results::Histogram;
using results::Record;
using std::chrono::milliseconds;

constexpr int kTries = 5;
constexpr double kRatePerS = 100'000;
constexpr milliseconds kWarmUp{200};
constexpr milliseconds kSlot{1000};
constexpr milliseconds kStandstill{60};
constexpr milliseconds kIntoTheSlot{400};
constexpr milliseconds kSearchLimit{10'000};
/// A message that took longer than this waited for the consumer that stood still.
constexpr double kSlowNs = 1e6;
constexpr double kLeastP99Ns = 40e6;
constexpr double kLeastSeen = 0.95;

/// What the process that stops the consumer tells.
struct Standstill {
  std::atomic<std::uint64_t> ns;  ///< 0: it did not come to that
};

/// A child of `parent` with this name; 0 when there is none.
::pid_t childOf(::pid_t parent, const std::string& name) {
  std::ifstream children(fmt::format("/proc/{0}/task/{0}/children", parent));
  for (::pid_t child = 0; children >> child;) {
    std::ifstream comm(fmt::format("/proc/{}/comm", child));
    std::string found;
    if (std::getline(comm, found) && found == name) return child;
  }
  return 0;
}

/// In a process of its own: waits for the consumer, lets the slot begin, and stops it for a while.
[[noreturn]] void stopTheConsumer(::pid_t parent, Standstill& standstill) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const auto limit = std::chrono::steady_clock::now() + kSearchLimit;
  ::pid_t consumer = 0;
  while (consumer == 0 && std::chrono::steady_clock::now() < limit) {
    std::this_thread::sleep_for(milliseconds(1));
    consumer = childOf(parent, "ringside-cons");
  }
  if (consumer == 0) ::_exit(1);
  std::this_thread::sleep_for(kWarmUp + kIntoTheSlot);
  const std::uint64_t begin = Clock::monotonicRawNs();
  if (::kill(consumer, SIGSTOP) != 0) ::_exit(1);
  std::this_thread::sleep_for(kStandstill);
  ::kill(consumer, SIGCONT);
  standstill.ns = Clock::monotonicRawNs() - begin;
  ::_exit(0);
}

Cell cellOf(const Session& session, std::string& suite) {
  const ScratchSuite file(fmt::format(
      "[suite]\nname = \"omission\"\nquestion = \"?\"\n[[scenario]]\nname = \"standstill\"\n"
      "workload = \"paced\"\nwarmup_ms = {}\nduration_ms = {}\n[scenario.sweep]\nqueue = \"spsc\"\n"
      "capacity = 64\nrate_per_s = {:.0f}\n",
      kWarmUp.count(), kSlot.count(), kRatePerS));
  const Plan plan = makePlan(file.read(), session.topology(), kPlenty);
  suite = plan.suite;
  return plan.cells.at(0);
}

double slowIn(const Histogram& histogram) {
  double slow = 0;
  histogram.forEachBucket([&](const results::Bucket& bucket) {
    if (static_cast<double>(bucket.lowest) > kSlowNs) slow += static_cast<double>(bucket.count);
  });
  return slow;
}

struct Seen {
  Record record;
  double standstill_ms = 0;

  /// Due while the consumer stood still, and a millisecond or more before its end.
  double expected() const { return kRatePerS * (standstill_ms - 1) * 1e-3; }
  double slowBy(const char* histogram) const { return slowIn(*record.histograms.at(histogram)); }
  double p99By(const char* histogram) const {
    return static_cast<double>(record.histograms.at(histogram)->valueAtPercentile(99));
  }
  bool ran() const {
    return record.status == results::Status::Ok && standstill_ms >= 60 &&
           record.histograms.contains("response_ns");
  }
  bool responseTells() const {
    return slowBy("response_ns") >= kLeastSeen * expected() && p99By("response_ns") >= kLeastP99Ns;
  }
  bool serviceHides() const {
    return slowBy("service_ns") < (1 - kLeastSeen) * expected() && p99By("service_ns") < kSlowNs;
  }
};

Seen runOnce(Session& session, Standstill& standstill) {
  standstill.ns = 0;
  std::string suite;
  const Cell cell = cellOf(session, suite);
  const ::pid_t parent = ::getpid();
  const ::pid_t stopper = ::fork();
  if (stopper == 0) stopTheConsumer(parent, standstill);
  Seen seen;
  seen.record = runRepetition(cell, suite, 0, session).value_or(Record{});
  ::waitpid(stopper, nullptr, 0);
  seen.standstill_ms = static_cast<double>(standstill.ns.load()) * 1e-6;
  return seen;
}

void line(const char* name, const Seen& seen, const char* histogram, bool holds) {
  const double slow = seen.slowBy(histogram);
  put("{:<9} {:>8.0f} of {:>6.0f} late messages ({:>5.1f} %), p99 {:>8.3f} ms  {}\n", name, slow,
      seen.expected(), 100 * slow / seen.expected(), seen.p99By(histogram) * 1e-6,
      holds ? "ok" : "WRONG");
}

int run() {
  void* const page = ::mmap(nullptr, sizeof(Standstill), PROT_READ | PROT_WRITE,
                            MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return 1;
  auto* const standstill = new (page) Standstill{};
  goBeforeOthers();
  Session session(Topology::ofThisMachine());
  for (int attempt = 1; attempt <= kTries; ++attempt) {
    const Seen seen = runOnce(session, *standstill);
    if (!seen.ran()) {
      say("try {} of {}: {}\n", attempt, kTries,
          seen.record.reason.value_or("the consumer was not stopped in time"));
      continue;
    }
    const bool tells = seen.responseTells();
    const bool hides = seen.serviceHides();
    put("{}\n", renderResults(results::summarise({seen.record}), Format::Table));
    put("consumer stopped for {:.1f} ms of a slot of {} ms at {:.0f} messages/s, try {} of {}\n",
        seen.standstill_ms, kSlot.count(), kRatePerS, attempt, kTries);
    line("response", seen, "response_ns", tells);
    line("service", seen, "service_ns", hides);
    if (tells && hides) return 0;
    if (attempt < kTries) say("the machine did more than that; once more\n");
  }
  return 1;
}

}  // namespace
}  // namespace ringside::harness

int main() {
  try {
    return ringside::harness::run();
  } catch (const std::exception& error) {
    ringside::harness::say("coordinated_omission: {}\n", error.what());
    return 1;
  }
}
