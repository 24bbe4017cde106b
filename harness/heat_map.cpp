#include "harness/heat_map.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <unordered_map>

namespace ringside::harness {
namespace {

struct Level {
  const char* noun;
  int CpuPlace::*index;
};

/// From fine to coarse.
constexpr Level kLevels[] = {{"CPU", &CpuPlace::cpu},   {"core", &CpuPlace::core},
                             {"L2", &CpuPlace::l2},     {"L3", &CpuPlace::l3},
                             {"node", &CpuPlace::node}, {"package", &CpuPlace::package}};

/// From fast to slow: backgrounds of the 256 colours, and what says the same without colour.
struct Shade {
  int background;
  int text;
  const char* field;
};
constexpr std::array<Shade, 5> kShades = {
    {{22, 15, "··"}, {64, 15, "░░"}, {178, 16, "▒▒"}, {166, 16, "▓▓"}, {88, 15, "██"}}};
constexpr std::size_t kShadeColumns = 2;
constexpr double kNothing = std::numeric_limits<double>::infinity();

/// The lowest hand-off between any two groups of CPUs; kNothing where there is none.
struct Grid {
  Level level;
  std::vector<int> members;
  std::vector<std::vector<double>> lowest_ns;
  double from_ns = kNothing;
  double to_ns = 0;
};

std::vector<int> membersOf(const Topology& topology, const Level& level) {
  std::vector<int> members;
  for (const CpuPlace& cpu : topology.cpus()) members.push_back(cpu.*level.index);
  std::sort(members.begin(), members.end());
  members.erase(std::unique(members.begin(), members.end()), members.end());
  return members;
}

std::size_t labelColumns(const Level& level) { return std::string(level.noun).size() + 5; }

/// Numbers take four columns, five above 999 ns; shades take two.
bool fits(const Level& level, std::size_t members, std::size_t field, std::size_t columns) {
  return labelColumns(level) + members * field <= columns;
}

/// The level with the most members that fit; where none does, packages.
Level finestThatFits(const Topology& topology, std::size_t columns) {
  Level finest = kLevels[std::size(kLevels) - 1];
  std::size_t most = 0;
  for (const Level& level : kLevels) {
    const std::vector<int> members = membersOf(topology, level);
    if (members.front() < 0 || members.size() <= most) continue;  // -1: there is no such level
    if (!fits(level, members.size(), kShadeColumns, columns)) continue;
    finest = level;
    most = members.size();
  }
  return finest;
}

Grid gridOf(const Topology& topology, const std::vector<Handoff>& handoffs, const Level& level) {
  Grid grid{level, membersOf(topology, level), {}};
  const std::size_t count = grid.members.size();
  grid.lowest_ns.assign(count, std::vector<double>(count, kNothing));
  std::unordered_map<int, std::size_t> row_of;  // of a CPU
  for (const CpuPlace& cpu : topology.cpus()) {
    const auto member =
        std::lower_bound(grid.members.begin(), grid.members.end(), cpu.*level.index);
    row_of[cpu.cpu] = static_cast<std::size_t>(member - grid.members.begin());
  }
  for (const Handoff& handoff : handoffs) {
    const std::size_t a = row_of.at(handoff.cpus.first);
    const std::size_t b = row_of.at(handoff.cpus.second);
    grid.lowest_ns[a][b] = std::min(grid.lowest_ns[a][b], handoff.min_ns);
    grid.lowest_ns[b][a] = grid.lowest_ns[a][b];
    grid.from_ns = std::min(grid.from_ns, handoff.min_ns);
    grid.to_ns = std::max(grid.to_ns, handoff.min_ns);
  }
  return grid;
}

/// On a logarithmic scale: a socket further is several times as slow. All equal: the fastest.
const Shade& shadeOf(const Grid& grid, double ns) {
  if (!(grid.to_ns > grid.from_ns)) return kShades.front();
  const double share = std::log(ns / grid.from_ns) / std::log(grid.to_ns / grid.from_ns);
  const auto step = static_cast<std::size_t>(share * static_cast<double>(kShades.size()));
  return kShades[std::min(step, kShades.size() - 1)];
}

std::string coloured(const Shade& shade, Colour colour, const std::string& text) {
  if (colour == Colour::No) return text;
  return fmt::format("\x1b[48;5;{};38;5;{}m{}\x1b[0m", shade.background, shade.text, text);
}

/// A field of numbers is `width` wide, a shade two.
std::string fieldOf(const Grid& grid, double ns, std::size_t width, Colour colour) {
  if (ns == kNothing) return fmt::format("{:>{}}", "-", width);
  const Shade& shade = shadeOf(grid, ns);
  if (width == kShadeColumns) return coloured(shade, colour, shade.field);
  return coloured(shade, colour, fmt::format("{:>{}.0f}", ns, width));
}

/// Above fields of two columns every fifth number only.
std::string headingOf(const Grid& grid, std::size_t width) {
  std::string line(labelColumns(grid.level), ' ');
  for (std::size_t i = 0; i < grid.members.size(); ++i) {
    const bool narrow = width == kShadeColumns;
    if (narrow && i % 5 != 0) continue;
    const std::size_t begin = labelColumns(grid.level) + i * width;
    line.resize(std::max(line.size(), begin), ' ');
    line +=
        narrow ? std::to_string(grid.members[i]) : fmt::format("{:>{}}", grid.members[i], width);
  }
  return line + "\n";
}

std::string legendOf(const Grid& grid, Colour colour) {
  std::string line;
  for (std::size_t i = 0; i < kShades.size(); ++i) {
    const double share = static_cast<double>(i) / static_cast<double>(kShades.size());
    const double from = grid.from_ns * std::pow(grid.to_ns / grid.from_ns, share);
    line += fmt::format("{}{} from {:.0f} ns", i == 0 ? "" : "   ",
                        coloured(kShades[i], colour, kShades[i].field), from);
  }
  return line + "\n";
}

}  // namespace

std::string drawHeatMap(const Topology& topology, const std::vector<Handoff>& handoffs,
                        Colour colour, std::size_t columns) {
  const Grid grid = gridOf(topology, handoffs, finestThatFits(topology, columns));
  const std::size_t number_columns = grid.to_ns >= 999.5 ? 6 : 5;
  const bool numbers = fits(grid.level, grid.members.size(), number_columns, columns);
  const std::size_t width = numbers ? number_columns : kShadeColumns;
  std::string text = headingOf(grid, width);
  for (std::size_t row = 0; row < grid.members.size(); ++row) {
    const std::string label = fmt::format("{} {}", grid.level.noun, grid.members[row]);
    text += fmt::format("{:<{}}", label, labelColumns(grid.level));
    for (const double ns : grid.lowest_ns[row]) text += fieldOf(grid, ns, width, colour);
    text += "\n";
  }
  if (!numbers) text += legendOf(grid, colour);
  return text;
}

}  // namespace ringside::harness
