#include "harness/backing.hpp"

#include <cstdlib>
#include <utility>

namespace ringside::harness {
namespace {

constexpr std::pair<Backing, std::string_view> kNames[] = {
    {Backing::PosixShm, "posix_shm"}, {Backing::Anon, "anon"}, {Backing::Memfd, "memfd"},
    {Backing::File, "file"},          {Backing::Sysv, "sysv"},
};

}  // namespace

std::string_view toString(Backing backing) {
  for (const auto& [known, name] : kNames) {
    if (known == backing) return name;
  }
  return "";
}

std::optional<Backing> parseBacking(std::string_view name) {
  for (const auto& [backing, known] : kNames) {
    if (known == name) return backing;
  }
  return std::nullopt;
}

std::string fileFolder() {
  const char* folder = std::getenv("TMPDIR");
  return folder != nullptr && *folder == '/' ? folder : "/var/tmp";
}

}  // namespace ringside::harness
