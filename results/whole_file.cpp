#include "results/whole_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <stdio.h>
#include <unistd.h>

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

}  // namespace

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
