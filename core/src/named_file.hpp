// A file that is made without a name and gets one when it is complete, and the way from a name to
// its file. On reserved huge pages the file lies in a hugetlbfs mount, and the name is a symbolic
// link to it: the name alone decides who is first, wherever the file is.
#pragma once

#include <sys/types.h>

#include <string>

#include "unique_fd.hpp"

namespace ringside {

class UnnamedFile {
 public:
  /// Makes an empty file in `folder`, of this mode whatever the umask. Throws std::system_error.
  UnnamedFile(const std::string& folder, ::mode_t mode);
  UnnamedFile(const UnnamedFile&) = delete;
  UnnamedFile& operator=(const UnnamedFile&) = delete;
  ~UnnamedFile();

  int descriptor() const { return descriptor_.get(); }
  /// Gives the descriptor away.
  int release() { return descriptor_.release(); }

  /// Gives it its name, by a symbolic link when `path` is in another file system. False when the
  /// name is taken (or the file was taken for an orphan). Throws std::system_error.
  bool publish(const std::string& path);

 private:
  bool open(const std::string& folder);
  bool link(const std::string& path);

  std::string folder_;
  UniqueFd descriptor_;
  /// Set only where the file system can't make a file without a name.
  std::string scratch_path_;
};

/// The folder part of a path: "." where there is none.
std::string folderOf(const std::string& path);

/// The file that a segment's name stands for: itself, or one on huge pages that it links to. Throws
/// PermissionDenied for a link to anything else.
std::string resolveSegment(const std::string& path);

/// Takes a segment's name away, and the file on huge pages behind it. 0 or errno.
int unlinkSegment(const std::string& path);

/// Says to sweepOrphans() that this process uses the file, until the descriptor is closed.
void announcePresence(int descriptor);

/// Removes files on huge pages that were made for `path` by a process that died before it could
/// name them.
void sweepOrphans(const std::string& path);

}  // namespace ringside
