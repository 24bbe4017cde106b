#include "slice.hpp"

#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <set>
#include <system_error>

#include "median_interval.hpp"

namespace ringside::bench {
namespace {

constexpr unsigned kPatience_s = 20;

bool pinTo(int cpu) {
  ::cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<unsigned>(cpu), &set);
  return ::sched_setaffinity(0, sizeof set, &set) == 0 && ::sched_getcpu() == cpu;
}

Fault runHere(const Crew& crew, const Job& job, int worker) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::alarm(kPatience_s + static_cast<unsigned>(crew.duration.count() / 1000));  // its end, if stuck
  if (!pinTo(crew.cpus[static_cast<std::size_t>(worker)])) return Fault::NotPinned;
  try {
    return job(worker);
  } catch (const std::system_error&) {
    return Fault::NotAttached;
  }
}

Fault faultOf(int status) {
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  const bool is_known = code >= 0 && code <= static_cast<int>(Fault::Died);
  return is_known ? static_cast<Fault>(code) : Fault::Died;
}

}  // namespace

const char* describe(Fault fault) {
  switch (fault) {
    case Fault::None:
      return "none";
    case Fault::Lost:
      return "messages were lost or came twice";
    case Fault::Torn:
      return "a message was torn";
    case Fault::OutOfOrder:
      return "the messages of one producer came out of order";
    case Fault::NotPinned:
      return "a worker could not be pinned to its CPU: see --cpus";
    case Fault::NotAttached:
      return "a worker could not attach to the ring";
    case Fault::Died:
      return "a worker died, or did not end in time";
  }
  return "unknown";
}

Fault runPinned(const Crew& crew, const std::vector<Job>& jobs) {
  std::set<::pid_t> running;
  Fault first = Fault::None;
  for (std::size_t worker = 0; worker < jobs.size(); ++worker) {
    const ::pid_t child = ::fork();
    if (child == 0)
      ::_exit(static_cast<int>(runHere(crew, jobs[worker], static_cast<int>(worker))));
    if (child < 0) first = Fault::Died;
    if (child > 0) running.insert(child);
  }
  const auto stopAll = [&] {  // they may wait for the one that is not there
    for (const ::pid_t child : running) ::kill(child, SIGKILL);
  };
  if (first != Fault::None) stopAll();
  while (!running.empty()) {
    int status = 0;
    running.erase(::wait(&status));
    if (first != Fault::None || faultOf(status) == Fault::None) continue;
    first = faultOf(status);
    stopAll();
  }
  return first;
}

void meet(Board& board, const Crew& crew) {
  board.ready.fetch_add(1);
  while (board.ready.load() < crew.producers + crew.consumers) ::sched_yield();
}

Slice sumUp(const Board& board, const Crew& crew) {
  Tally missing{};  // of what was sent
  double per_ns = 0;
  for (int worker = 0; worker < crew.producers + crew.consumers; ++worker) {
    const Tally& tally = board.tallies[static_cast<std::size_t>(worker)];
    const bool sent = worker < crew.producers;
    missing.count += sent ? tally.count : -tally.count;
    missing.sum += sent ? tally.sum : -tally.sum;
    if (!sent && tally.count > 0) per_ns += 1 / tally.ns;
  }
  if (missing.count != 0 || missing.sum != 0) return {Fault::Lost, 0};
  return {Fault::None, 1 / per_ns};
}

double PieceTimer::nsPerStep() const {
  using Nanoseconds = std::chrono::duration<double, std::nano>;
  const std::size_t pieces = ends_.size() - 1;
  if (pieces == 0) {
    return Nanoseconds(Clock::now() - ends_.front()).count() / static_cast<double>(steps_);
  }
  std::vector<double> durations;
  for (std::size_t piece = pieces / 8; piece < pieces; ++piece) {
    durations.push_back(Nanoseconds(ends_[piece + 1] - ends_[piece]).count());
  }
  return medianOf(std::move(durations)) / static_cast<double>(steps_a_piece_);
}

}  // namespace ringside::bench
