#include "harness/crew.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace ringside::harness {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::microseconds kLookForReady{200};

std::string signalName(int signal) {
  const char* abbreviation = ::sigabbrev_np(signal);
  return abbreviation == nullptr ? fmt::format("signal {}", signal)
                                 : fmt::format("SIG{}", abbreviation);
}

std::string_view phaseName(Phase phase) {
  switch (phase) {
    case Phase::StartLine:
      return "start";
    case Phase::WarmUp:
      return "warm-up";
    case Phase::Measure:
      return "measured";
    case Phase::Stop:
      return "end";
  }
  return "";
}

::timespec toTimespec(std::chrono::nanoseconds duration) {
  const auto ns = std::max<std::int64_t>(duration.count(), 0);
  return {ns / 1'000'000'000, ns % 1'000'000'000};
}

}  // namespace

Crew::Crew(const Job& job, InterruptWatch& interrupts) : job_(job), interrupts_(interrupts) {
  try {
    forkAll();
  } catch (...) {
    killAll();
    throw;
  }
}

Crew::~Crew() { killAll(); }

void Crew::forkAll() {
  const results::Axes& axes = job_.cell->axes;
  for (std::uint32_t i = 0; i < axes.consumers; ++i) {
    workers_.push_back({{WorkerRole::Consumer, i}});
  }
  for (std::uint32_t i = 0; i < axes.producers; ++i) {
    workers_.push_back({{WorkerRole::Producer, i}});
  }
  const ::pid_t parent = ::getpid();
  for (Worker& worker : workers_) {
    worker.pid = ::fork();
    if (worker.pid == 0) runWorker(job_, worker.id, parent);
    if (worker.pid < 0) throw std::system_error(errno, std::system_category(), "cannot fork");
    worker.pidfd = static_cast<int>(::syscall(SYS_pidfd_open, worker.pid, 0));
    if (worker.pidfd < 0) throw std::system_error(errno, std::system_category(), "no pidfd");
  }
}

std::optional<Trouble> Crew::waitAtStartLine() {
  const auto limit = steady_clock::now() + job_.session->patience().until_attached;
  while (!allReady()) {
    if (auto trouble = watch(kLookForReady)) return trouble;
    if (steady_clock::now() > limit) return hung();
  }
  return std::nullopt;
}

std::optional<Trouble> Crew::runPhase(Phase phase, std::chrono::milliseconds duration) {
  const auto end = steady_clock::now() + duration;
  ControlWords& words = job_.control->words();
  words.phase.store(phase, std::memory_order_release);
  if (phase == Phase::WarmUp) words.start_line.wake(wakeOrder());
  for (auto now = steady_clock::now(); now < end; now = steady_clock::now()) {
    if (auto trouble = watch(end - now)) return trouble;
  }
  return std::nullopt;
}

std::optional<Trouble> Crew::join() {
  job_.control->words().phase.store(Phase::Stop, std::memory_order_release);
  const auto limit = steady_clock::now() + job_.session->patience().until_ended;
  while (!allEnded()) {
    const auto now = steady_clock::now();
    if (now > limit) return hung();
    if (auto trouble = watch(limit - now)) return trouble;
  }
  return std::nullopt;
}

std::vector<int> Crew::pids(WorkerRole role) const {
  std::vector<int> pids;
  for (const Worker& worker : workers_) {
    if (worker.id.role == role) pids.push_back(worker.pid);
  }
  return pids;
}

std::optional<Trouble> Crew::watch(std::chrono::nanoseconds timeout) {
  std::vector<::pollfd> watched;
  for (const Worker& worker : workers_) {
    watched.push_back({worker.ended ? -1 : worker.pidfd, POLLIN, 0});
  }
  watched.push_back({interrupts_.descriptor(), POLLIN, 0});
  const ::timespec limit = toTimespec(timeout);
  if (::ppoll(watched.data(), watched.size(), &limit, nullptr) <= 0) return std::nullopt;
  if (interrupts_.interrupted()) return Trouble{Trouble::Kind::Interrupted, "interrupted"};
  std::optional<Trouble> trouble;
  for (std::size_t i = 0; i < workers_.size(); ++i) {
    if ((watched[i].revents & POLLIN) == 0) continue;
    std::optional<Trouble> one = reap(workers_[i]);
    if (one && !trouble) trouble = std::move(one);
  }
  return trouble;
}

std::optional<Trouble> Crew::reap(Worker& worker) {
  int status = 0;
  ::waitpid(worker.pid, &status, 0);
  worker.ended = true;
  const std::string who = fmt::format("{} (pid {})", toString(worker.id), worker.pid);
  if (WIFSIGNALED(status)) {
    return Trouble{Trouble::Kind::WorkerDied,
                   fmt::format("{} was killed by {} in the {} phase", who,
                               signalName(WTERMSIG(status)), doing(worker.id))};
  }
  if (WEXITSTATUS(status) == 0) return std::nullopt;
  const WorkerFindings& left = findings(worker.id);
  const std::string message = left.message[0] != '\0' ? left.message : "no reason given";
  if (left.unobtainable) return Trouble{Trouble::Kind::Unobtainable, message};
  return Trouble{Trouble::Kind::WorkerDied, fmt::format("{} gave up: {}", who, message)};
}

/// Names the first worker that is late; all are killed when the crew goes.
Trouble Crew::hung() const {
  const bool attaching = job_.control->words().phase.load() == Phase::StartLine;
  const Patience& patience = job_.session->patience();
  const auto limit = attaching ? patience.until_attached : patience.until_ended;
  for (const Worker& worker : workers_) {
    const bool ready = findings(worker.id).state.load() != WorkerState::Starting;
    if (worker.ended || (attaching && ready)) continue;
    return {Trouble::Kind::WorkerHung,
            fmt::format("{} (pid {}) hung: it had not {} after {} ms and was killed",
                        toString(worker.id), worker.pid, attaching ? "attached" : "ended",
                        limit.count())};
  }
  return {Trouble::Kind::WorkerHung, "the workers were late"};
}

bool Crew::allEnded() const {
  return std::all_of(workers_.begin(), workers_.end(), [](const Worker& w) { return w.ended; });
}

bool Crew::allReady() const {
  return std::all_of(workers_.begin(), workers_.end(), [&](const Worker& worker) {
    // SYNC: waitAtStartLine() of the worker: it has attached.
    return findings(worker.id).state.load(std::memory_order_acquire) != WorkerState::Starting;
  });
}

const WorkerFindings& Crew::findings(const WorkerId& id) const {
  return id.role == WorkerRole::Producer ? job_.control->producer(id.number)
                                         : job_.control->consumer(id.number);
}

std::string Crew::doing(const WorkerId& id) const {
  if (findings(id).state.load(std::memory_order_acquire) == WorkerState::Starting) {
    return "attach";
  }
  return std::string(phaseName(job_.control->words().phase.load(std::memory_order_relaxed)));
}

void Crew::killAll() {
  for (Worker& worker : workers_) {
    if (worker.pid > 0 && !worker.ended) {
      ::kill(worker.pid, SIGKILL);
      ::waitpid(worker.pid, nullptr, 0);
      worker.ended = true;
    }
    if (worker.pidfd >= 0) ::close(worker.pidfd);
    worker.pidfd = -1;
  }
}

}  // namespace ringside::harness
