// The command line of protection_bench.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace ringside::bench {

struct ProtectionOptions {
  std::size_t pairs = 60;               ///< slices of each variant; kFewestSamples … kMostSamples
  std::chrono::milliseconds slice{30};  ///< 1 … 10000
  std::uint64_t seed = 1;               ///< of the order of the slices
  std::vector<int> cpus;                ///< the first is the first producer's; 2 … 8
  bool markdown = false;
  bool help = false;
};

extern const char* const kProtectionUsage;

/// Throws std::invalid_argument that says which argument, and what is allowed.
ProtectionOptions parseProtectionOptions(const std::vector<std::string>& arguments);

/// Those that this process may run on, in their order.
std::vector<int> allowedCpus();

}  // namespace ringside::bench
