#include "harness/worker.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <thread>

#include "harness/queue_places.hpp"

namespace ringside::harness {
namespace {

constexpr std::chrono::seconds kStartLineLimit{30};

/// The worker dies with its parent, whatever kills that.
void bindLifeToParent(::pid_t parent) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent) ::_exit(kWorkerGaveUp);  // it died before the line above
}

constexpr std::string_view roleName(WorkerRole role) {
  switch (role) {
    case WorkerRole::Maker:
      return "maker";
    case WorkerRole::Producer:
      return "producer";
    case WorkerRole::Consumer:
      return "consumer";
  }
  return "";
}

/// A Ctrl-C goes to the whole process group and is the parent's to answer; SIGTERM is for whoever
/// gets it.
void takeSignals() {
  ::sigset_t terminate;
  ::sigemptyset(&terminate);
  ::sigaddset(&terminate, SIGTERM);
  ::sigprocmask(SIG_UNBLOCK, &terminate, nullptr);
}

void pin(const Job& job, const WorkerId& id, WorkerFindings& findings) {
  findings.cpu_pinned = -1;
  const Placing& placing = job.cell->placing;
  const auto& cpus =
      id.role == WorkerRole::Producer ? placing.producer_cpus : placing.consumer_cpus;
  if (cpus.empty()) return;
  const int cpu = cpus.at(id.number);
  const std::string trouble = job.session->topology().pinThisThread(cpu);
  if (!trouble.empty()) throw std::runtime_error(trouble);
  findings.cpu_pinned = cpu;
}

/// Messages that a consumer may find missing for a while before the ledger's own memory is touched
/// for the first time: as many as the fastest queues take in the time.
std::uint64_t messagesExpected(const Timing& timing) {
  constexpr std::uint64_t kMessagesPerMs = 50'000;
  return std::min(kMaxSequence, (timing.warmup_ms + timing.duration_ms) * kMessagesPerMs);
}

/// The first of each role are measured, where each has a CPU of its own.
CanaryRole canaryRoleOf(const Job& job, const WorkerId& id) {
  const Placing& placing = job.cell->placing;
  const bool pinned = !placing.producer_cpus.empty() && !placing.consumer_cpus.empty();
  if (id.number != 0 || !pinned) return CanaryRole::None;
  if (placing.producer_cpus.front() == placing.consumer_cpus.front()) return CanaryRole::None;
  return id.role == WorkerRole::Producer ? CanaryRole::Leads : CanaryRole::Follows;
}

void leaveMessage(WorkerFindings& findings, std::string_view text) {
  const std::size_t length = std::min(text.size(), kMaxMessageBytes - 1);
  std::memcpy(findings.message, text.data(), length);
  findings.message[length] = '\0';
}

void work(const Job& job, const WorkerId& id, WorkerFindings& findings) {
  if (id.role == WorkerRole::Maker) return makeQueues(*job.cell, job.places);
  pin(job, id, findings);
  const OpenPlaces open = openPlaces(*job.cell, job.places);
  WorkerContext context{.number = id.number,
                        .shape = job.cell->shape,
                        .wait = job.cell->wait,
                        .clock = job.session->clock(),
                        .places = open.places,
                        .control = job.control,
                        .findings = &findings,
                        .traffic = job.traffic,
                        .measure_ns = job.cell->timing.duration_ms * 1'000'000,
                        .validate = job.cell->validate,
                        .batch = job.cell->axes.batch,
                        .ring_files = open.ring_files,
                        .canary = canaryRoleOf(job, id),
                        .slots = job.slots,
                        .injection = job.injection};
  const std::uint32_t first = id.role == WorkerRole::Producer ? 0 : job.control->shape().producers;
  context.ledger = job.control->ledgerOfWorker(first + id.number);
  job.control->prefaultFor(first + id.number, messagesExpected(job.cell->timing));
  const WorkloadLoops& loops =
      job.cell->queue->loops[job.slots == nullptr ? index(job.cell->workload)
                                                  : loopsOf(job.slots->shape().kind)];
  (id.role == WorkerRole::Producer ? loops.produce : loops.consume)(context);
  findings.cpu_at_end = ::sched_getcpu();
}

void workAs(const Job& job, const WorkerId& id) {
  ::prctl(PR_SET_NAME, fmt::format("ringside-{:.4}", roleName(id.role)).c_str());
  WorkerFindings& findings = findingsOf(job, id);
  work(job, id, findings);
  findings.state.store(WorkerState::Finished, std::memory_order_release);
}

/// Ends the process when the work throws.
template <class Work>
void perform(WorkerFindings& findings, Work&& todo) {
  try {
    return todo();
  } catch (const std::system_error& error) {
    findings.unobtainable =
        error.code() == Errc::OutOfMemory || error.code() == Errc::PermissionDenied;
    leaveMessage(findings, error.what());
  } catch (const std::exception& error) {
    leaveMessage(findings, error.what());
  } catch (...) {
    leaveMessage(findings, "the adapter threw something that is no std::exception");
  }
  ::_exit(kWorkerGaveUp);
}

}  // namespace

std::string toString(const WorkerId& id) {
  if (id.role == WorkerRole::Maker) return "the maker of the queues";
  return fmt::format("{} {}", roleName(id.role), id.number);
}

WorkerFindings& findingsOf(const Job& job, const WorkerId& id) {
  switch (id.role) {
    case WorkerRole::Maker:
      return job.control->maker();
    case WorkerRole::Producer:
      return job.control->producer(id.number);
    case WorkerRole::Consumer:
      break;
  }
  return job.control->consumer(id.number);
}

void runWorker(const Job& job, const WorkerId& id, ::pid_t parent) {
  bindLifeToParent(parent);
  takeSignals();
  perform(findingsOf(job, id), [&] { workAs(job, id); });
  ::_exit(0);
}

void runWorkersAsThreads(const Job& job, std::span<const WorkerId> ids, ::pid_t parent) {
  bindLifeToParent(parent);
  takeSignals();
  Job shared = job;
  perform(findingsOf(job, ids.front()),
          [&] { shared.places = holdForThreads(*job.cell, job.places); });
  std::vector<std::thread> threads;
  for (const WorkerId& id : ids) {
    threads.emplace_back(
        [&shared, id] { perform(findingsOf(shared, id), [&] { workAs(shared, id); }); });
  }
  for (std::thread& thread : threads) thread.join();
  ::_exit(0);
}

void waitAtStartLine(WorkerContext& context) {
  ControlWords& words = context.control->words();
  settleMemory(context.ring_files, context.shape.memory);
  context.findings->proof.before = readRingMemory(ringAreas(context.ring_files));
  readUsage();  // what its first call touches is not to be touched while timed
  context.findings->canary_before_ns =
      measureCanary(words.canary_before, context.canary, context.clock);
  context.findings->state.store(WorkerState::Ready, std::memory_order_release);  // SYNC: Crew
  const auto limit = std::chrono::steady_clock::now() + kStartLineLimit;
  const bool started = waitUntil(words.start_line, Wait::Block, limit, [&] {
    return words.phase.load(std::memory_order_acquire) != Phase::StartLine;
  });
  if (!started) throw std::runtime_error("the start never came");
  context.findings->state.store(WorkerState::Running, std::memory_order_release);
}

void noteSegmentFacts(WorkerContext& context) {
  context.findings->canary_after_ns =
      measureCanary(context.control->words().canary_after, context.canary, context.clock);
  context.findings->proof.after = readRingMemory(ringAreas(context.ring_files));
}

}  // namespace ringside::harness
