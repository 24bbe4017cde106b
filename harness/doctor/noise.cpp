#include "harness/doctor/noise.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <stdexcept>
#include <system_error>
#include <thread>

#include "harness/control.hpp"
#include "harness/handoff.hpp"
#include "ringside/wait.hpp"

namespace ringside::harness {
namespace {

constexpr std::chrono::seconds kPatience{20};
constexpr int kExchanges = 20'000;

/// What a spinning process leaves behind.
struct Look {
  CpuNoise noise;
  std::uint64_t step_ticks = 0;
  std::atomic<bool> done{false};
  char trouble[128] = {};
};

struct RunDelay {
  std::uint64_t ns = 0;
  bool known = false;
};

/// The second number of schedstat; without CONFIG_SCHED_INFO there is no such file.
RunDelay runDelay() {
  std::ifstream file("/proc/self/schedstat");
  std::uint64_t on_cpu_ns = 0;
  RunDelay delay;
  delay.known = static_cast<bool>(file >> on_cpu_ns >> delay.ns);
  return delay;
}

void spin(const Clock& clock, std::chrono::milliseconds duration, Look& look) {
  const auto wanted_ns = static_cast<std::uint64_t>(duration.count()) * 1'000'000;
  const std::uint64_t begin = clock.now();
  std::uint64_t last = begin;
  std::uint64_t smallest = ~std::uint64_t{0};
  while (clock.nsBetween(begin, last) < wanted_ns) {
    const std::uint64_t now = clock.now();
    if (now > last) smallest = std::min(smallest, now - last);
    const std::uint64_t gap_ns = clock.nsBetween(last, now);
    if (gap_ns > kGapNs) {
      ++look.noise.gaps;
      look.noise.lost_ns += gap_ns;
      look.noise.longest_ns = std::max(look.noise.longest_ns, gap_ns);
    }
    last = now;
  }
  look.step_ticks = smallest;
  look.noise.seconds = static_cast<double>(clock.nsBetween(begin, last)) * 1e-9;
}

[[noreturn]] void lookFrom(int cpu, const Topology& topology, const Clock& clock,
                           std::chrono::milliseconds duration, Look& look) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  look.noise.cpu = cpu;
  const std::string trouble = topology.pinThisThread(cpu);
  std::strncpy(look.trouble, trouble.c_str(), sizeof look.trouble - 1);
  if (trouble.empty()) {
    const RunDelay before = runDelay();
    spin(clock, duration, look);
    const RunDelay after = runDelay();
    look.noise.run_delay_known = before.known && after.known;
    look.noise.run_delay_ns = after.ns - before.ns;
  }
  look.done.store(true, std::memory_order_release);  // SYNC: resultOf
  ::_exit(0);
}

/// Kills and reaps who is still there.
class Spinners {
 public:
  Spinners() = default;
  Spinners(const Spinners&) = delete;
  Spinners& operator=(const Spinners&) = delete;
  ~Spinners() {
    for (const ::pid_t pid : pids_) {
      ::kill(pid, SIGKILL);
      ::waitpid(pid, nullptr, 0);
    }
  }
  void add(::pid_t pid) { pids_.push_back(pid); }
  /// Whether all have ended by themselves.
  bool join(std::chrono::milliseconds limit) {
    const auto end = std::chrono::steady_clock::now() + limit;
    while (!pids_.empty() && std::chrono::steady_clock::now() < end) {
      std::erase_if(pids_, [](::pid_t pid) { return ::waitpid(pid, nullptr, WNOHANG) == pid; });
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return pids_.empty();
  }

 private:
  std::vector<::pid_t> pids_;
};

const CpuNoise& resultOf(const Look& look) {
  if (!look.done.load(std::memory_order_acquire)) {  // SYNC: lookFrom
    throw std::runtime_error("a process that measured the noise of a CPU was killed");
  }
  if (look.trouble[0] != '\0') throw std::runtime_error(look.trouble);
  return look.noise;
}

/// The asker stamps both ends of an exchange, the other CPU the middle; the shortest exchange has
/// the tightest bound (as NTP does it).
class ClockExchange {
 public:
  ClockExchange(const Topology& topology, const Clock& clock, const CpuPair& cpus)
      : topology_(topology), clock_(clock), cpus_(cpus) {}

  ClockAgreement run() {
    std::string trouble;
    std::thread other([this] { answer(); });
    std::thread asker([this, &trouble] { trouble = ask(); });
    asker.join();
    other.join();
    if (!trouble.empty()) throw std::runtime_error(trouble);
    return agreement_;
  }

 private:
  static constexpr std::uint64_t kStop = ~std::uint64_t{0};

  std::string ask() {
    std::string trouble = topology_.pinThisThread(cpus_.first);
    std::uint64_t shortest = ~std::uint64_t{0};
    for (std::uint64_t i = 1; trouble.empty() && i <= kExchanges; ++i) {
      const std::uint64_t begin = clock_.now();
      request_.store(i, std::memory_order_release);  // SYNC: answer
      if (!isAnswered(i)) return stopped("the other CPU did not answer a question of its clock");
      const std::uint64_t end = clock_.nowAfterLoads();
      if (end - begin >= shortest) continue;
      shortest = end - begin;
      const double middle = static_cast<double>(begin) + static_cast<double>(shortest) / 2;
      agreement_ = {cpus_, (static_cast<double>(stamp_) - middle) * clock_.ns_per_tick,
                    static_cast<double>(shortest) / 2 * clock_.ns_per_tick};
    }
    return stopped(trouble);
  }

  std::string stopped(const std::string& trouble) {
    request_.store(kStop, std::memory_order_release);
    return trouble;
  }

  /// Within kPatience, which it looks at now and then.
  bool isAnswered(std::uint64_t question) const {
    const auto limit = std::chrono::steady_clock::now() + kPatience;
    for (std::uint64_t spins = 1; answered_.load(std::memory_order_acquire) != question; ++spins) {
      pauseCore();
      if (spins % 65'536 == 0 && std::chrono::steady_clock::now() > limit) return false;
    }
    return true;
  }

  void answer() {
    topology_.pinThisThread(cpus_.second);  // where it fails the bound is wider, and still right
    std::uint64_t last = 0;
    while (last != kStop) {
      const std::uint64_t asked = request_.load(std::memory_order_acquire);
      if (asked == last) {
        pauseCore();
        continue;
      }
      stamp_ = clock_.now();
      last = asked;
      answered_.store(asked, std::memory_order_release);  // SYNC: ask
    }
  }

  const Topology& topology_;
  const Clock& clock_;
  CpuPair cpus_;
  ClockAgreement agreement_;
  alignas(128) std::atomic<std::uint64_t> request_{0};
  alignas(128) std::atomic<std::uint64_t> answered_{0};
  std::uint64_t stamp_ = 0;  ///< handed over by answered_
};

}  // namespace

Noise measureNoise(const Topology& topology, const Clock& clock,
                   std::chrono::milliseconds duration) {
  const std::vector<CpuPlace>& cpus = topology.cpus();
  const SharedPages pages(cpus.size() * sizeof(Look));
  auto* const looks = reinterpret_cast<Look*>(pages.data());  // zeroed, which is a valid Look
  Spinners spinners;
  for (std::size_t i = 0; i < cpus.size(); ++i) {
    const ::pid_t pid = ::fork();
    if (pid == 0) lookFrom(cpus[i].cpu, topology, clock, duration, looks[i]);
    if (pid < 0) throw std::system_error(errno, std::system_category(), "cannot fork");
    spinners.add(pid);
  }
  if (!spinners.join(duration + kPatience)) {
    throw std::runtime_error("a process that measures the noise of a CPU did not get to run");
  }
  Noise noise;
  std::uint64_t smallest = ~std::uint64_t{0};
  for (std::size_t i = 0; i < cpus.size(); ++i) {
    noise.cpus.push_back(resultOf(looks[i]));
    smallest = std::min(smallest, looks[i].step_ticks);
  }
  noise.clock_step_ns = static_cast<double>(smallest) * clock.ns_per_tick;
  for (const CpuPair& pair : representativePairs(topology)) {
    noise.clocks.push_back(ClockExchange(topology, clock, pair).run());
  }
  return noise;
}

}  // namespace ringside::harness
