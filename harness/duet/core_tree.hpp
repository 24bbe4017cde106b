// A core by its content, as git has it: of a commit, or as it stands in the source tree. Nothing is
// registered in the repository, and none of its files is touched: not its index, not its objects.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace ringside::harness {

struct CoreTree {
  std::string hash;  ///< git's, of the folder core: equal where all its files are
  std::filesystem::path git_directory;  ///< that has its objects
  /// Of a commit: all its digits, a few of them, when it was made, and its first line. Else empty.
  std::string commit = {};
  std::string short_commit = {};
  std::string date = {};
  std::string subject = {};
};

/// The top folder of the git repository that `folder` is in; nullopt where there is none.
std::optional<std::filesystem::path> repositoryAround(const std::filesystem::path& folder);

/// The core of what `named` means in the repository at `top`; nullopt when it means no commit. The
/// hash is empty when that commit has no folder core.
std::optional<CoreTree> coreOfRevision(const std::filesystem::path& top, const std::string& named);

/// The core as it stands below `top`, without what its .gitignore leaves out. `scratch` is a folder
/// where git keeps what it needs for that. Of a commit when that of the repository is the same.
CoreTree coreOfFolder(const std::filesystem::path& top, const std::filesystem::path& scratch);

/// Writes all its files below `folder`, which is made.
void unpack(const CoreTree& tree, const std::filesystem::path& folder);

/// Whether the repository was cloned without its older commits.
bool isShallow(const std::filesystem::path& top);

}  // namespace ringside::harness
