// /proc, /sys and the like, below a root folder: "/" on this machine, another folder in tests and
// for a tree that was collected elsewhere. What is not there, or may not be read, is absent.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ringside::harness {

class SystemFiles {
 public:
  explicit SystemFiles(std::filesystem::path root = "/") : root_(std::move(root)) {}

  /// Where the file "/sys/…" is.
  std::filesystem::path pathOf(std::string_view path) const;
  bool exists(std::string_view path) const;
  bool isThisMachine() const { return root_ == "/"; }

  /// All of a file, at most 64 MiB of it.
  std::optional<std::string> text(std::string_view path) const;
  /// Its first line, without blanks at both ends.
  std::optional<std::string> line(std::string_view path) const;
  /// Its first line as a whole number; absent when it is none.
  std::optional<std::uint64_t> number(std::string_view path) const;
  /// The chosen one of "always [madvise] never"; the whole line where nothing is in brackets.
  std::optional<std::string> chosen(std::string_view path) const;
  /// What stands behind "key :" or "key=" in the first line that begins with the key.
  std::optional<std::string> valueOf(std::string_view path, std::string_view key) const;
  /// The names in a folder that begin so, sorted; numbers in them by their value. Empty where there
  /// is no such folder.
  std::vector<std::string> names(std::string_view folder, std::string_view beginning = "") const;

 private:
  std::filesystem::path root_;
};

/// "0-3,8" as numbers; absent when it is no list of CPUs. An empty text is an empty list.
std::optional<std::vector<int>> parseCpuList(std::string_view text);

}  // namespace ringside::harness
