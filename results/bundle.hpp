// A bundle: the folder of one run. What was once recorded in it is never overwritten: an existing
// bundle is refused, and records are only appended.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <string_view>

#include "results/descriptor.hpp"
#include "results/record.hpp"

namespace ringside::results {

/// Says what could not be done, with which path, and what to do about it.
class BundleError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Written by one thread of one process. Workers may inherit it over fork, they must not use it.
class Bundle {
 public:
  /// Makes the folder with its parents and an empty records.jsonl, and tries whether a page can be
  /// written, so that nothing is measured in vain. Throws BundleError when the path is empty or
  /// exists, and, leaving nothing behind, when
  /// the folder cannot be made or written to.
  static Bundle create(const std::filesystem::path& folder);

  /// The bundle of a run that was interrupted, to be gone on with. What a crash left of a last line
  /// is cut off: cutOffBytes() says how much. Throws BundleError when there is none, when it cannot
  /// be written, and when another process is writing to it.
  static Bundle open(const std::filesystem::path& folder);

  /// `<suite>-<UTC as 20261121T081200Z>-<host>`, at the resolution of a second. What is not a
  /// letter, digit, '.', '_' or '-' becomes '-'.
  static std::string defaultName(std::string_view suite,
                                 std::chrono::system_clock::time_point started,
                                 std::string_view host);

  /// Adds one whole line to records.jsonl. Throws BundleError when it cannot be written; what was
  /// written of it is taken back, so that the file still ends with a whole line.
  void append(const Record& record);
  /// The same of a record's line as another bundle has it, without its line end.
  void appendLine(std::string_view line);

  /// Writes `text` to the file `name` of the bundle, replacing one of that name at once or not at
  /// all. Throws BundleError when `name` is records.jsonl or not the plain name of a file, and when
  /// it cannot be written.
  void writeFile(std::string_view name, std::string_view text);

  const std::filesystem::path& path() const noexcept { return folder_; }
  /// Of a line that was not whole, when it was opened.
  std::uint64_t cutOffBytes() const noexcept { return cut_off_bytes_; }

 private:
  Bundle(std::filesystem::path folder, Descriptor records);
  /// 0, or errno: then nothing of it stays.
  int appendWhole(std::string line);

  std::filesystem::path folder_;
  Descriptor records_;
  std::uint64_t cut_off_bytes_ = 0;
};

}  // namespace ringside::results
