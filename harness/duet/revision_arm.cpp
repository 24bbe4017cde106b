#include "harness/duet/revision_arm.hpp"

#include <fmt/format.h>

#include <optional>

#include "harness/duet/arm_build.hpp"
#include "harness/duet/core_tree.hpp"
#include "harness/shared_files.hpp"
#include "harness/usage_error.hpp"

namespace ringside::harness {
namespace {

namespace fs = std::filesystem;

constexpr const char* kAdapter = "harness/queues/core_rings.cpp";

/// The sources that this program was built from, or might have been: whether they are is seen when
/// an arm is built.
fs::path ownSources(const std::string& asked) {
  std::error_code failure;
  if (fs::exists(fs::path(RINGSIDE_SOURCE_FOLDER) / kAdapter, failure)) {
    return RINGSIDE_SOURCE_FOLDER;
  }
  if (const auto adapter = findSharedFile(kAdapter)) {
    return adapter->parent_path().parent_path().parent_path();
  }
  if (fs::exists(kAdapter, failure)) return fs::current_path();
  throw UsageError(fmt::format(
      "{}: a revision is built with the sources of this program's harness, which are "
      "not here; run it in a checkout of them, or name a plug-in or a build of Ringside",
      asked));
}

/// Whose revisions are meant, and whose tree: that of the current folder, if it has a core, or else
/// that of this program.
fs::path project(const fs::path& sources) {
  const auto here = repositoryAround(fs::current_path());
  std::error_code failure;
  return here && fs::exists(*here / "core/CMakeLists.txt", failure) ? *here : sources;
}

fs::path cacheOf(const ArmTerms& terms, const fs::path& sources) {
  return terms.cache.empty() ? sources / "build/arms" : fs::absolute(terms.cache);
}

[[noreturn]] void refuseUnknown(const std::string& asked, const std::string& named,
                                const fs::path& top) {
  std::error_code failure;
  const bool is_folder = fs::is_directory(named, failure);
  const std::string place =
      is_folder ? "that folder has no program `ringside` in it" : "there is no such file or folder";
  const bool is_repository = repositoryAround(top).has_value();
  std::string revision = is_repository
                             ? fmt::format("no such revision in the repository {}", top.string())
                             : fmt::format("{} is no git repository", top.string());
  if (is_repository && isShallow(top)) {
    revision += ", whose older ones were not cloned (git fetch --unshallow gets them)";
  }
  throw UsageError(fmt::format(
      "{}: {}, and {}; name a plug-in (FILE.so), a build of Ringside (build/release), a "
      "git revision, {} for the core as it stands, or {} for this program",
      asked, place, revision, kWorkTree, kThisProgram));
}

Arm armOf(const CoreTree& core, const ArmBuildTerms& build_terms, const fs::path& program) {
  const ArmBuild build = buildArm(core, build_terms);
  Arm arm;
  arm.kind = Arm::Kind::Revision;
  arm.program = program;
  arm.plugins = build.links;
  arm.identity = build.identity;
  if (!core.commit.empty()) {
    arm.facts = {{"commit", core.commit}, {"date", core.date}, {"subject", core.subject}};
  }
  arm.facts["core_tree"] = core.hash;
  arm.facts.update(build.facts);
  return arm;
}

ArmBuildTerms buildTerms(const std::string& asked, const ArmTerms& terms, const fs::path& sources) {
  return {.asked = asked,
          .sources = sources,
          .cache = cacheOf(terms, sources),
          .links = terms.links,
          .progress = terms.progress};
}

}  // namespace

Arm revisionArm(const std::string& asked, const std::string& named, const ArmTerms& terms,
                const fs::path& program) {
  const fs::path sources = ownSources(asked);
  const fs::path top = project(sources);
  const auto core = coreOfRevision(top, named);
  if (!core) refuseUnknown(asked, named, top);
  if (core->hash.empty()) {
    throw UsageError(fmt::format("{}: commit {} has no folder core: it is none of Ringside's",
                                 asked, core->short_commit));
  }
  Arm arm = armOf(*core, buildTerms(asked, terms, sources), program);
  arm.named = named;
  arm.label = core->commit.starts_with(named) ? core->short_commit
                                              : fmt::format("{} ({})", named, core->short_commit);
  return arm;
}

Arm workTreeArm(const std::string& asked, const ArmTerms& terms, const fs::path& program) {
  const fs::path sources = ownSources(asked);
  const ArmBuildTerms build_terms = buildTerms(asked, terms, sources);
  const CoreTree core = coreOfFolder(project(sources), build_terms.cache);
  Arm arm = armOf(core, build_terms, program);
  arm.named = kWorkTree;
  arm.label = core.commit.empty() ? fmt::format("{} (core {})", kWorkTree, core.hash.substr(0, 7))
                                  : fmt::format("{} ({})", kWorkTree, core.short_commit);
  return arm;
}

}  // namespace ringside::harness
