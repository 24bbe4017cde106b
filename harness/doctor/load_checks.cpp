// What others do to this machine at this moment, and what comes of it.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <sstream>

#include "harness/doctor/check.hpp"
#include "harness/format_numbers.hpp"

namespace ringside::harness {
namespace {

constexpr double kQuietOthers = 0.1;  ///< CPUs; gate.md 3.3 waits for less
constexpr double kLoudOthers = 0.5;

Observation notMeasured() { return {Verdict::Unknown, "not measured"}; }

Verdict graded(double value, double warn_from, double fail_from) {
  if (value >= fail_from) return Verdict::Fail;
  return value >= warn_from ? Verdict::Warn : Verdict::Ok;
}

Observation lookAtLoad(const Host& host) {
  std::istringstream words(host.files.line("/proc/loadavg").value_or(""));
  double one_minute = 0;
  const std::size_t cpus = onlineCpus(host.files).size();
  if (!(words >> one_minute) || cpus == 0) return unreadable("/proc/loadavg");
  const double each = one_minute / static_cast<double>(cpus);
  return {graded(each, 0.25, 1.0), fmt::format("{:.2f} over a minute, {} CPUs", one_minute, cpus)};
}

Observation lookAtOthers(const Host& host) {
  if (!host.load) return notMeasured();
  std::vector<std::string> names;
  for (const BusyProcess& process : host.load->busiest) {
    names.push_back(
        fmt::format("{} {:.0f} % (pid {})", process.name, 100 * process.cpus, process.pid));
  }
  const double others = host.load->others;
  return {graded(others, kQuietOthers, kLoudOthers),
          fmt::format("{:.0f} % of a CPU{}{}", 100 * others, names.empty() ? "" : ": ",
                      fmt::join(names, ", "))};
}

Observation lookAtStolen(const Host& host) {
  if (!host.load) return notMeasured();
  const double percent = 100 * host.load->stolen;
  return {graded(percent, 0.1, 5), fmt::format("{:.2f} % of a CPU", percent)};
}

Observation lookAtRunDelay(const Host& host) {
  if (!host.noise || host.noise->cpus.empty()) return notMeasured();
  double highest = 0;
  int where = 0;
  for (const CpuNoise& cpu : host.noise->cpus) {
    if (!cpu.run_delay_known) return unreadable("/proc/self/schedstat");
    const double percent =
        cpu.seconds > 0 ? static_cast<double>(cpu.run_delay_ns) * 1e-7 / cpu.seconds : 0;
    if (percent < highest) continue;
    highest = percent;
    where = cpu.cpu;
  }
  return {graded(highest, 1, 5), fmt::format("{:.2f} % of the time on CPU {}", highest, where)};
}

Observation lookAtGaps(const Host& host) {
  if (!host.noise || host.noise->cpus.empty()) return notMeasured();
  const auto lostPercent = [](const CpuNoise& cpu) {
    return cpu.seconds > 0 ? static_cast<double>(cpu.lost_ns) * 1e-7 / cpu.seconds : 0;
  };
  const CpuNoise& worst = *std::max_element(
      host.noise->cpus.begin(), host.noise->cpus.end(),
      [&](const CpuNoise& a, const CpuNoise& b) { return lostPercent(a) < lostPercent(b); });
  return {graded(lostPercent(worst), 0.5, 5),
          fmt::format("{:.2f} % of the time on CPU {}, longest {}", lostPercent(worst), worst.cpu,
                      formatNs(static_cast<double>(worst.longest_ns)))};
}

constexpr const char* kEndOthers =
    "as any user: end or wait for what runs beside it (see other_processes)";

constexpr Check kChecks[] = {
    {"load", "who waits for a CPU waits while his messages grow old", kEndOthers, kEndOthers,
     lookAtLoad},
    {"other_processes", "they run on the CPUs and in the caches that are measured", kEndOthers,
     kEndOthers, lookAtOthers},
    {"stolen_time", "the hypervisor runs somebody else on this CPU",
     "ask for dedicated CPUs, or measure at another time",
     "ask for dedicated CPUs, or measure at another time", lookAtStolen},
    {"run_delay", "a process that spins was kept from running: beyond 5 % the machine is loaded",
     kEndOthers, kEndOthers, lookAtRunDelay},
    {"gaps",
     "a process that only looks at the clock did not see it go on: the tail is the machine's",
     "isolate the CPUs (see isolated_cpus), and see other_processes and hypervisor",
     "isolate the CPUs (see isolated_cpus), and see other_processes and hypervisor", lookAtGaps},
};

}  // namespace

std::span<const Check> loadChecks() { return kChecks; }

}  // namespace ringside::harness
