// What the protection against the death of other processes costs on the fast path: the rings of
// the core at 64 bytes against the same with the protection compiled out, between pinned
// processes. Slices of the variants alternate in random order, so that what the machine does
// besides meets all alike. As a control the protected ring is also compared with a second copy of
// itself.
#include <cstdio>
#include <random>
#include <stdexcept>
#include <string>

#include "exchange.hpp"
#include "median_interval.hpp"
#include "protection_options.hpp"
#include "protection_variants.hpp"

namespace {

using namespace ringside;
using namespace ringside::bench;

constexpr double kAllowedPercent = 5;
constexpr std::size_t kVariants = 3;  // protected, compiled out, protected again

/// One line of the table: the same workload over the three variants of one policy.
struct Comparison {
  const char* policy;
  const char* workload;
  bool is_throughput;
  int producers;
  int consumers;
  Slice (*slices[kVariants])(const Crew&);
};

template <PolicyKind kPolicy>
Comparison throughputOf(const char* policy, int producers, int consumers) {
  using V = Variants<kPolicy>;
  return {policy,
          "throughput",
          true,
          producers,
          consumers,
          {throughputSlice<typename V::Protected>, throughputSlice<typename V::CompiledOut>,
           throughputSlice<typename V::ProtectedAgain>}};
}

template <PolicyKind kPolicy>
Comparison roundTripOf(const char* policy) {
  using V = Variants<kPolicy>;
  return {policy,
          "round trip",
          false,
          1,
          1,
          {roundTripSlice<typename V::Protected>, roundTripSlice<typename V::CompiledOut>,
           roundTripSlice<typename V::ProtectedAgain>}};
}

const Comparison kComparisons[] = {
    throughputOf<PolicyKind::Spsc>("spsc", 1, 1), roundTripOf<PolicyKind::Spsc>("spsc"),
    throughputOf<PolicyKind::Mpsc>("mpsc", 1, 1), throughputOf<PolicyKind::Mpsc>("mpsc", 2, 1),
    roundTripOf<PolicyKind::Mpsc>("mpsc"),        throughputOf<PolicyKind::Mpmc>("mpmc", 1, 1),
    throughputOf<PolicyKind::Mpmc>("mpmc", 2, 2), roundTripOf<PolicyKind::Mpmc>("mpmc"),
};

struct SliceFailed : std::runtime_error {
  SliceFailed(const Comparison& comparison, Fault found)
      : std::runtime_error(std::string(comparison.policy) + " " + comparison.workload + ": " +
                           describe(found)),
        fault(found) {}
  Fault fault;
};

/// ns of each variant, pair by pair.
using Times = std::array<std::vector<double>, kVariants>;

Times measure(const Comparison& comparison, const ProtectionOptions& options,
              std::mt19937_64& random) {
  const Crew crew{comparison.producers, comparison.consumers, options.cpus, options.slice};
  Times times;
  std::array<std::size_t, kVariants> order = {0, 1, 2};
  for (std::size_t pair = 0; pair < options.pairs; ++pair) {
    for (std::size_t i = kVariants - 1; i > 0; --i) std::swap(order[i], order[random() % (i + 1)]);
    for (const std::size_t variant : order) {
      const Slice slice = comparison.slices[variant](crew);
      if (slice.fault != Fault::None) throw SliceFailed(comparison, slice.fault);
      times[variant].push_back(slice.ns);
    }
  }
  return times;
}

/// What `loaded` costs against `plain`, in percent: throughput lost, or round trip added.
MedianInterval costPercent(const Comparison& comparison, const std::vector<double>& loaded,
                           const std::vector<double>& plain) {
  std::vector<double> costs;
  for (std::size_t i = 0; i < loaded.size(); ++i) {
    costs.push_back(
        100 * (comparison.is_throughput ? 1 - plain[i] / loaded[i] : loaded[i] / plain[i] - 1));
  }
  return medianInterval(std::move(costs));
}

const char* verdictOf(const MedianInterval& cost) {
  if (cost.high <= kAllowedPercent) return "within 5 %";
  return cost.low > kAllowedPercent ? "above 5 %" : "undecided";
}

void printHeading(const ProtectionOptions& options) {
  std::string cpus;
  for (const int cpu : options.cpus) cpus.append(" ").append(std::to_string(cpu));
  std::printf("64 bytes, capacity %llu, %zu pairs of slices of %lld ms, seed %llu, CPUs%s\n\n",
              static_cast<unsigned long long>(kSliceCapacity), options.pairs,
              static_cast<long long>(options.slice.count()),
              static_cast<unsigned long long>(options.seed), cpus.c_str());
  if (options.markdown) {
    std::printf(
        "| policy | workload | protected ns | compiled out ns | cost %%, 95 %% interval | "
        "against itself %% | |\n|---|---|---|---|---|---|---|\n");
  } else {
    std::printf("%-6s %-10s %-4s %9s %9s  %-23s %-23s\n", "policy", "workload", "", "protected",
                "out, ns", "cost %, 95 % interval", "against itself %");
  }
}

void printLine(const Comparison& comparison, const Times& times, bool markdown) {
  const MedianInterval cost = costPercent(comparison, times[0], times[1]);
  const MedianInterval control = costPercent(comparison, times[0], times[2]);
  const char* const format =
      markdown
          ? "| %s | %s %d+%d | %.1f | %.1f | %+.1f (%+.1f … %+.1f) | %+.1f (%+.1f … %+.1f) | %s |\n"
          : "%-6s %-10s %d+%d  %9.1f %9.1f  %+5.1f (%+5.1f to %+5.1f)  %+5.1f (%+5.1f to %+5.1f)  "
            "%s\n";
  std::printf(format, comparison.policy, comparison.workload, comparison.producers,
              comparison.consumers, medianOf(times[0]), medianOf(times[1]), cost.median, cost.low,
              cost.high, control.median, control.low, control.high, verdictOf(cost));
  std::fflush(stdout);
}

void compareAll(const ProtectionOptions& options) {
  std::mt19937_64 random(options.seed);
  printHeading(options);
  for (const Comparison& comparison : kComparisons) {
    const int workers = comparison.producers + comparison.consumers;
    if (static_cast<std::size_t>(workers) > options.cpus.size()) {
      std::fprintf(stderr, "skipped %s %d+%d: it needs %d CPUs, and there are %zu\n",
                   comparison.policy, comparison.producers, comparison.consumers, workers,
                   options.cpus.size());
      continue;
    }
    printLine(comparison, measure(comparison, options, random), options.markdown);
  }
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const ProtectionOptions options = parseProtectionOptions({argv + 1, argv + argc});
    if (options.help) {
      std::fputs(kProtectionUsage, stdout);
      return 0;
    }
    compareAll(options);
    return 0;
  } catch (const std::invalid_argument& error) {
    std::fprintf(stderr, "protection_bench: %s\n", error.what());
    return 2;
  } catch (const SliceFailed& error) {
    std::fprintf(stderr, "protection_bench: %s\n", error.what());
    return isIntegrity(error.fault) ? 3 : 7;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "protection_bench: %s\n", error.what());
    return 7;
  }
}
