#include "protection_options.hpp"

#include <sched.h>

#include <algorithm>
#include <charconv>
#include <stdexcept>

#include "median_interval.hpp"

namespace ringside::bench {
namespace {

constexpr std::size_t kMostCpus = 8;

/// A whole number of [lowest, highest], and nothing else.
std::uint64_t numberOf(const std::string& option, const std::string& text, std::uint64_t lowest,
                       std::uint64_t highest) {
  std::uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error == std::errc() && stop == end && value >= lowest && value <= highest) return value;
  throw std::invalid_argument(option + " is '" + text + "'; it must be a whole number from " +
                              std::to_string(lowest) + " to " + std::to_string(highest));
}

std::vector<int> cpusOf(const std::string& option, const std::string& text) {
  std::vector<int> cpus;
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find(',', begin), text.size());
    cpus.push_back(
        static_cast<int>(numberOf(option, text.substr(begin, end - begin), 0, CPU_SETSIZE - 1)));
    begin = end + 1;
  }
  if (cpus.size() >= 2 && cpus.size() <= kMostCpus) return cpus;
  throw std::invalid_argument(option + " is '" + text + "'; it must name 2 to " +
                              std::to_string(kMostCpus) + " CPUs, with commas between them");
}

}  // namespace

const char* const kProtectionUsage =
    "protection_bench [OPTION...]\n"
    "What the protection against the death of others costs at 64 bytes: the rings of the core\n"
    "against the same with it compiled out, in short slices of both in random order.\n"
    "  --pairs N      slices of each variant, 6 to 1000 (60)\n"
    "  --slice-ms N   how long each is, 1 to 10000 (30)\n"
    "  --seed N       of the order of the slices (1)\n"
    "  --cpus A,B...  where the processes run; 4 allow more than one a side (all that may be "
    "used)\n"
    "  --markdown     the table for a document\n"
    "  --help         this\n"
    "Exit code: 0 measured, 2 bad usage, 3 a ring lost, tore or reordered messages, 7 a worker\n"
    "failed. A cost below 0 means that the ring as it is was the faster one.\n";

ProtectionOptions parseProtectionOptions(const std::vector<std::string>& arguments) {
  ProtectionOptions options;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& name = arguments[i];
    const auto value = [&]() -> const std::string& {
      if (++i < arguments.size()) return arguments[i];
      throw std::invalid_argument(name + " needs a value");
    };
    if (name == "--pairs") {
      options.pairs = numberOf(name, value(), kFewestSamples, kMostSamples);
    } else if (name == "--slice-ms") {
      options.slice = std::chrono::milliseconds(numberOf(name, value(), 1, 10000));
    } else if (name == "--seed") {
      options.seed = numberOf(name, value(), 0, UINT64_MAX);
    } else if (name == "--cpus") {
      options.cpus = cpusOf(name, value());
    } else if (name == "--markdown") {
      options.markdown = true;
    } else if (name == "--help" || name == "-h") {
      options.help = true;
    } else {
      throw std::invalid_argument("'" + name + "' is no option: see --help");
    }
  }
  if (!options.cpus.empty() || options.help) return options;
  options.cpus = allowedCpus();
  if (options.cpus.size() == 1) options.cpus.push_back(options.cpus.front());
  return options;
}

std::vector<int> allowedCpus() {
  ::cpu_set_t set;
  std::vector<int> cpus;
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return cpus;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (CPU_ISSET(static_cast<unsigned>(cpu), &set)) cpus.push_back(cpu);
  }
  return cpus;
}

}  // namespace ringside::bench
