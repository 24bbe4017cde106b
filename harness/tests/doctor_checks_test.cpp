// Each check of ringside doctor on made-up machines: what it calls OK, WARN, FAIL and unknown.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "fake_tree.hpp"
#include "harness/doctor/check.hpp"

namespace ringside::harness {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

using Files = std::vector<std::pair<const char*, const char*>>;

const Check& checkNamed(const std::string& name) {
  for (const auto& table : {cpuChecks(), memoryChecks(), kernelChecks(), loadChecks()}) {
    for (const Check& check : table) {
      if (check.name == name) return check;
    }
  }
  throw std::logic_error("there is no check " + name);
}

/// A check, the files of a machine, and what must come of it.
struct Case {
  const char* check;
  Verdict verdict;
  const char* seen;  ///< a part of it
  Files files;
};

constexpr const char* kOnline = "/sys/devices/system/cpu/online";
constexpr const char* kGovernor0 = "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor";
constexpr const char* kGovernor1 = "/sys/devices/system/cpu/cpu1/cpufreq/scaling_governor";
constexpr const char* kDriver0 = "/sys/devices/system/cpu/cpu0/cpufreq/scaling_driver";
constexpr const char* kNoTurbo = "/sys/devices/system/cpu/intel_pstate/no_turbo";
constexpr const char* kBoost = "/sys/devices/system/cpu/cpufreq/boost";
constexpr const char* kSmt = "/sys/devices/system/cpu/smt/control";
constexpr const char* kSmtActive = "/sys/devices/system/cpu/smt/active";
constexpr const char* kIdleName = "/sys/devices/system/cpu/cpu0/cpuidle/state1/name";
constexpr const char* kIdleWake = "/sys/devices/system/cpu/cpu0/cpuidle/state1/latency";
constexpr const char* kIdleOff = "/sys/devices/system/cpu/cpu0/cpuidle/state1/disable";
constexpr const char* kIsolated = "/sys/devices/system/cpu/isolated";
constexpr const char* kStatus = "/proc/self/status";
constexpr const char* kCpuInfo = "/proc/cpuinfo";
constexpr const char* kThp = "/sys/kernel/mm/transparent_hugepage/enabled";
constexpr const char* kShmemThp = "/sys/kernel/mm/transparent_hugepage/shmem_enabled";
constexpr const char* kPool0 =
    "/sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages";
constexpr const char* kFree0 =
    "/sys/devices/system/node/node0/hugepages/hugepages-2048kB/free_hugepages";
constexpr const char* kPool1 =
    "/sys/devices/system/node/node1/hugepages/hugepages-2048kB/nr_hugepages";
constexpr const char* kFree1 =
    "/sys/devices/system/node/node1/hugepages/hugepages-2048kB/free_hugepages";
constexpr const char* kLimits = "/proc/self/limits";
constexpr const char* kCgroup = "/proc/self/cgroup";
constexpr const char* kMemoryMax = "/sys/fs/cgroup/memory.max";
constexpr const char* kCpuMax = "/sys/fs/cgroup/cpu.max";
constexpr const char* kMemInfo = "/proc/meminfo";
constexpr const char* kBalancing = "/proc/sys/kernel/numa_balancing";
constexpr const char* kClock = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
constexpr const char* kWatchdog = "/proc/sys/kernel/nmi_watchdog";
constexpr const char* kLoad = "/proc/loadavg";

const Case kCases[] = {
    {"cpu", Verdict::Ok, "Fast on 2 CPUs", {{kCpuInfo, "model name : Fast\nmodel name : Fast\n"}}},
    {"cpu", Verdict::Ok, "without a name", {{kCpuInfo, "processor : 0\n"}}},
    {"cpu", Verdict::Warn, "two kinds", {{kCpuInfo, "model name : A\nmodel name : B\n"}}},
    {"cpu", Verdict::Warn, "two kinds", {{kCpuInfo, "CPU part : 0xd0b\nCPU part : 0xd05\n"}}},
    {"cpu", Verdict::Unknown, "cannot be read: /proc/cpuinfo", {}},

    {"microcode", Verdict::Ok, "0x1 on 1 CPU", {{kCpuInfo, "microcode : 0x1\n"}}},
    {"microcode", Verdict::Warn, "0x2 on 1", {{kCpuInfo, "microcode : 0x1\nmicrocode : 0x2\n"}}},
    {"microcode", Verdict::Unknown, "does not say", {{kCpuInfo, "processor : 0\n"}}},
    {"microcode", Verdict::Unknown, "cannot be read", {}},

    {"governor",
     Verdict::Ok,
     "performance on 2 CPUs",
     {{kOnline, "0-1"}, {kGovernor0, "performance"}, {kGovernor1, "performance"}}},
    {"governor",
     Verdict::Warn,
     "schedutil on 1 CPU",
     {{kOnline, "0-1"}, {kGovernor0, "performance"}, {kGovernor1, "schedutil"}}},
    {"governor",
     Verdict::Warn,
     "powersave",
     {{kOnline, "0"}, {kGovernor0, "powersave"}, {kDriver0, "intel_pstate"}}},
    {"governor",
     Verdict::Fail,
     "powersave",
     {{kOnline, "0"}, {kGovernor0, "powersave"}, {kDriver0, "acpi-cpufreq"}}},
    {"governor", Verdict::Unknown, "no cpufreq", {{kOnline, "0"}}},

    {"turbo", Verdict::Ok, "off", {{kNoTurbo, "1"}}},
    {"turbo", Verdict::Ok, "off", {{kBoost, "0"}}},
    {"turbo", Verdict::Warn, "on", {{kNoTurbo, "0"}}},
    {"turbo", Verdict::Warn, "on", {{kBoost, "1"}}},
    {"turbo", Verdict::Unknown, "no switch", {}},

    {"smt", Verdict::Ok, "off", {{kSmt, "off"}}},
    {"smt", Verdict::Ok, "notsupported", {{kSmt, "notsupported"}}},
    {"smt", Verdict::Ok, "one thread", {{kSmt, "on"}, {kSmtActive, "0"}}},
    {"smt", Verdict::Warn, "two CPUs share a core", {{kSmt, "on"}, {kSmtActive, "1"}}},
    {"smt", Verdict::Unknown, "cannot be read", {}},

    {"idle_states", Verdict::Ok, "C1, 2 µs", {{kOnline, "0"}, {kIdleName, "C1"}, {kIdleWake, "2"}}},
    {"idle_states",
     Verdict::Warn,
     "C6, 133 µs",
     {{kOnline, "0"}, {kIdleName, "C6"}, {kIdleWake, "133"}, {kIdleOff, "0"}}},
    {"idle_states",
     Verdict::Unknown,
     "no idle states",
     {{kOnline, "0"}, {kIdleName, "C6"}, {kIdleWake, "133"}, {kIdleOff, "1"}}},
    {"idle_states", Verdict::Unknown, "cannot be read", {}},

    {"isolated_cpus", Verdict::Ok, "2-3", {{kIsolated, "2-3"}, {kStatus, "Cpus_allowed_list: 2"}}},
    {"isolated_cpus", Verdict::Warn, "none", {{kIsolated, "\n"}}},
    {"isolated_cpus",
     Verdict::Warn,
     "may use 0-1",
     {{kIsolated, "2-3"}, {kStatus, "Cpus_allowed_list: 0-1"}}},
    {"isolated_cpus", Verdict::Unknown, "cannot be read", {}},

    {"hypervisor", Verdict::Ok, "none", {{kCpuInfo, "flags : fpu tsc\n"}}},
    {"hypervisor",
     Verdict::Warn,
     "a virtual machine (KVM)",
     {{kCpuInfo, "flags : fpu hypervisor tsc\n"}, {"/sys/class/dmi/id/product_name", "KVM"}}},
    {"hypervisor",
     Verdict::Warn,
     "xen",
     {{kCpuInfo, "flags : a\n"}, {"/sys/hypervisor/type", "xen"}}},
    {"hypervisor", Verdict::Unknown, "cannot be read", {}},

    {"transparent_huge_pages", Verdict::Ok, "madvise", {{kThp, "always [madvise] never"}}},
    {"transparent_huge_pages", Verdict::Warn, "always", {{kThp, "[always] madvise never"}}},
    {"transparent_huge_pages", Verdict::Warn, "base pages", {{kThp, "always madvise [never]"}}},
    {"transparent_huge_pages", Verdict::Unknown, "cannot be read", {}},

    {"shmem_enabled", Verdict::Ok, "advise", {{kShmemThp, "always within_size [advise] never"}}},
    {"shmem_enabled", Verdict::Warn, "base pages", {{kShmemThp, "always advise [never] deny"}}},
    {"shmem_enabled", Verdict::Warn, "huge ones", {{kShmemThp, "[always] advise never deny"}}},
    {"shmem_enabled", Verdict::Unknown, "cannot be read", {}},

    {"huge_page_pools", Verdict::Ok, "node 0: 3 of 4 free", {{kPool0, "4"}, {kFree0, "3"}}},
    {"huge_page_pools",
     Verdict::Warn,
     "node 1: 0 of 0 free",
     {{kPool0, "4"}, {kFree0, "3"}, {kPool1, "0"}, {kFree1, "0"}}},
    {"huge_page_pools", Verdict::Unknown, "no pools", {}},

    {"memlock_limit", Verdict::Ok, "CAP_IPC_LOCK", {{kStatus, "CapEff: 0000000000004000"}}},
    {"memlock_limit",
     Verdict::Ok,
     "unlimited",
     {{kLimits, "Max locked memory         unlimited   unlimited   bytes\n"}}},
    {"memlock_limit",
     Verdict::Warn,
     "8.00 MiB",
     {{kStatus, "CapEff: 0000000000000000"},
      {kLimits, "Max locked memory         8388608   8388608   bytes\n"}}},
    {"memlock_limit",
     Verdict::Fail,
     "0 B",
     {{kLimits, "Max locked memory         0         8388608   bytes\n"}}},
    {"memlock_limit", Verdict::Unknown, "cannot be read", {}},

    {"cgroup_memory", Verdict::Ok, "none", {{kCgroup, "0::/"}, {kMemoryMax, "max"}}},
    {"cgroup_memory", Verdict::Ok, "8.00 GiB", {{kCgroup, "0::/"}, {kMemoryMax, "8589934592"}}},
    {"cgroup_memory", Verdict::Warn, "512 MiB", {{kCgroup, "0::/"}, {kMemoryMax, "536870912"}}},
    {"cgroup_memory", Verdict::Fail, "32.0 MiB", {{kCgroup, "0::/"}, {kMemoryMax, "33554432"}}},
    {"cgroup_memory", Verdict::Unknown, "no control group", {}},

    {"free_memory",
     Verdict::Ok,
     "1.00 GiB of 2.00 GiB",
     {{kMemInfo, "MemTotal: 2097152 kB\nMemAvailable: 1048576 kB\n"}}},
    {"free_memory",
     Verdict::Warn,
     "100 MiB of",
     {{kMemInfo, "MemTotal: 2097152 kB\nMemAvailable: 102400 kB\n"}}},
    {"free_memory",
     Verdict::Fail,
     "1.00 MiB of",
     {{kMemInfo, "MemTotal: 2097152 kB\nMemAvailable: 1024 kB\n"}}},
    {"free_memory", Verdict::Unknown, "cannot be read", {}},

    {"swap", Verdict::Ok, "none", {{kMemInfo, "SwapTotal: 0 kB\nSwapFree: 0 kB\n"}}},
    {"swap", Verdict::Ok, "0 B of", {{kMemInfo, "SwapTotal: 1024 kB\nSwapFree: 1024 kB\n"}}},
    {"swap", Verdict::Warn, "1.00 MiB of", {{kMemInfo, "SwapTotal: 2048 kB\nSwapFree: 1024 kB\n"}}},
    {"swap", Verdict::Unknown, "cannot be read", {}},

    {"numa_balancing", Verdict::Ok, "one node", {{kPool0, "0"}, {kBalancing, "1"}}},
    {"numa_balancing", Verdict::Ok, "off", {{kPool0, "0"}, {kPool1, "0"}, {kBalancing, "0"}}},
    {"numa_balancing", Verdict::Warn, "on, 2", {{kPool0, "0"}, {kPool1, "0"}, {kBalancing, "1"}}},
    {"numa_balancing", Verdict::Unknown, "cannot be read", {{kPool0, "0"}, {kPool1, "0"}}},

    {"clock_source", Verdict::Ok, "tsc", {{kClock, "tsc\n"}}},
    {"clock_source", Verdict::Warn, "kvm-clock", {{kClock, "kvm-clock\n"}}},
    {"clock_source", Verdict::Fail, "hpet", {{kClock, "hpet\n"}}},
    {"clock_source", Verdict::Unknown, "cannot be read", {}},

    {"tsc", Verdict::Ok, "one rate", {{kCpuInfo, "flags : constant_tsc nonstop_tsc\n"}}},
    {"tsc", Verdict::Warn, "may stop", {{kCpuInfo, "flags : constant_tsc\n"}}},
    {"tsc", Verdict::Warn, "rate changes", {{kCpuInfo, "flags : tsc nonstop_tsc\n"}}},
    {"tsc", Verdict::Unknown, "no flags", {{kCpuInfo, "Features : fp\n"}}},
    {"tsc", Verdict::Unknown, "cannot be read", {}},

    {"cgroup_cpu", Verdict::Ok, "none", {{kCgroup, "0::/"}, {kCpuMax, "max 100000"}}},
    {"cgroup_cpu",
     Verdict::Warn,
     "4 CPUs' time for 2",
     {{kCgroup, "0::/"}, {kCpuMax, "400000 100000"}, {kStatus, "Cpus_allowed_list: 0-1"}}},
    {"cgroup_cpu",
     Verdict::Fail,
     "1.5 CPUs' time for 2",
     {{kCgroup, "0::/"}, {kCpuMax, "150000 100000"}, {kStatus, "Cpus_allowed_list: 0-1"}}},
    {"cgroup_cpu", Verdict::Unknown, "no control group", {}},

    {"cpu_mask", Verdict::Ok, "2 of 4", {{kOnline, "0-3"}, {kStatus, "Cpus_allowed_list: 0-1"}}},
    {"cpu_mask", Verdict::Fail, "1 of 4", {{kOnline, "0-3"}, {kStatus, "Cpus_allowed_list: 3"}}},
    {"cpu_mask", Verdict::Unknown, "cannot be read", {{kOnline, "0-3"}}},

    {"nmi_watchdog", Verdict::Ok, "off", {{kWatchdog, "0"}}},
    {"nmi_watchdog", Verdict::Warn, "on", {{kWatchdog, "1"}}},
    {"nmi_watchdog", Verdict::Unknown, "cannot be read", {}},

    {"command_line", Verdict::Ok, "nothing", {{"/proc/cmdline", "ro quiet"}}},
    {"command_line", Verdict::Ok, "nohz_full", {{"/proc/cmdline", "ro nohz_full=2-3"}}},
    {"command_line", Verdict::Warn, "notsc", {{"/proc/cmdline", "ro notsc quiet"}}},
    {"command_line", Verdict::Unknown, "cannot be read", {}},

    {"load", Verdict::Ok, "0.30 over", {{kOnline, "0-1"}, {kLoad, "0.30 0 0 1/9 9"}}},
    {"load", Verdict::Warn, "0.60 over", {{kOnline, "0-1"}, {kLoad, "0.60 0 0 1/9 9"}}},
    {"load", Verdict::Fail, "2.00 over", {{kOnline, "0-1"}, {kLoad, "2.00 0 0 1/9 9"}}},
    {"load", Verdict::Unknown, "cannot be read", {}},

    {"other_processes", Verdict::Unknown, "not measured", {}},
    {"stolen_time", Verdict::Unknown, "not measured", {}},
    {"run_delay", Verdict::Unknown, "not measured", {}},
    {"gaps", Verdict::Unknown, "not measured", {}},
};

class DoctorCheckTest : public ::testing::TestWithParam<Case> {};

TEST_P(DoctorCheckTest, CallsTheMachineWhatItIs) {
  const Case& wanted = GetParam();
  const FakeTree tree;
  for (const auto& [path, text] : wanted.files) tree.write(path, text);
  Host host{
      .files = tree.files(), .shm = std::nullopt, .load = std::nullopt, .noise = std::nullopt};
  const Diagnosis diagnosis = diagnose(checkNamed(wanted.check), host);
  EXPECT_EQ(diagnosis.verdict, wanted.verdict) << diagnosis.seen;
  EXPECT_THAT(diagnosis.seen, HasSubstr(wanted.seen));
  EXPECT_EQ(diagnosis.mend.empty(), diagnosis.verdict == Verdict::Ok);
}

std::string nameOf(const ::testing::TestParamInfo<Case>& info) {
  return std::string(info.param.check) + "_" + std::string(toString(info.param.verdict)) + "_" +
         std::to_string(info.index);
}

INSTANTIATE_TEST_SUITE_P(Machines, DoctorCheckTest, ::testing::ValuesIn(kCases), nameOf);

Host emptyHost(const FakeTree& tree) {
  return {.files = tree.files(), .shm = std::nullopt, .load = std::nullopt, .noise = std::nullopt};
}

Verdict verdictOf(const char* check, const Host& host) {
  return diagnose(checkNamed(check), host).verdict;
}

TEST(DoctorTest, JudgesSharedMemoryByWhatIsFree) {
  const FakeTree tree;
  Host host = emptyHost(tree);
  EXPECT_EQ(verdictOf("dev_shm", host), Verdict::Fail);
  host.shm = ShmSpace{1 << 30, 1 << 30};
  EXPECT_EQ(verdictOf("dev_shm", host), Verdict::Ok);
  host.shm = ShmSpace{64 << 20, 64 << 20};
  EXPECT_EQ(verdictOf("dev_shm", host), Verdict::Warn);
  host.shm = ShmSpace{64 << 20, 1 << 20};
  EXPECT_EQ(verdictOf("dev_shm", host), Verdict::Fail);
  host.shm = ShmSpace{0, 0};
  EXPECT_EQ(verdictOf("dev_shm", host), Verdict::Ok);
}

TEST(DoctorTest, JudgesOtherProcessesAndStolenTime) {
  const FakeTree tree;
  Host host = emptyHost(tree);
  host.load = LoadSample{.others = 0.05, .stolen = 0.0, .busiest = {}};
  EXPECT_EQ(verdictOf("other_processes", host), Verdict::Ok);
  EXPECT_EQ(verdictOf("stolen_time", host), Verdict::Ok);
  host.load = LoadSample{.others = 0.2, .stolen = 0.01, .busiest = {{7, "compiler", 0.2}}};
  EXPECT_EQ(verdictOf("other_processes", host), Verdict::Warn);
  EXPECT_EQ(verdictOf("stolen_time", host), Verdict::Warn);
  EXPECT_THAT(diagnose(checkNamed("other_processes"), host).seen,
              HasSubstr("20 % of a CPU: compiler 20 % (pid 7)"));
  host.load = LoadSample{.others = 1.5, .stolen = 0.5, .busiest = {}};
  EXPECT_EQ(verdictOf("other_processes", host), Verdict::Fail);
  EXPECT_EQ(verdictOf("stolen_time", host), Verdict::Fail);
}

Noise noiseOf(std::uint64_t lost_ns, std::uint64_t run_delay_ns) {
  Noise noise;
  noise.cpus = {{.cpu = 0, .seconds = 1.0, .run_delay_known = true},
                {.cpu = 1,
                 .seconds = 1.0,
                 .gaps = 10,
                 .longest_ns = 5000,
                 .lost_ns = lost_ns,
                 .run_delay_ns = run_delay_ns,
                 .run_delay_known = true}};
  return noise;
}

TEST(DoctorTest, JudgesGapsAndRunDelayByTheWorstCpu) {
  const FakeTree tree;
  Host host = emptyHost(tree);
  host.noise = noiseOf(1'000'000, 1'000'000);
  EXPECT_EQ(verdictOf("gaps", host), Verdict::Ok);
  EXPECT_EQ(verdictOf("run_delay", host), Verdict::Ok);
  host.noise = noiseOf(20'000'000, 20'000'000);
  EXPECT_EQ(verdictOf("gaps", host), Verdict::Warn);
  EXPECT_EQ(verdictOf("run_delay", host), Verdict::Warn);
  host.noise = noiseOf(200'000'000, 200'000'000);
  EXPECT_EQ(verdictOf("gaps", host), Verdict::Fail);
  EXPECT_EQ(verdictOf("run_delay", host), Verdict::Fail);
  EXPECT_THAT(diagnose(checkNamed("gaps"), host).seen,
              HasSubstr("20.00 % of the time on CPU 1, longest 5.00 µs"));
  host.noise->cpus[0].run_delay_known = false;
  EXPECT_EQ(verdictOf("run_delay", host), Verdict::Unknown);
}

TEST(DoctorTest, TellsAContainerWhoMustMendTheHost) {
  const FakeTree tree{{kThp, "[always] madvise never"}, {"/.dockerenv", ""}};
  EXPECT_THAT(diagnose(checkNamed("transparent_huge_pages"), emptyHost(tree)).mend,
              AllOf(HasSubstr("not from inside a container (docker)"),
                    HasSubstr("host's administrator"), HasSubstr("echo madvise")));
}

TEST(DoctorTest, TellsAContainerWhatItsStarterCanDo) {
  const FakeTree tree{{"/.dockerenv", ""}};
  const std::string mend = diagnose(checkNamed("dev_shm"), emptyHost(tree)).mend;
  EXPECT_THAT(mend, AllOf(HasSubstr("docker run --shm-size"), Not(HasSubstr("remount"))));
}

TEST(DoctorTest, OffersTheTscWhereTheKernelHasIt) {
  const FakeTree tree{
      {kClock, "hpet"},
      {"/sys/devices/system/clocksource/clocksource0/available_clocksource", "hpet tsc acpi_pm"}};
  EXPECT_THAT(diagnose(checkNamed("clock_source"), emptyHost(tree)).mend, HasSubstr("echo tsc"));
}

TEST(DoctorTest, HasEachCheckOnceAndEachIsTriedHere) {
  const FakeTree tree;
  std::set<std::string> names;
  for (const Diagnosis& diagnosis : diagnose(emptyHost(tree), Extent::Everything)) {
    EXPECT_TRUE(names.insert(diagnosis.name).second) << diagnosis.name;
    EXPECT_FALSE(diagnosis.why.empty()) << diagnosis.name;
  }
  std::set<std::string> tried = {"dev_shm"};
  for (const Case& one : kCases) tried.insert(one.check);
  EXPECT_EQ(names, tried);
}

TEST(DoctorTest, LeavesTheMomentOutWhereOnlySettingsAreAsked) {
  const FakeTree tree;
  const std::size_t all = diagnose(emptyHost(tree), Extent::Everything).size();
  EXPECT_EQ(diagnose(emptyHost(tree), Extent::Settings).size(), all - loadChecks().size());
}

TEST(DoctorTest, LooksAtThisMachineWithoutAStumble) {
  const Host host = readHost(SystemFiles());
  EXPECT_TRUE(host.shm.has_value());
  EXPECT_FALSE(diagnose(host, Extent::Settings).empty());
  EXPECT_FALSE(onlineCpus(host.files).empty());
  EXPECT_FALSE(allowedCpus(host.files).empty());
}

}  // namespace
}  // namespace ringside::harness
