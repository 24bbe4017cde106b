#include "harness/worker.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <sstream>

#include "ringside/memory.hpp"

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

/// Memory that the harness provides, opened by name, and the places of all queues.
struct OpenPlaces {
  std::vector<ShmMem> segments;
  std::vector<Place> places;
};

OpenPlaces openPlaces(const Job& job) {
  OpenPlaces open;
  const QueueEntry& queue = *job.cell->queue;
  for (std::size_t i = 0; i < job.names.size(); ++i) {
    Place place{job.names[i], {}};
    if (queue.limits.provision == Provision::Harness) {
      const QueueShape shape = shapeOfQueue(*job.cell, i);
      ShmMem& memory =
          open.segments.emplace_back(queue.bytesNeeded(shape), place.name, shape.memory);
      place.memory = {static_cast<std::byte*>(memory.get()), memory.size()};
    }
    open.places.push_back(place);
  }
  return open;
}

/// Makes every queue of the job. The memory that the harness provides stays when this is gone, by
/// its name.
void makeQueues(const Job& job) {
  const QueueEntry& queue = *job.cell->queue;
  const OpenPlaces open = openPlaces(job);
  for (std::size_t i = 0; i < open.places.size(); ++i) {
    queue.create(open.places[i], shapeOfQueue(*job.cell, i));
  }
}

void leaveMessage(WorkerFindings& findings, std::string_view text) {
  const std::size_t length = std::min(text.size(), kMaxMessageBytes - 1);
  std::memcpy(findings.message, text.data(), length);
  findings.message[length] = '\0';
}

void work(const Job& job, const WorkerId& id, WorkerFindings& findings) {
  if (id.role == WorkerRole::Maker) return makeQueues(job);
  pin(job, id, findings);
  const OpenPlaces open = openPlaces(job);
  WorkerContext context{.number = id.number,
                        .shape = job.cell->shape,
                        .wait = job.cell->wait,
                        .clock = job.session->clock(),
                        .places = open.places,
                        .control = job.control,
                        .findings = &findings,
                        .traffic = job.traffic,
                        .measure_ns = job.cell->timing.duration_ms * 1'000'000};
  const std::uint32_t first = id.role == WorkerRole::Producer ? 0 : job.control->shape().producers;
  context.ledger = job.control->ledgerOfWorker(first + id.number);
  const WorkloadLoops& loops = job.cell->queue->loops[index(job.cell->workload)];
  (id.role == WorkerRole::Producer ? loops.produce : loops.consume)(context);
  findings.cpu_at_end = ::sched_getcpu();
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

QueueShape shapeOfQueue(const Cell& cell, std::size_t i) {
  return i == 0 ? cell.shape : replyShape(cell.shape);
}

void runWorker(const Job& job, const WorkerId& id, ::pid_t parent) {
  bindLifeToParent(parent);
  takeSignals();
  ::prctl(PR_SET_NAME, fmt::format("ringside-{:.4}", roleName(id.role)).c_str());
  WorkerFindings& findings = findingsOf(job, id);
  try {
    work(job, id, findings);
    findings.state.store(WorkerState::Finished, std::memory_order_release);
    ::_exit(0);
  } catch (const std::system_error& error) {
    findings.unobtainable =
        error.code() == Errc::OutOfMemory || error.code() == Errc::PermissionDenied;
    leaveMessage(findings, error.what());
  } catch (const std::exception& error) {
    leaveMessage(findings, error.what());
  }
  ::_exit(kWorkerGaveUp);
}

void waitAtStartLine(WorkerContext& context) {
  ControlWords& words = context.control->words();
  context.findings->state.store(WorkerState::Ready, std::memory_order_release);  // SYNC: Crew
  const auto limit = std::chrono::steady_clock::now() + kStartLineLimit;
  const bool started = waitUntil(words.start_line, Wait::Block, limit, [&] {
    return words.phase.load(std::memory_order_acquire) != Phase::StartLine;
  });
  if (!started) throw std::runtime_error("the start never came");
  context.findings->state.store(WorkerState::Running, std::memory_order_release);
}

namespace {

/// Whether a line of /proc/self/maps ends in this name, which may be unlinked by now. On reserved
/// huge pages the file has a suffix.
bool isMappingOf(const std::string& line, const std::string& name) {
  const std::size_t at = line.rfind("/" + name);
  if (at == std::string::npos) return false;
  const char after = line.c_str()[at + 1 + name.size()];
  return after == '\0' || after == '.' || after == ' ' || after == '_';  // one of two rings
}

}  // namespace

void noteSegmentFacts(WorkerContext& context) {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);) {
    if (!isMappingOf(line, context.places[0].name)) continue;
    unsigned long begin = 0;
    unsigned long end = 0;
    if (std::sscanf(line.c_str(), "%lx-%lx", &begin, &end) != 2) continue;
    const MemoryFacts facts = memoryFacts(reinterpret_cast<const void*>(begin), end - begin);
    WorkerFindings& findings = *context.findings;
    findings.page_size_bytes = std::max(findings.page_size_bytes, facts.page_size_bytes);
    findings.locked_bytes += facts.locked_bytes;
    for (const auto& [node, pages] : facts.node_pages) {
      if (static_cast<std::size_t>(node) < kMaxReportedNodes) findings.node_pages[node] += pages;
    }
  }
}

}  // namespace ringside::harness
