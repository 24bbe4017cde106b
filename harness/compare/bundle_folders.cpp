#include "harness/compare/bundle_folders.hpp"

#include <fmt/format.h>

#include <map>
#include <system_error>
#include <utility>

#include "harness/replay/kept_record.hpp"
#include "harness/usage_error.hpp"

namespace ringside::harness {
namespace {

namespace fs = std::filesystem;

/// Each once, whatever they are called by.
void refuseTwins(std::span<const fs::path> folders) {
  std::map<fs::path, fs::path> seen;
  for (const fs::path& folder : folders) {
    std::error_code failure;
    fs::path real = fs::canonical(folder, failure);
    if (failure) real = folder;
    const auto [twin, is_new] = seen.try_emplace(std::move(real), folder);
    if (is_new) continue;
    throw UsageError(fmt::format(
        "{} and {} are the same bundle; name each once, as a bundle says nothing beside itself",
        twin->second.string(), folder.string()));
  }
}

void refuseWhatIsNoBundle(const fs::path& folder) {
  std::error_code failure;
  if (!fs::is_directory(folder, failure)) {
    const bool is_hidden = failure == std::errc::permission_denied;
    throw UsageError(fmt::format(
        "{}: {}; name the folder of a run, such as out/quick-…", folder.string(),
        is_hidden ? "it cannot be looked at: permission denied" : "there is no such folder"));
  }
  if (isBundleOfGate(folder)) {
    throw UsageError(fmt::format(
        "{}: this is the bundle of a gate, which has compared both sides already: gate.md in it "
        "says how they came out; name the folders of runs, such as out/quick-…",
        folder.string()));
  }
  if (fs::exists(folder / "records.jsonl", failure)) return;
  throw UsageError(fmt::format(
      "{}: this is no bundle, for no records.jsonl is to be seen in it; name the folder that "
      "`ringside run` wrote, such as out/quick-…",
      folder.string()));
}

}  // namespace

void refuseWhatAreNoBundles(std::span<const fs::path> folders) {
  refuseTwins(folders);
  for (const fs::path& folder : folders) refuseWhatIsNoBundle(folder);
}

}  // namespace ringside::harness
