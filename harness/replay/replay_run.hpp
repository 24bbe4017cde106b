// A record's cell run again, and what came of it beside what there was.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "harness/compare/environment_facts.hpp"
#include "harness/replay/kept_record.hpp"
#include "harness/replay/recorded_cell.hpp"
#include "results/exit_code.hpp"

namespace ringside::harness {

constexpr std::uint32_t kMaxReplays = 1000;

struct ReplayOrder {
  RecordQuery query;
  std::uint32_t times = 1;  ///< 1..kMaxReplays
  AskedTiming timing = {};
  std::vector<std::filesystem::path> plugins = {};
  std::optional<std::string> out = {};  ///< the bundle to be made; left out: nothing is kept
};

struct ReplayOutcome {
  KeptRecord then;
  RecordedTiming timing;
  std::vector<results::Record> now;          ///< fewer than asked for when it was interrupted
  std::vector<Difference> differences = {};  ///< of the environment: then, now
  bool is_environment_known = false;         ///< of then
  std::filesystem::path bundle = {};         ///< empty: nothing was kept
  std::string trouble = {};  ///< why it ended early although nobody interrupted it; else empty
  results::ExitCode exit_code = results::ExitCode::Fine;
};

/// Throws UsageError and BundleError before anything has run.
ReplayOutcome replayRecord(const ReplayOrder& order);

}  // namespace ringside::harness
