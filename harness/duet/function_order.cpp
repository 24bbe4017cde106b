#include "harness/duet/function_order.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <sstream>
#include <utility>

#include "harness/fnv1a.hpp"

namespace ringside::harness {
namespace {

constexpr std::uint64_t kGapStep = 16;  ///< compilers align functions to it
constexpr std::uint64_t kGapSteps = 256;
constexpr std::uint64_t kSectionsPerGap = 8;

/// A number for a text, the same on every machine: FNV-1a, and the finaliser of SplitMix64 (G. L.
/// Steele, D. Lea, C. H. Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014).
std::uint64_t numberFor(std::string_view text) {
  std::uint64_t mixed = std::stoull(fnv1a(text), nullptr, 16);
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9ULL;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebULL;
  return mixed ^ (mixed >> 31);
}

/// Mostly 0.
std::uint64_t gapBefore(const std::string& section, std::uint32_t link) {
  const std::uint64_t number = numberFor(fmt::format("gap {} {}", link, section));
  if (number % kSectionsPerGap != 0) return 0;
  return number / kSectionsPerGap % kGapSteps * kGapStep;
}

}  // namespace

std::vector<std::string> codeSections(std::string_view map) {
  // What the link left out stands before; it is named as well.
  const std::size_t begin = map.find("Linker script and memory map");
  std::istringstream lines(std::string(begin == std::string_view::npos ? "" : map.substr(begin)));
  std::set<std::string> sections;
  for (std::string line; std::getline(lines, line);) {
    if (!line.starts_with(" .text.")) continue;
    std::string name;
    std::istringstream(line) >> name;
    sections.insert(std::move(name));
  }
  return {sections.begin(), sections.end()};
}

std::string orderScript(const std::vector<std::string>& sections, std::uint32_t link) {
  std::vector<std::pair<std::uint64_t, std::string>> order;
  for (const std::string& section : sections) {
    order.emplace_back(numberFor(fmt::format("order {} {}", link, section)), section);
  }
  std::sort(order.begin(), order.end());
  std::string script = "SECTIONS\n{\n  .text.ordered :\n  {\n";
  for (const auto& [number, section] : order) {
    const std::uint64_t gap = gapBefore(section, link);
    if (gap != 0) script += fmt::format("    . += {};\n", gap);
    script += fmt::format("    *({})\n", section);
  }
  return script + "  }\n}\nINSERT AFTER .text;\n";
}

std::string layoutIn(std::string_view symbols) {
  std::istringstream lines{std::string(symbols)};
  std::string functions;
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string address;
    char kind = 0;
    words >> address >> kind;
    if (words && std::string_view("tTwWi").find(kind) != std::string_view::npos) {
      functions += line + "\n";
    }
  }
  return functions.empty() ? "" : fnv1a(functions);
}

}  // namespace ringside::harness
