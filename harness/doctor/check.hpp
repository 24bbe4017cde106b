// What ringside doctor looks at: a table of checks, each a function of what can be seen of a host.
// Tests give it a made-up tree of /proc and /sys.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/doctor/load_sample.hpp"
#include "harness/doctor/noise.hpp"
#include "harness/system_files.hpp"

namespace ringside::harness {

/// Unknown: it cannot be read here, so nothing can be vouched for.
enum class Verdict { Ok, Warn, Fail, Unknown };
/// "OK", "WARN", "FAIL", "unknown".
std::string_view toString(Verdict verdict);

struct ShmSpace {
  std::uint64_t total_bytes = 0;  ///< 0: without a limit
  std::uint64_t free_bytes = 0;
};

/// All that checks may look at.
struct Host {
  SystemFiles files;
  std::optional<ShmSpace> shm;     ///< of /dev/shm; absent: it is not there
  std::optional<LoadSample> load;  ///< absent: not sampled
  std::optional<Noise> noise;      ///< absent: not measured
};

/// The host below a root folder, without load and noise.
Host readHost(const SystemFiles& files);

struct Observation {
  Verdict verdict = Verdict::Unknown;
  std::string seen;
  std::string mend = {};  ///< instead of the row's, where it depends on what was seen
};

struct Check {
  const char* name;
  const char* why;   ///< it matters
  const char* mend;  ///< a command, or what to do; for root unless it says otherwise
  /// The same for who started the container; nullptr: only the host's administrator can.
  const char* mend_in_container;
  Observation (*look)(const Host& host);
};

std::span<const Check> cpuChecks();
std::span<const Check> memoryChecks();
std::span<const Check> kernelChecks();
/// Of the moment: they want load and noise.
std::span<const Check> loadChecks();

struct Diagnosis {
  std::string name;
  Verdict verdict = Verdict::Unknown;
  std::string seen;
  std::string why;
  std::string mend;  ///< empty when it is OK; inside a container it says who must do it
};

/// Settings: what stays as it is. Everything: what others do at this moment, too.
enum class Extent { Settings, Everything };
std::vector<Diagnosis> diagnose(const Host& host, Extent extent);
/// One row of a table.
Diagnosis diagnose(const Check& check, const Host& host);

/// "cannot be read: /sys/…".
Observation unreadable(std::string_view path);

/// The CPUs that are online; empty when nobody says.
std::vector<int> onlineCpus(const SystemFiles& files);
/// Those of them that this process may use.
std::vector<int> allowedCpus(const SystemFiles& files);
/// NUMA nodes with a folder in /sys; empty where the kernel knows none.
std::vector<int> numaNodes(const SystemFiles& files);

}  // namespace ringside::harness
