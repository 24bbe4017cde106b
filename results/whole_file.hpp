// Files read as a whole, and files that are there whole or not at all: written beside their place
// and renamed.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace ringside::results {

/// All of a file, one of /proc too, whose size nobody knows before. Nothing, with errno set, when
/// it cannot be opened or read.
std::optional<std::string> readFile(const std::filesystem::path& file);

/// Writes all of `text` to an open file. 0, or the errno of the first write that failed.
int writeAll(int descriptor, std::string_view text);

/// Replaces the file of that name, or makes it, at once or not at all: through ".<name>.partial" in
/// the same folder, which is gone afterwards. 0, or the errno of what failed.
int replaceFile(const std::filesystem::path& file, std::string_view text);

}  // namespace ringside::results
