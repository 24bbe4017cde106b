// Taking away what Ringside has left in shared memory and no living process uses: segments of the
// core, and whatever a run of this program made that died with its janitor. Touches nothing else.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "harness/text_table.hpp"

namespace ringside::harness {

enum class Cleaned : std::uint8_t {
  Removed,
  WouldBeRemoved,  ///< if it were no dry run
  InUse,           ///< a living process uses it, or may
  Refused,         ///< nobody uses it, but it could not be removed
};

struct CleanedName {
  std::string name;  ///< in /dev/shm, or a path
  std::string kind;  ///< "ring", "object" … ; what a run left: "pipe", "file", "link"
  std::uint64_t bytes = 0;
  double age_s = 0;            ///< since it was made, or written to other than through memory
  std::vector<::pid_t> users;  ///< living processes that are attached, or have it open or mapped
  Cleaned done = Cleaned::InUse;
  std::string reason;  ///< why it was not removed; may be empty where there are users
};

/// In a dry run nothing is removed.
enum class CleanMode : std::uint8_t { Remove, DryRun };

/// Looks at every name that begins with `prefix` and belongs to Ringside; see listSegments() and
/// parseRunName(). A segment goes when none of its locks is held (which holds against who opens it
/// meanwhile), nobody has its file open or mapped, and no living run has made it; another kind of
/// file when the run that made it is gone and nobody has it open or mapped.
std::vector<CleanedName> cleanSharedMemory(const std::string& prefix, CleanMode mode);

/// One row a name. Ends with a line end. A table has at most `columns`, but for names; 0: as many
/// as it takes.
std::string renderCleaned(const std::vector<CleanedName>& names, Format format,
                          std::size_t columns = 0);

}  // namespace ringside::harness
