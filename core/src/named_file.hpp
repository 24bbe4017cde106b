// A file that is made without a name and gets one when it is complete, and the way from a name to
// its file. On reserved huge pages the file lies in a hugetlbfs mount, and the name is a symbolic
// link to it: the name alone decides who is first, wherever the file is.
#pragma once

#include <sys/types.h>

#include <functional>
#include <string>
#include <string_view>

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

/// The same without a look at what is mounted, for taking it away: a link to anything else is not
/// followed.
std::string fileBehind(const std::string& path);

/// None, with errno, when it can't be opened, or is no plain file: to open a pipe or a device would
/// be noticed. `way` is O_RDONLY or O_RDWR.
UniqueFd openPlainFile(const std::string& path, int way);

/// Takes a segment's name away, and the file on huge pages behind it; there may be none. Throws
/// std::system_error: TimedOut while somebody has been at unlinkUnused() for a second, or what the
/// system says.
void unlinkSegment(const std::string& path);

/// The same, but only when no living process has announced that it uses the file, or holds any of
/// its locks; false when one does. Who opens it meanwhile finds that it has no name any more.
/// `agree` sees the file when nobody can come to it, and throws to keep it. Throws
/// std::system_error: InvalidParam for what is no plain file, or what the system says.
bool unlinkUnused(const std::string& path, const std::function<void(int descriptor)>& agree);

/// True when `path` still is the file behind the descriptor, itself or through a link.
bool isStill(int descriptor, const std::string& path);

/// NAME for "NAME.0123456789abcdef", as a file on huge pages is called, and a scratch file, whose
/// NAME is kScratchName. Empty for any other.
std::string_view madeFor(std::string_view entry);
constexpr std::string_view kScratchName = ".ringside";

/// Says to sweepOrphans() and unlinkUnused() that this process uses the file, until the descriptor
/// is closed and nothing is mapped by it. Throws TimedOut while they have it for a second.
void announcePresence(int descriptor);

/// Removes files on huge pages that were made for `path` by a process that died before it could
/// name them.
void sweepOrphans(const std::string& path);

}  // namespace ringside
