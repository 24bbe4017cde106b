// Which living processes have a file open or mapped, by what /proc shows of them.
#pragma once

#include <sys/types.h>

#include <map>
#include <set>
#include <utility>
#include <vector>

namespace ringside::harness {

/// Device and inode.
using FileId = std::pair<::dev_t, ::ino_t>;

/// The processes that use each of `files`, in order of their ids, without this one. A file that
/// nobody uses is left out. Processes of other users are seen by root only, and none outside of
/// this PID namespace.
std::map<FileId, std::vector<::pid_t>> usersOf(const std::set<FileId>& files);

}  // namespace ringside::harness
