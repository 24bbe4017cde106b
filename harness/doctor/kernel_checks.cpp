// The kernel: whose clock it trusts, and what it takes away.
#include <fmt/format.h>

#include <algorithm>

#include "harness/cgroup_limits.hpp"
#include "harness/doctor/check.hpp"

namespace ringside::harness {
namespace {

constexpr const char* kClockFolder = "/sys/devices/system/clocksource/clocksource0";

bool hasWord(const std::string& text, const std::string& word) {
  return (" " + text + " ").find(" " + word + " ") != std::string::npos;
}

Observation lookAtClockSource(const Host& host) {
  const std::string file = fmt::format("{}/current_clocksource", kClockFolder);
  const auto source = host.files.line(file);
  if (!source) return unreadable(file);
  if (*source == "tsc" || *source == "arch_sys_counter") return {Verdict::Ok, *source};
  const auto others = host.files.line(fmt::format("{}/available_clocksource", kClockFolder));
  const bool can = others && hasWord(*others, "tsc");
  // These are read over a bus: a microsecond each.
  const bool slow = *source == "hpet" || *source == "acpi_pm" || *source == "jiffies";
  return {slow ? Verdict::Fail : Verdict::Warn, *source,
          can ? fmt::format("echo tsc > {}", file) : ""};
}

Observation lookAtCounter(const Host& host) {
  const auto cpuinfo = host.files.text("/proc/cpuinfo");
  if (!cpuinfo) return unreadable("/proc/cpuinfo");
  const auto flags = host.files.valueOf("/proc/cpuinfo", "flags");
  if (!flags) return {Verdict::Unknown, "/proc/cpuinfo has no flags: not an x86 processor"};
  const bool constant = hasWord(*flags, "constant_tsc");
  const bool steady = hasWord(*flags, "nonstop_tsc") || hasWord(*flags, "tsc_known_freq");
  if (constant && steady) return {Verdict::Ok, "one rate in all states"};
  return {Verdict::Warn, constant ? "may stop in deep sleep" : "its rate changes"};
}

Observation lookAtCpuLimit(const Host& host) {
  const CgroupLimits limits = cgroupLimits(host.files);
  if (!limits.readable) return {Verdict::Unknown, "no control group is to be seen"};
  if (!limits.cpus) return {Verdict::Ok, "none"};
  const std::size_t allowed = allowedCpus(host.files).size();
  const std::string seen = fmt::format("{:.3g} CPUs' time for {} CPUs", *limits.cpus, allowed);
  const bool tight = *limits.cpus < std::max(static_cast<double>(allowed), 2.0);
  return {tight ? Verdict::Fail : Verdict::Warn, seen};
}

Observation lookAtCpuMask(const Host& host) {
  const std::size_t online = onlineCpus(host.files).size();
  const std::size_t allowed = allowedCpus(host.files).size();
  if (online == 0 || allowed == 0) return unreadable("/proc/self/status");
  const std::string seen = fmt::format("{} of {} CPUs", allowed, online);
  if (allowed == 1) return {Verdict::Fail, seen + ": workers take turns"};
  return {Verdict::Ok, seen};
}

Observation lookAtWatchdog(const Host& host) {
  const auto on = host.files.line("/proc/sys/kernel/nmi_watchdog");
  if (!on) return unreadable("/proc/sys/kernel/nmi_watchdog");
  return {*on == "0" ? Verdict::Ok : Verdict::Warn, *on == "0" ? "off" : "on"};
}

Observation lookAtCommandLine(const Host& host) {
  const auto line = host.files.line("/proc/cmdline");
  if (!line) return unreadable("/proc/cmdline");
  for (const char* word : {"nosmp", "notsc", "tsc=unstable", "clocksource=hpet", "idle=halt"}) {
    if (hasWord(*line, word)) return {Verdict::Warn, fmt::format("has {}", word)};
  }
  const bool quiet = line->find("nohz_full=") != std::string::npos;
  return {Verdict::Ok, quiet ? "has nohz_full: no ticks where one worker runs alone"
                             : "nothing that slows down"};
}

constexpr Check kChecks[] = {
    {"clock_source", "time stamps cost a system call, and their step may be as long as a message",
     "start the kernel with clocksource=tsc tsc=reliable where the hardware's counters agree",
     nullptr, lookAtClockSource},
    {"tsc", "where it is not steady, CLOCK_MONOTONIC_RAW is read instead, at twice the cost",
     "nothing mends it: use a newer processor, or a hypervisor that shows its counter",
     "nothing mends it: use a newer processor, or a hypervisor that shows its counter",
     lookAtCounter},
    {"cgroup_cpu", "who has used up his share stands still for up to 100 ms",
     "raise cpu.max of the control group, as with systemd-run -p CPUQuota=",
     "whoever starts the container: leave out --cpus and --cpu-quota, use --cpuset-cpus",
     lookAtCpuLimit},
    {"cpu_mask", "a producer and a consumer want a CPU each",
     "as any user: start it without taskset, or with at least two CPUs",
     "whoever starts the container: docker run --cpuset-cpus with at least two", lookAtCpuMask},
    {"nmi_watchdog", "it takes a performance counter and interrupts every core now and then",
     "echo 0 > /proc/sys/kernel/nmi_watchdog", nullptr, lookAtWatchdog},
    {"command_line", "some of the kernel's options make clocks or waking up slow",
     "start the kernel without it", nullptr, lookAtCommandLine},
};

}  // namespace

std::span<const Check> kernelChecks() { return kChecks; }

}  // namespace ringside::harness
