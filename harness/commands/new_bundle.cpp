#include "harness/commands/new_bundle.hpp"

#include <fmt/format.h>

#include <chrono>
#include <filesystem>

#include "harness/environment.hpp"

namespace ringside::harness {

results::Bundle makeBundle(const std::optional<std::string>& asked, const std::string& suite) {
  if (asked) return results::Bundle::create(*asked);
  const std::string name =
      results::Bundle::defaultName(suite, std::chrono::system_clock::now(), hostName());
  std::filesystem::path folder = std::filesystem::path("out") / name;
  for (int run = 2; std::filesystem::exists(folder); ++run) {  // another one in this second
    folder = std::filesystem::path("out") / fmt::format("{}-{}", name, run);
  }
  return results::Bundle::create(folder);
}

}  // namespace ringside::harness
