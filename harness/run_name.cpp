#include "harness/run_name.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <regex>
#include <sstream>

#include "harness/clock.hpp"

namespace ringside::harness {
namespace {

/// 0 where /proc does not say.
std::uint64_t ownPidNamespace() {
  struct ::stat facts = {};
  return ::stat("/proc/self/ns/pid", &facts) == 0 ? facts.st_ino : 0;
}

/// How long ago a process began, by the clock that goes on while the machine is suspended. Nothing
/// where /proc does not say.
std::optional<double> ageOf(::pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/stat", pid));
  std::string line;
  std::getline(file, line);
  // The name of the program may hold anything; the 20th field after it is the start.
  std::istringstream fields(line.substr(line.rfind(')') + 1));
  constexpr int kFieldsBefore = 19;
  std::string skipped;
  for (int i = 0; i < kFieldsBefore; ++i) fields >> skipped;
  double ticks = 0;
  if (!(fields >> ticks)) return std::nullopt;
  ::timespec now = {};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return static_cast<double>(now.tv_sec) - ticks / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

/// Whether the process of that number is one that has begun after the run. The raw clock is not
/// corrected and stands still in a suspended machine, so only a clear difference counts.
bool isYounger(::pid_t pid, const RunName& run) {
  const std::optional<double> process_age_s = ageOf(pid);
  const std::uint64_t now_ns = Clock::monotonicRawNs();
  if (!process_age_s || run.begun_ns > now_ns) return false;  // of before a restart, say
  const double run_age_s = static_cast<double>(now_ns - run.begun_ns) / 1e9;
  return *process_age_s < run_age_s * 0.999 - 2;
}

}  // namespace

std::string prefixOfNewRun() {
  return fmt::format("ringside-{}-{:x}-{:x}-", ::getpid(), Clock::monotonicRawNs(),
                     ownPidNamespace());
}

std::optional<RunName> parseRunName(const std::string& name) {
  // The last part is what Session::freshName() adds; a queue may add to it.
  static const std::regex pattern(
      "ringside-([0-9]{1,9})-([0-9a-f]{1,16})-(?:([0-9a-f]{1,16})-)?[0-9]+q.*");
  std::smatch parts;
  if (!std::regex_match(name, parts, pattern)) return std::nullopt;
  const auto hex = [](const std::string& digits) {
    return digits.empty() ? 0 : std::stoull(digits, nullptr, 16);
  };
  return RunName{std::stoi(parts[1]), hex(parts[2]), hex(parts[3])};
}

std::string lifeOf(const RunName& run) {
  if (run.pid_namespace != 0 && run.pid_namespace != ownPidNamespace()) {
    return "made by a run in another PID namespace";
  }
  const bool gone = ::kill(run.pid, 0) != 0 && errno == ESRCH;
  if (run.pid == 0 || gone || isYounger(run.pid, run)) return "";
  return fmt::format("process {}, whose run made it, lives", run.pid);
}

}  // namespace ringside::harness
