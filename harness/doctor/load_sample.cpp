#include "harness/doctor/load_sample.hpp"

#include <unistd.h>

#include <algorithm>
#include <sstream>
#include <thread>

namespace ringside::harness {
namespace {

constexpr std::size_t kShownProcesses = 3;
constexpr double kShownFrom = 0.01;

/// "cpu  user nice system idle iowait irq softirq steal …".
bool readTotals(const std::string& line, CpuTimes& times) {
  std::istringstream words(line);
  std::string name;
  std::uint64_t user = 0, nice = 0, system = 0, idle = 0, wait = 0, irq = 0, soft = 0, steal = 0;
  if (!(words >> name >> user >> nice >> system >> idle)) return false;
  words >> wait >> irq >> soft >> steal;  // older kernels have fewer
  times.busy = user + nice + system + irq + soft;
  times.stolen = steal;
  times.total = times.busy + idle + wait + steal;
  return true;
}

/// "PID (NAME) STATE …": the name may hold blanks and brackets; utime and stime are 14 and 15.
std::optional<CpuTimes::Process> readProcess(const std::string& stat) {
  const std::size_t open = stat.find('(');
  const std::size_t close = stat.rfind(')');
  if (open == std::string::npos || close == std::string::npos || close < open) return std::nullopt;
  std::istringstream words(stat.substr(close + 1));
  std::string skipped;
  for (int field = 3; field < 14; ++field) words >> skipped;
  std::uint64_t user = 0;
  std::uint64_t system = 0;
  if (!(words >> user >> system)) return std::nullopt;
  return CpuTimes::Process{stat.substr(open + 1, close - open - 1), user + system};
}

double cpusOf(std::uint64_t before, std::uint64_t after, double wall_ticks) {
  return after <= before ? 0 : static_cast<double>(after - before) / wall_ticks;
}

std::uint64_t ticksOf(const CpuTimes& times, ::pid_t pid) {
  const auto found = times.processes.find(pid);
  return found == times.processes.end() ? 0 : found->second.ticks;
}

}  // namespace

std::optional<CpuTimes> readCpuTimes(const SystemFiles& files) {
  const std::optional<std::string> text = files.text("/proc/stat");
  if (!text) return std::nullopt;
  CpuTimes times;
  bool found = false;
  std::istringstream lines(*text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("cpu ")) found = readTotals(line, times);
    if (line.starts_with("cpu") && !line.starts_with("cpu ")) ++times.cpus;
  }
  if (!found || times.cpus == 0) return std::nullopt;
  for (const std::string& name : files.names("/proc")) {
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    const auto process = readProcess(files.text("/proc/" + name + "/stat").value_or(""));
    if (process) times.processes.emplace(std::stoi(name), *process);
  }
  return times;
}

LoadSample loadBetween(const CpuTimes& before, const CpuTimes& after, ::pid_t own) {
  LoadSample sample;
  if (after.total <= before.total) return sample;
  const double wall_ticks =
      static_cast<double>(after.total - before.total) / static_cast<double>(after.cpus);
  const double all = cpusOf(before.busy, after.busy, wall_ticks);
  sample.others =
      std::max(0.0, all - cpusOf(ticksOf(before, own), ticksOf(after, own), wall_ticks));
  sample.stolen = cpusOf(before.stolen, after.stolen, wall_ticks);
  for (const auto& [pid, process] : after.processes) {
    const double cpus = cpusOf(ticksOf(before, pid), process.ticks, wall_ticks);
    const bool began_before = before.processes.contains(pid);
    if (pid == own || !began_before || cpus < kShownFrom) continue;
    sample.busiest.push_back({pid, process.name, cpus});
  }
  std::sort(sample.busiest.begin(), sample.busiest.end(),
            [](const BusyProcess& a, const BusyProcess& b) { return a.cpus > b.cpus; });
  if (sample.busiest.size() > kShownProcesses) sample.busiest.resize(kShownProcesses);
  return sample;
}

std::optional<LoadSample> sampleLoad(const SystemFiles& files, std::chrono::milliseconds duration) {
  const std::optional<CpuTimes> before = readCpuTimes(files);
  if (!before) return std::nullopt;
  std::this_thread::sleep_for(duration);
  const std::optional<CpuTimes> after = readCpuTimes(files);
  if (!after) return std::nullopt;
  return loadBetween(*before, *after, ::getpid());
}

}  // namespace ringside::harness
