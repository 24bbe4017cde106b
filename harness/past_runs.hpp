// Runs and gates that have ended, remembered in a history (results/history.hpp) beside their
// bundles, so that `ringside report --history` can draw how figures went.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "harness/suite_run.hpp"
#include "results/exit_code.hpp"
#include "results/history.hpp"

namespace ringside::harness {

/// The history of a bundle: history.jsonl in the folder that the bundle lies in, or the file that
/// RINGSIDE_HISTORY names. nullopt when that is empty: then nothing is remembered.
std::optional<std::filesystem::path> historyOf(const std::filesystem::path& bundle);

/// The one that is meant when none is named: RINGSIDE_HISTORY, or out/history.jsonl.
std::filesystem::path usualHistory();

/// What is said of any run or gate that ends now: all but `cells` and `judged`. Machine, program
/// and revision are those of the bundle's environment.json; what it does not say stays empty.
results::HistoryEntry newEntry(results::EntryKind kind, const std::string& suite,
                               const std::filesystem::path& bundle, results::ExitCode exit_code);

/// Appends it to the history of that bundle, and answers with its file. nullopt when there is none,
/// and when it cannot be written: that is said on stderr and is no reason to end otherwise.
std::optional<std::filesystem::path> remember(const std::filesystem::path& bundle,
                                              const results::HistoryEntry& entry);

/// The same of a run. One that was interrupted before anything was measured is not remembered.
std::optional<std::filesystem::path> rememberRun(const std::string& suite,
                                                 const std::filesystem::path& bundle,
                                                 const SuiteOutcome& outcome);

/// The bundle of the last run of that suite on this machine before this one, which went well and is
/// still there.
std::optional<std::filesystem::path> runBefore(const std::string& suite,
                                               const std::filesystem::path& bundle);

}  // namespace ringside::harness
