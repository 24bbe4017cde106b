#include "harness/commands/new_bundle.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "harness/environment.hpp"
#include "harness/usage_error.hpp"

namespace ringside::harness {

results::Bundle makeBundle(const std::optional<std::string>& asked, const std::string& suite) {
  return results::Bundle::create(asked ? std::filesystem::path(*asked) : freshFolder(suite));
}

std::filesystem::path freshFolder(const std::string& what) {
  const std::string name =
      results::Bundle::defaultName(what, std::chrono::system_clock::now(), hostName());
  std::filesystem::path folder = std::filesystem::path("out") / name;
  for (int run = 2; std::filesystem::exists(folder); ++run) {  // another one in this second
    folder = std::filesystem::path("out") / fmt::format("{}-{}", name, run);
  }
  return folder;
}

std::map<std::string, std::filesystem::path> tracesOf(const Plan& plan) {
  std::map<std::string, std::filesystem::path> traces;
  for (const Cell& cell : plan.cells) {
    const std::filesystem::path& file = cell.arrivals.trace_file;
    if (file.empty()) continue;
    const std::filesystem::path& same = traces.try_emplace(file.filename(), file).first->second;
    if (same == file) continue;
    throw UsageError(
        fmt::format("arrivals: {} and {} would have one name in the bundle; rename one of them",
                    same.string(), file.string()));
  }
  return traces;
}

std::string withoutSchemaLine(const std::string& text) {
  return text.starts_with("#:schema ") ? text.substr(std::min(text.find('\n') + 1, text.size()))
                                       : text;
}

std::string scenarioText(const Suite& suite, const std::vector<std::string>& overrides) {
  if (overrides.empty()) return withoutSchemaLine(suite.text);
  std::string text;
  for (const std::string& change : overrides) text += "# run with -a " + change + "\n";
  return text + toToml(suite);
}

}  // namespace ringside::harness
