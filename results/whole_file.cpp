#include "results/whole_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "results/descriptor.hpp"

namespace ringside::results {
namespace {

/// 0, or the errno of what failed.
int writeWhole(const std::filesystem::path& file, std::string_view text) {
  Descriptor output(::open(file.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (output.number() < 0) return errno;
  const int error = writeAll(output.number(), text);
  const int close_error = output.close();
  return error != 0 ? error : close_error;
}

constexpr std::size_t kLeastRoom = 64 * 1024;

}  // namespace

std::optional<std::string> readFile(const std::filesystem::path& file) {
  const Descriptor input(::open(file.c_str(), O_RDONLY | O_CLOEXEC));
  if (input.number() < 0) return std::nullopt;
  struct ::stat status {};
  if (::fstat(input.number(), &status) != 0) return std::nullopt;
  std::string content;
  for (std::size_t filled = 0;;) {
    // One byte more than it should have: its end is then seen without another round.
    if (filled == content.size()) {
      const auto whole = static_cast<std::size_t>(status.st_size) + 1;
      content.resize(filled < whole ? whole : filled + std::max(filled, kLeastRoom));
    }
    const ssize_t got = ::read(input.number(), content.data() + filled, content.size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return std::nullopt;
    filled += static_cast<std::size_t>(got);
    if (got == 0) {
      content.resize(filled);
      return content;
    }
  }
}

int writeAll(int descriptor, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

int replaceFile(const std::filesystem::path& file, std::string_view text) {
  const std::filesystem::path partial =
      file.parent_path() / fmt::format(".{}.partial", file.filename().string());
  int error = writeWhole(partial, text);
  if (error == 0 && ::rename(partial.c_str(), file.c_str()) != 0) error = errno;
  if (error != 0) ::unlink(partial.c_str());
  return error;
}

}  // namespace ringside::results
