// The lines of a records.jsonl one after the other, for who reads them in a way of his own.
#pragma once

#include <filesystem>
#include <functional>
#include <string>

#include "results/record.hpp"

namespace ringside::results {

/// As visitRecords, with `parse` for fromJson: a RecordError that it throws gets file:line in
/// front.
void visitRecordLines(const std::filesystem::path& path, CutOffLine cut_off_line,
                      const std::function<Record(const std::string& line)>& parse,
                      const std::function<void(Record)>& visit);

}  // namespace ringside::results
