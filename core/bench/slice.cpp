#include "slice.hpp"

#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <numeric>
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

Fault faultOf(::pid_t child) {
  int status = 0;
  if (::waitpid(child, &status, 0) != child || !WIFEXITED(status)) return Fault::Died;
  const int code = WEXITSTATUS(status);
  return code <= static_cast<int>(Fault::Died) ? static_cast<Fault>(code) : Fault::Died;
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
  std::vector<::pid_t> children;
  for (const Job& job : jobs) {
    const auto worker = static_cast<int>(children.size());
    const ::pid_t child = ::fork();
    if (child == 0) ::_exit(static_cast<int>(runHere(crew, job, worker)));
    children.push_back(child);
  }
  Fault first = Fault::None;
  for (const ::pid_t child : children) {
    const Fault fault = child > 0 ? faultOf(child) : Fault::Died;
    if (first != Fault::None || fault == Fault::None) continue;
    first = fault;
    // The others may wait for this one.
    for (const ::pid_t other : children) {
      if (other > 0 && other != child) ::kill(other, SIGKILL);
    }
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
