#include "harness/crew.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
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

Crew::~Crew() { killAll(); }

std::optional<Trouble> Crew::makeQueues() {
  if (worksAsThreads()) return std::nullopt;  // their process does
  forkProcess({{WorkerRole::Maker, 0}});
  return waitForEnd(job_.session->patience().until_attached);
}

void Crew::start() {
  const results::Axes& axes = job_.cell->axes;
  std::vector<WorkerId> ids;
  for (std::uint32_t i = 0; i < axes.producers; ++i) ids.push_back({WorkerRole::Producer, i});
  for (std::uint32_t i = 0; i < axes.consumers; ++i) ids.push_back({WorkerRole::Consumer, i});
  if (worksAsThreads()) return forkProcess(ids);
  for (const WorkerId& id : ids) forkProcess({id});
}

void Crew::forkProcess(const std::vector<WorkerId>& ids) {
  const ::pid_t parent = ::getpid();
  std::fflush(stdout);  // a queue that calls exit() would write what stands in it once more
  const ::pid_t child = ::fork();
  if (child == 0 && worksAsThreads()) runWorkersAsThreads(job_, ids, parent);
  if (child == 0) runWorker(job_, ids.front(), parent);
  if (child < 0) throw std::system_error(errno, std::system_category(), "cannot fork");
  Process& process = processes_.emplace_back(Process{.ids = ids, .pid = child});
  process.pidfd = static_cast<int>(::syscall(SYS_pidfd_open, child, 0));
  if (process.pidfd < 0) throw std::system_error(errno, std::system_category(), "no pidfd");
}

std::optional<Trouble> Crew::waitAtStartLine() {
  const auto patience = job_.session->patience().until_attached;
  const auto limit = steady_clock::now() + patience;
  while (!allReady()) {
    if (auto trouble = watch(kLookForReady)) return trouble;
    if (steady_clock::now() > limit) return hung(patience);
  }
  return std::nullopt;
}

std::optional<Trouble> Crew::runPhase(Phase phase, std::chrono::milliseconds duration) {
  const auto end = steady_clock::now() + duration;
  ControlWords& words = job_.control->words();
  words.phase.store(phase, std::memory_order_release);
  words.start_line.wake(wakeOrder());  // by the first phase; later ones find nobody asleep
  for (auto now = steady_clock::now(); now < end; now = steady_clock::now()) {
    if (auto trouble = watch(end - now)) return trouble;
  }
  return std::nullopt;
}

std::optional<Trouble> Crew::join() {
  job_.control->words().phase.store(Phase::Stop, std::memory_order_release);
  return waitForEnd(job_.session->patience().until_ended);
}

std::optional<Trouble> Crew::waitForEnd(std::chrono::milliseconds patience) {
  const auto limit = steady_clock::now() + patience;
  while (!allEnded()) {
    const auto now = steady_clock::now();
    if (now > limit) return hung(patience);
    if (auto trouble = watch(limit - now)) return trouble;
  }
  return std::nullopt;
}

std::vector<int> Crew::pids(WorkerRole role) const {
  std::vector<int> pids;
  for (const Process& process : processes_) {
    for (const WorkerId& id : process.ids) {
      if (id.role == role) pids.push_back(process.pid);
    }
  }
  return pids;
}

std::optional<Trouble> Crew::watch(std::chrono::nanoseconds timeout) {
  std::vector<::pollfd> watched;
  for (const Process& process : processes_) {
    watched.push_back({process.ended ? -1 : process.pidfd, POLLIN, 0});
  }
  watched.push_back({interrupts_.descriptor(), POLLIN, 0});
  const ::timespec limit = toTimespec(timeout);
  if (::ppoll(watched.data(), watched.size(), &limit, nullptr) <= 0) return std::nullopt;
  if (interrupts_.interrupted()) return Trouble{Trouble::Kind::Interrupted, "interrupted"};
  std::optional<Trouble> trouble;
  for (std::size_t i = 0; i < processes_.size(); ++i) {
    if ((watched[i].revents & POLLIN) == 0) continue;
    std::optional<Trouble> one = reap(processes_[i]);
    if (one && !trouble) trouble = std::move(one);
  }
  return trouble;
}

std::optional<Trouble> Crew::reap(Process& process) {
  int status = 0;
  const bool reaped = ::waitpid(process.pid, &status, 0) == process.pid;
  process.ended = true;
  // Who says why; of several that say nothing, the first that did not come to its end.
  const auto has_trouble = [&](const WorkerId& id) {
    return findingsOf(job_, id).state.load(std::memory_order_acquire) != WorkerState::Finished;
  };
  const auto has_message = [&](const WorkerId& id) {
    return findingsOf(job_, id).message[0] != '\0';
  };
  const auto& ids = process.ids;
  auto one = std::find_if(ids.begin(), ids.end(), has_message);
  if (one == ids.end()) one = std::find_if(ids.begin(), ids.end(), has_trouble);
  const bool finished = one == ids.end();
  const WorkerId id = finished ? ids.front() : *one;
  const std::string who = fmt::format("{} (pid {})", toString(id), process.pid);
  if (!reaped) return Trouble{Trouble::Kind::WorkerDied, who + " ended, nobody knows how"};
  if (WIFSIGNALED(status)) {
    const int signal = WTERMSIG(status);
    // Touching shared memory that the file system has no room for.
    const bool no_room = signal == SIGBUS && id.role == WorkerRole::Maker;
    return Trouble{no_room ? Trouble::Kind::Unobtainable : Trouble::Kind::WorkerDied,
                   fmt::format("{} was killed by {} in the {} phase{}", who, signalName(signal),
                               doing(id), no_room ? "; is /dev/shm full?" : "")};
  }
  if (WEXITSTATUS(status) == 0 && finished) return std::nullopt;
  const WorkerFindings& left = findingsOf(job_, id);
  const std::string message = left.message[0] != '\0' ? left.message : "it ended in the middle";
  if (left.unobtainable) return Trouble{Trouble::Kind::Unobtainable, message};
  return Trouble{Trouble::Kind::WorkerDied, fmt::format("{} gave up: {}", who, message)};
}

/// Names who is late; all are killed when the crew goes.
Trouble Crew::hung(std::chrono::milliseconds limit) const {
  const bool attaching = job_.control->words().phase.load() == Phase::StartLine;
  std::vector<std::string> late;
  for (const Process& process : processes_) {
    for (const WorkerId& id : process.ids) {
      const WorkerState state = findingsOf(job_, id).state.load();
      const bool is_through = process.ids.size() > 1 && state == WorkerState::Finished;
      if (process.ended || is_through || (attaching && state != WorkerState::Starting)) continue;
      late.push_back(fmt::format("{} (pid {})", toString(id), process.pid));
    }
  }
  return {Trouble::Kind::WorkerHung,
          fmt::format("{} hung: not {} after {} ms, killed", fmt::join(late, " and "),
                      attaching ? "attached" : "ended", limit.count())};
}

bool Crew::allEnded() const {
  return std::all_of(processes_.begin(), processes_.end(),
                     [](const Process& process) { return process.ended; });
}

bool Crew::isReady(const WorkerId& id) const {
  if (id.role == WorkerRole::Maker) return true;
  // SYNC: waitAtStartLine() of the worker: it has attached.
  return findingsOf(job_, id).state.load(std::memory_order_acquire) != WorkerState::Starting;
}

bool Crew::allReady() const {
  return std::all_of(processes_.begin(), processes_.end(), [&](const Process& process) {
    return std::all_of(process.ids.begin(), process.ids.end(),
                       [&](const WorkerId& id) { return isReady(id); });
  });
}

std::string Crew::doing(const WorkerId& id) const {
  if (id.role == WorkerRole::Maker) return "making";
  if (findingsOf(job_, id).state.load(std::memory_order_acquire) == WorkerState::Starting) {
    return "attach";
  }
  return std::string(phaseName(job_.control->words().phase.load(std::memory_order_relaxed)));
}

void Crew::killAll() {
  for (Process& process : processes_) {
    if (process.pid > 0 && !process.ended) {
      ::kill(process.pid, SIGKILL);
      ::waitpid(process.pid, nullptr, 0);
      process.ended = true;
    }
    if (process.pidfd >= 0) ::close(process.pidfd);
    process.pidfd = -1;
  }
}

}  // namespace ringside::harness
