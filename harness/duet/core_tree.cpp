#include "harness/duet/core_tree.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <stdexcept>
#include <vector>

#include "harness/duet/tool_call.hpp"

namespace ringside::harness {
namespace {

namespace fs = std::filesystem;

constexpr const char* kCore = "core";

/// Whoever owns the repository: the user has named it, and is about to run what is in it.
std::vector<std::string> gitIn(const fs::path& folder, const std::vector<std::string>& words) {
  std::vector<std::string> command = {"git", "-c", "safe.directory=*", "-C", folder.string()};
  command.insert(command.end(), words.begin(), words.end());
  return command;
}

std::string withoutLineEnd(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text;
}

/// What it prints; nullopt when it fails.
std::optional<std::string> ask(const fs::path& folder, const std::vector<std::string>& words) {
  const ToolEnd end = runTool({.command = gitIn(folder, words)});
  if (!end.isFine()) return std::nullopt;
  return withoutLineEnd(end.output);
}

/// Throws std::runtime_error with what git says.
std::string demand(const fs::path& folder, const std::vector<std::string>& words,
                   const std::vector<std::string>& settings) {
  const ToolEnd end = runTool({.command = gitIn(folder, words), .settings = settings});
  if (end.isFine()) return withoutLineEnd(end.output);
  throw std::runtime_error(fmt::format(
      "git {} in {} {}:{}", words[0], folder.string(),
      end.timed_out ? std::string("took too long") : fmt::format("ended with {}", end.exit_code),
      lastLines(end.complaints, 5)));
}

/// An index of its own, so that nobody's is touched; removed in the end.
class OwnIndex {
 public:
  explicit OwnIndex(const fs::path& folder) : file_(folder / fmt::format("index-{}", ::getpid())) {
    remove();
  }
  OwnIndex(const OwnIndex&) = delete;
  OwnIndex& operator=(const OwnIndex&) = delete;
  ~OwnIndex() { remove(); }

  std::vector<std::string> settings(const fs::path& git_directory, const fs::path& files) const {
    return {"GIT_INDEX_FILE=" + file_.string(), "GIT_DIR=" + git_directory.string(),
            "GIT_WORK_TREE=" + files.string()};
  }

 private:
  void remove() const {
    std::error_code ignored;
    fs::remove(file_, ignored);
    fs::remove(file_.string() + ".lock", ignored);
  }

  fs::path file_;
};

}  // namespace

std::optional<fs::path> repositoryAround(const fs::path& folder) {
  const auto top = ask(folder, {"rev-parse", "--show-toplevel"});
  if (!top || top->empty()) return std::nullopt;
  return fs::path(*top);
}

std::optional<CoreTree> coreOfRevision(const fs::path& top, const std::string& named) {
  if (named.starts_with('-')) return std::nullopt;  // an option of git, and no revision
  const auto commit = ask(top, {"rev-parse", "--verify", "--quiet", named + "^{commit}"});
  if (!commit) return std::nullopt;
  CoreTree tree;
  tree.hash = ask(top, {"rev-parse", "--verify", "--quiet", *commit + ":" + kCore}).value_or("");
  tree.git_directory = demand(top, {"rev-parse", "--absolute-git-dir"}, {});
  tree.commit = *commit;
  tree.short_commit = demand(top, {"rev-parse", "--short", *commit}, {});
  tree.date = demand(top, {"log", "-1", "--format=%cI", *commit}, {});
  tree.subject = demand(top, {"log", "-1", "--format=%s", *commit}, {});
  return tree;
}

CoreTree coreOfFolder(const fs::path& top, const fs::path& scratch) {
  const fs::path objects = scratch / "worktree.git";
  fs::create_directories(scratch);
  demand(scratch, {"init", "--quiet", "--bare", objects.string()}, {});
  const OwnIndex index(scratch);
  const auto settings = index.settings(objects, top);
  demand(top, {"add", "--all", "--", kCore}, settings);
  const std::string all = demand(top, {"write-tree"}, settings);
  CoreTree tree;
  tree.hash = demand(top, {"rev-parse", all + ":" + kCore}, settings);
  tree.git_directory = objects;
  if (!repositoryAround(top)) return tree;
  const auto committed = coreOfRevision(top, "HEAD");
  return committed && committed->hash == tree.hash ? *committed : tree;
}

void unpack(const CoreTree& tree, const fs::path& folder) {
  const fs::path files = folder / kCore;
  fs::create_directories(files);
  const OwnIndex index(folder);
  const auto settings = index.settings(tree.git_directory, files);
  demand(files, {"read-tree", tree.hash}, settings);
  demand(files, {"checkout-index", "--all", "--force"}, settings);
}

bool isShallow(const fs::path& top) {
  return ask(top, {"rev-parse", "--is-shallow-repository"}) == "true";
}

}  // namespace ringside::harness
