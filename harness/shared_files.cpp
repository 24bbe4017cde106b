#include "harness/shared_files.hpp"

#include <algorithm>

namespace ringside::harness {
namespace {

namespace fs = std::filesystem;

fs::path programFolder() {
  std::error_code failure;
  const fs::path program = fs::read_symlink("/proc/self/exe", failure);
  return failure ? fs::path(".") : program.parent_path();
}

}  // namespace

std::optional<fs::path> findSharedFile(const fs::path& relative) {
  const fs::path program = programFolder();
  std::error_code ignored;
  // Installed: bin/ and share/ are side by side. Built: the program is in build/release.
  for (const fs::path& folder : {program / "../share/ringside", program / "../.."}) {
    if (fs::exists(folder / relative, ignored)) return fs::weakly_canonical(folder / relative);
  }
  return std::nullopt;
}

fs::path findScenario(const std::string& named) {
  std::error_code ignored;
  if (fs::exists(named, ignored) || named.find('/') != std::string::npos) return named;
  const fs::path file = fs::path("scenarios") / (named + ".toml");
  if (fs::exists(file, ignored)) return file;
  return findSharedFile(file).value_or(named);
}

std::vector<fs::path> allScenarios() {
  std::error_code failure;
  fs::path folder = "scenarios";
  if (!fs::is_directory(folder, failure)) folder = findSharedFile("scenarios").value_or(folder);
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder, failure)) {
    if (entry.path().extension() == ".toml") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace ringside::harness
