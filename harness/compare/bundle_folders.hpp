// Folders that are named as bundles of runs, looked at before any of them is read.
#pragma once

#include <filesystem>
#include <span>

namespace ringside::harness {

/// Throws UsageError, with what to do: for a folder that is named twice, by whatever name, that is
/// not there or cannot be looked at, that is the bundle of a gate, or that has no records.jsonl.
void refuseWhatAreNoBundles(std::span<const std::filesystem::path> folders);

}  // namespace ringside::harness
