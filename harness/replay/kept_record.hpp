// A record that a run has left, found again by its cell and repetition, or by its line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "results/record.hpp"

namespace ringside::harness {

struct RecordQuery {
  std::string named;  ///< a bundle's folder, a file of records, or either with :LINE
  std::optional<std::string> cell;
  std::optional<std::uint32_t> repetition;  ///< left out: the first of the cell that was run
};

struct KeptRecord {
  results::Record record;
  std::filesystem::path file;
  std::size_t line = 0;          ///< counted from 1
  std::filesystem::path bundle;  ///< that it lies in; empty where it was copied out of one
  std::vector<std::string> siblings = {};  ///< other repetitions of its cell: "1", "2 failed"

  /// "out/quick-…/records.jsonl:3"
  std::string where() const { return file.string() + ":" + std::to_string(line); }
};

/// Whether the folder is the bundle of a gate: blocks, or a place for them, and no record.
bool isBundleOfGate(const std::filesystem::path& folder);

/// Whether it is something with records, and no history of operations: by what stands in it, except
/// for an empty file, which goes by its name. False for what is not there, or no plain file.
bool holdsRecords(const std::string& named);

/// Throws UsageError, with what to do, when there is no such record or more than one that could be
/// meant; for a record of something that was skipped, or of a trial of verify; and for the bundle
/// of a gate, which has blocks. A last line that is cut off is not looked at.
KeptRecord findRecord(const RecordQuery& query);

}  // namespace ringside::harness
