#include "harness/duet/arm_files.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <stdexcept>
#include <system_error>

#include "results/whole_file.hpp"

// Kernels from 6.3 on may want to be told that a file in memory is to be executed.
#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

namespace ringside::harness {
namespace {

std::string readWhole(const std::filesystem::path& file) {
  std::optional<std::string> content = results::readFile(file);
  if (!content || content->empty()) {
    throw std::runtime_error(file.string() + " cannot be read; was it built anew meanwhile?");
  }
  return std::move(*content);
}

int openMemory(const std::string& name) {
  const int executable = ::memfd_create(name.c_str(), MFD_CLOEXEC | MFD_EXEC);
  if (executable >= 0 || errno != EINVAL) return executable;
  return ::memfd_create(name.c_str(), MFD_CLOEXEC);
}

}  // namespace

results::Descriptor memoryFile(std::string_view name, std::string_view content) {
  results::Descriptor file(openMemory(std::string(name)));
  const int failure = file.number() < 0 ? errno : results::writeAll(file.number(), content);
  if (failure == 0) return file;
  throw std::system_error(failure, std::system_category(), "no memory for the files of a block");
}

std::string contentOf(const results::Descriptor& file) {
  std::string content(
      static_cast<std::size_t>(std::max<::off_t>(::lseek(file.number(), 0, SEEK_END), 0)), '\0');
  std::size_t taken = 0;
  while (taken < content.size()) {
    const ::ssize_t some = ::pread(file.number(), content.data() + taken, content.size() - taken,
                                   static_cast<::off_t>(taken));
    if (some <= 0) break;
    taken += static_cast<std::size_t>(some);
  }
  content.resize(taken);
  return content;
}

ArmFiles::ArmFiles(const Arm& arm) : program_(readWhole(arm.program)) {
  for (const std::filesystem::path& plugin : arm.plugins) plugins_.push_back(readWhole(plugin));
}

results::Descriptor ArmFiles::freshPlugin(std::uint32_t link) const {
  if (plugins_.empty()) return results::Descriptor(-1);
  return memoryFile("ringside-plugin", plugins_[link % plugins_.size()]);
}

}  // namespace ringside::harness
