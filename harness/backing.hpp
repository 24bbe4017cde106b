// What the memory of a queue is made of: the axis `memory`. Which of it is opened by name, and
// which only by those who inherit it from the process that made it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ringside::harness {

/// PosixShm: a name in /dev/shm. File: a path in fileFolder(). Memfd: a descriptor, which workers
/// inherit; each maps it for itself. Anon and Sysv (without a key): a mapping that workers inherit,
/// and that leaves nothing behind, whoever dies.
enum class Backing : std::uint8_t { PosixShm, Anon, Memfd, File, Sysv };

/// "posix_shm", "anon", "memfd", "file", "sysv", and back.
std::string_view toString(Backing backing);
std::optional<Backing> parseBacking(std::string_view name);

/// Whether the memory must be made by the parent of all workers, who keeps it.
constexpr bool isInherited(Backing backing) {
  return backing == Backing::Anon || backing == Backing::Memfd || backing == Backing::Sysv;
}

/// Where files are made that are to lie on a disk: $TMPDIR, or else /var/tmp.
std::string fileFolder();

}  // namespace ringside::harness
