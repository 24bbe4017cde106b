// The names that a run gives to what it makes in /dev/shm, and what they say about it later: which
// process, since when, and in which PID namespace that number is its own.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

namespace ringside::harness {

/// What the names of a run of this process begin with, at this moment: another one each time.
std::string prefixOfNewRun();

struct RunName {
  ::pid_t pid = 0;
  std::uint64_t begun_ns = 0;       ///< on CLOCK_MONOTONIC_RAW
  std::uint64_t pid_namespace = 0;  ///< its inode; 0 when the name does not say
};

/// What a name of a run says; nothing for any other name.
std::optional<RunName> parseRunName(const std::string& name);

/// Why the run may still be going on, in words; empty when its process is gone for certain. The
/// kernel gives a number again: a process that has begun after the name was made is another one.
std::string lifeOf(const RunName& run);

}  // namespace ringside::harness
