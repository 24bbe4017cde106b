#include "harness/doctor/check.hpp"

#include <fmt/format.h>
#include <sys/statvfs.h>

#include <array>

#include "harness/cgroup_limits.hpp"

namespace ringside::harness {

std::string_view toString(Verdict verdict) {
  switch (verdict) {
    case Verdict::Ok:
      return "OK";
    case Verdict::Warn:
      return "WARN";
    case Verdict::Fail:
      return "FAIL";
    case Verdict::Unknown:
      return "unknown";
  }
  return "";
}

Host readHost(const SystemFiles& files) {
  Host host{.files = files, .shm = std::nullopt, .load = std::nullopt, .noise = std::nullopt};
  struct ::statvfs facts = {};
  if (::statvfs(files.pathOf("/dev/shm").c_str(), &facts) == 0) {
    host.shm = {facts.f_blocks * facts.f_frsize, facts.f_bavail * facts.f_frsize};
  }
  return host;
}

Diagnosis diagnose(const Check& check, const Host& host) {
  Observation observation = check.look(host);
  Diagnosis diagnosis{check.name, observation.verdict, std::move(observation.seen), check.why, {}};
  if (diagnosis.verdict == Verdict::Ok) return diagnosis;
  const std::string mend = observation.mend.empty() ? check.mend : observation.mend;
  const std::string container = containerKind(host.files);
  const bool says_itself = diagnosis.verdict == Verdict::Unknown && !observation.mend.empty();
  if (container.empty() || says_itself) {
    diagnosis.mend = mend;
  } else if (check.mend_in_container != nullptr) {
    diagnosis.mend = check.mend_in_container;
  } else {
    diagnosis.mend = fmt::format("not from inside a container ({}); the host's administrator: {}",
                                 container, mend);
  }
  return diagnosis;
}

std::vector<Diagnosis> diagnose(const Host& host, Extent extent) {
  std::vector<Diagnosis> diagnoses;
  const std::array tables = {
      cpuChecks(), memoryChecks(), kernelChecks(),
      extent == Extent::Everything ? loadChecks() : std::span<const Check>()};
  for (const std::span<const Check>& table : tables) {
    for (const Check& check : table) diagnoses.push_back(diagnose(check, host));
  }
  return diagnoses;
}

Observation unreadable(std::string_view path) {
  return {Verdict::Unknown, fmt::format("cannot be read: {}", path),
          "see that /proc and /sys are mounted whole and may be read; some kernels lack the file"};
}

std::vector<int> onlineCpus(const SystemFiles& files) {
  return parseCpuList(files.line("/sys/devices/system/cpu/online").value_or(""))
      .value_or(std::vector<int>{});
}

std::vector<int> allowedCpus(const SystemFiles& files) {
  const auto list = files.valueOf("/proc/self/status", "Cpus_allowed_list");
  return parseCpuList(list.value_or("")).value_or(std::vector<int>{});
}

std::vector<int> numaNodes(const SystemFiles& files) {
  std::vector<int> nodes;
  for (const std::string& name : files.names("/sys/devices/system/node", "node")) {
    const auto number = parseCpuList(name.substr(4));
    if (number && number->size() == 1) nodes.push_back(number->front());
  }
  return nodes;
}

}  // namespace ringside::harness
