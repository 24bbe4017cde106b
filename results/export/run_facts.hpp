// What exports say of the run and its machine: environment.json of the bundle.
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace ringside::results {

/// A text is empty, and a number 0, where the bundle does not say.
struct RunFacts {
  std::string bundle = {};  ///< the name of its folder
  std::chrono::system_clock::time_point began = {};
  std::string host = {};
  std::string cpu = {};
  std::string kernel = {};
  std::string governor = {};
  std::string machine = {};  ///< the hash of its fingerprint
  std::string version = {};  ///< of ringside
  std::string build = {};    ///< "Release -O3 …"
  std::string revision = {};
  std::uint32_t cpus = 0;  ///< online
  double mhz = 0;
  std::vector<double> load = {};  ///< over 1, 5 and 15 minutes
};

/// Throws RecordError, with the file and what to do, when environment.json is missing or damaged,
/// or does not say when the run began.
RunFacts readRunFacts(const std::filesystem::path& folder);

/// "2026-11-22T08:12:00+00:00".
std::string isoTime(std::chrono::system_clock::time_point time);

}  // namespace ringside::results
