#include "harness/shared_files.hpp"

#include <map>

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

fs::path findScenario(const std::string& named, const char* folder) {
  std::error_code ignored;
  if (fs::is_regular_file(named, ignored) || named.find('/') != std::string::npos) return named;
  const fs::path file = fs::path(folder) / (named + ".toml");
  if (fs::exists(file, ignored)) return file;
  return findSharedFile(file).value_or(named);
}

std::vector<fs::path> allScenarios(const char* folder) {
  std::map<std::string, fs::path> by_name;
  for (const fs::path& place : {fs::path(folder), findSharedFile(folder).value_or("")}) {
    std::error_code failure;
    for (const auto& entry : fs::directory_iterator(place, failure)) {
      const fs::path& file = entry.path();
      if (file.extension() == ".toml") by_name.try_emplace(file.stem().string(), file);
    }
  }
  std::vector<fs::path> files;
  for (const auto& [name, file] : by_name) files.push_back(file);
  return files;
}

}  // namespace ringside::harness
