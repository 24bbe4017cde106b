#include "harness/topology_text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "harness/console.hpp"
#include "harness/format_numbers.hpp"

namespace ringside::harness {
namespace {

using nlohmann::ordered_json;

/// One level of a machine, and where a CPU says what it belongs to.
struct Level {
  const char* noun;
  int CpuPlace::*index;
  std::uint64_t CpuPlace::*bytes;  ///< nullptr: it has no size
};

constexpr Level kLevels[] = {
    {"package", &CpuPlace::package, nullptr},
    {"NUMA node", &CpuPlace::node, &CpuPlace::node_bytes},
    {"L3", &CpuPlace::l3, &CpuPlace::l3_bytes},
    {"L2", &CpuPlace::l2, &CpuPlace::l2_bytes},
    {"core", &CpuPlace::core, &CpuPlace::l1d_bytes},
};

constexpr std::size_t kMostLevelsOnALine = 3;

/// Levels whose members come one to one: drawn on one line.
using Tier = std::vector<Level>;

std::size_t membersOf(const std::vector<CpuPlace>& cpus, const Level& level) {
  std::set<int> seen;
  for (const CpuPlace& cpu : cpus) seen.insert(cpu.*level.index);
  return seen.size();
}

/// From the outside to the inside, by how many there are: on some machines a NUMA node holds
/// packages, or a third-level cache holds nodes.
std::vector<Tier> tiersOf(const std::vector<CpuPlace>& cpus) {
  std::map<std::size_t, Tier> by_count;
  for (const Level& level : kLevels) {
    const bool everywhere = std::all_of(cpus.begin(), cpus.end(),
                                        [&](const CpuPlace& cpu) { return cpu.*level.index >= 0; });
    if (everywhere) by_count[membersOf(cpus, level)].push_back(level);
  }
  std::vector<Tier> tiers;
  for (const auto& [count, tier] : by_count) {
    for (std::size_t i = 0; i < tier.size(); ++i) {
      if (i % kMostLevelsOnALine == 0) tiers.emplace_back();
      tiers.back().push_back(tier[i]);
    }
  }
  return tiers;
}

/// "core" has the size of its first-level cache.
std::string sizeText(const Level& level, const CpuPlace& cpu) {
  if (level.bytes == nullptr || cpu.*level.bytes == 0) return "";
  const std::string size = formatBytes(static_cast<double>(cpu.*level.bytes));
  return level.index == &CpuPlace::core ? " (L1d " + size + ")" : " (" + size + ")";
}

/// "package 0, NUMA node 0 (23.5 GiB)".
std::string titleOf(const Tier& tier, const CpuPlace& cpu) {
  std::string title;
  for (const Level& level : tier) {
    title += fmt::format("{}{} {}{}", title.empty() ? "" : ", ", level.noun, cpu.*level.index,
                         sizeText(level, cpu));
  }
  return title;
}

/// "8 L2 (1.00 MiB), 8 cores, 16 CPUs": the levels that are not drawn.
std::string countsOf(const std::vector<Tier>& tiers, std::size_t from,
                     const std::vector<CpuPlace>& cpus) {
  std::string text;
  for (std::size_t i = from; i < tiers.size(); ++i) {
    for (const Level& level : tiers[i]) {
      const std::size_t count = membersOf(cpus, level);
      const bool plural = count != 1 && level.noun[0] != 'L';
      text += fmt::format("{} {}{}{}, ", count, level.noun, plural ? "s" : "",
                          level.bytes == nullptr ? "" : sizeText(level, cpus.front()));
    }
  }
  return text + counted(cpus.size(), "CPU");
}

std::vector<int> numbersOf(const std::vector<CpuPlace>& cpus) {
  std::vector<int> numbers;
  for (const CpuPlace& cpu : cpus) numbers.push_back(cpu.cpu);
  return numbers;
}

/// The members of a tier among these CPUs, in the order of their numbers.
std::vector<std::vector<CpuPlace>> split(const Tier& tier, const std::vector<CpuPlace>& cpus) {
  std::map<int, std::vector<CpuPlace>> members;
  for (const CpuPlace& cpu : cpus) members[cpu.*tier.front().index].push_back(cpu);
  std::vector<std::vector<CpuPlace>> list;
  for (auto& [index, member] : members) list.push_back(std::move(member));
  return list;
}

class Drawing {
 public:
  Drawing(const Topology& topology, const DrawingLimits& limits)
      : tiers_(tiersOf(topology.cpus())), limits_(limits) {
    std::size_t lines = 0;
    for (const Tier& tier : tiers_) {
      lines += membersOf(topology.cpus(), tier.front());
      if (depth_ > 0 && lines + 1 > limits.lines) break;  // one for what is not drawn
      ++depth_;
    }
    draw(0, topology.cpus(), "");
  }

  std::string text() const {
    std::size_t widest = 0;
    for (const Line& line : lines_) widest = std::max(widest, line.width);
    const std::size_t column = std::min(widest, limits_.columns / 2 + limits_.columns / 8) + 2;
    std::string text;
    for (const Line& line : lines_) {
      const std::size_t begin = std::max(line.width + 2, column);
      const std::size_t room = limits_.columns > begin + 12 ? limits_.columns - begin : 12;
      text +=
          line.title + std::string(begin - line.width, ' ') + shortCpuList(line.cpus, room) + "\n";
    }
    for (const std::string& counts : not_drawn_) {
      text += fmt::format("in {} {}: {}\n", not_drawn_.size() == 1 ? "each" : "some",
                          tiers_[depth_ - 1].back().noun, counts);
    }
    return text;
  }

 private:
  struct Line {
    std::string title;
    std::size_t width;  ///< of the title, in characters
    std::vector<int> cpus;
  };

  void draw(std::size_t tier, const std::vector<CpuPlace>& cpus, const std::string& indent) {
    if (tier == depth_) return;
    const auto members = split(tiers_[tier], cpus);
    for (std::size_t i = 0; i < members.size(); ++i) {
      const bool last = i + 1 == members.size();
      const bool outermost = tier == 0;
      std::string title = outermost ? "" : indent + (last ? "└─ " : "├─ ");
      title += titleOf(tiers_[tier], members[i].front());
      if (tier + 1 == depth_ && depth_ < tiers_.size()) {
        not_drawn_.insert(countsOf(tiers_, depth_, members[i]));
      }
      lines_.push_back({title, charactersIn(title), numbersOf(members[i])});
      draw(tier + 1, members[i], outermost ? "" : indent + (last ? "   " : "│  "));
    }
  }
  static std::size_t charactersIn(const std::string& text) {
    return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
      return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
    }));
  }

  std::vector<Tier> tiers_;
  DrawingLimits limits_;
  std::size_t depth_ = 0;  ///< tiers that are drawn
  std::vector<Line> lines_;
  std::set<std::string> not_drawn_;  ///< what the innermost lines hold, each kind once
};

std::optional<int> evenStepOf(const std::vector<int>& cpus) {
  if (cpus.size() < 4) return std::nullopt;
  const int step = cpus[1] - cpus[0];
  for (std::size_t i = 1; i < cpus.size(); ++i) {
    if (cpus[i] - cpus[i - 1] != step) return std::nullopt;
  }
  return step;
}

ordered_json orNull(int index) { return index < 0 ? ordered_json(nullptr) : ordered_json(index); }

ordered_json toJson(const CpuPlace& cpu) {
  return {{"cpu", cpu.cpu},
          {"core", orNull(cpu.core)},
          {"l2", orNull(cpu.l2)},
          {"l3", orNull(cpu.l3)},
          {"node", orNull(cpu.node)},
          {"package", orNull(cpu.package)},
          {"l1d_bytes", cpu.l1d_bytes},
          {"l2_bytes", cpu.l2_bytes},
          {"l3_bytes", cpu.l3_bytes},
          {"node_bytes", cpu.node_bytes}};
}

ordered_json toJson(const Topology& topology) {
  ordered_json json = {{"summary", topology.summary()},
                       {"forbidden_cpus", topology.forbiddenCpus()}};
  json["cpus"] = placesToJson(topology);
  for (const Relation relation : kPlaceableRelations) {
    const std::optional<CpuPair> pair = topology.representative(relation);
    json["placements"][std::string(toString(relation))] =
        pair ? ordered_json{pair->first, pair->second} : ordered_json(nullptr);
  }
  return json;
}

std::string levelText(int index) { return index < 0 ? "-" : std::to_string(index); }

std::string renderMarkdown(const Topology& topology) {
  TextTable cpus({"cpu", "core", "L2", "L3", "node", "package"}, 0);
  for (const CpuPlace& cpu : topology.cpus()) {
    cpus.add({levelText(cpu.cpu), levelText(cpu.core), levelText(cpu.l2), levelText(cpu.l3),
              levelText(cpu.node), levelText(cpu.package)});
  }
  TextTable placements({"placement", "represented by"}, 2);
  for (const Relation relation : kPlaceableRelations) {
    placements.add({std::string(toString(relation)), representativeText(topology, relation)});
  }
  return topology.summary() + "\n\n" + cpus.allMarkdown() + "\n" + placements.allMarkdown();
}

std::string renderText(const Topology& topology) {
  std::string text = topology.summary() + "\n\n" + drawTopology(topology);
  if (!topology.forbiddenCpus().empty()) {
    text +=
        "outside of the mask of this process: " + shortCpuList(topology.forbiddenCpus(), 43) + "\n";
  }
  text += "\nplacement      represented by\n";
  for (const Relation relation : kPlaceableRelations) {
    text += fmt::format("{:<14} {}\n", toString(relation), representativeText(topology, relation));
  }
  return text;
}

}  // namespace

ordered_json placesToJson(const Topology& topology) {
  ordered_json places = ordered_json::array();
  for (const CpuPlace& cpu : topology.cpus()) places.push_back(toJson(cpu));
  return places;
}

std::string drawTopology(const Topology& topology, const DrawingLimits& limits) {
  return Drawing(topology, limits).text();
}

std::string shortCpuList(const std::vector<int>& cpus, std::size_t columns) {
  const std::string noun = cpus.size() == 1 ? "CPU " : "CPUs ";
  const std::string whole = noun + cpuList(cpus);
  if (whole.size() <= columns) return whole;
  if (const std::optional<int> step = evenStepOf(cpus)) {
    return fmt::format("{}{},{},…,{} ({})", noun, cpus[0], cpus[1], cpus.back(), cpus.size());
  }
  const std::string end = fmt::format(",… ({})", cpus.size());
  const std::size_t room = columns > end.size() ? columns - end.size() + 2 : 1;  // … has 3 bytes
  const std::size_t cut = whole.rfind(',', room);
  return (cut == std::string::npos ? noun + std::to_string(cpus[0]) : whole.substr(0, cut)) + end;
}

std::string representativeText(const Topology& topology, Relation relation) {
  const std::optional<CpuPair> pair = topology.representative(relation);
  return pair ? fmt::format("CPUs {} and {}", pair->first, pair->second)
              : "none that this process may use";
}

std::string renderTopology(const Topology& topology, Format format) {
  switch (format) {
    case Format::Json:
      return renderJson(toJson(topology));
    case Format::Csv: {
      std::vector<ordered_json> rows;
      for (const CpuPlace& cpu : topology.cpus()) rows.push_back(toJson(cpu));
      return renderCsv(rows);
    }
    case Format::Markdown:
      return renderMarkdown(topology);
    case Format::Table:
      break;
  }
  return renderText(topology);
}

}  // namespace ringside::harness
