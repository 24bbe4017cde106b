#include "harness/duet/configured_cells.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "harness/compare/grouping.hpp"
#include "harness/override.hpp"
#include "harness/usage_error.hpp"

namespace ringside::harness {
namespace {

void refuseOverridesOf(const Configuration& side, const std::vector<std::string>& overrides) {
  for (const std::string& text : overrides) {
    const std::string key = trimmed(text.substr(0, text.find('=')));
    if (side.valueOf(key).empty()) continue;
    throw UsageError(
        fmt::format("-a {}: {} is what --a and --b set apart; leave it out of -a", text, key));
  }
}

/// The name without what it says of the keys.
std::string nameWithout(const Configuration& side, const Cell& cell) {
  results::Record record;
  record.cell = cell.name;
  record.axes = cell.axes;
  for (const ConfiguredValue& one : side.axes()) record.cell = Grouping(one.key, {}).cellOf(record);
  return record.cell;
}

/// Why it cannot run here; empty where it can.
std::string whyNot(const Cell& cell) {
  if (cell.skip_reason) return *cell.skip_reason;
  return cell.fail_reason.value_or("");
}

/// A suite's combinations have the same numbers on both sides, for each side has one value of each
/// key.
const Cell* findCombination(const Plan& plan, std::size_t combination) {
  const auto found = std::find_if(plan.cells.begin(), plan.cells.end(), [&](const Cell& cell) {
    return cell.combination == combination;
  });
  return found == plan.cells.end() ? nullptr : &*found;
}

class Pairing {
 public:
  Pairing(ConfiguredCells& cells, const BothConfigurations& configurations)
      : cells_(cells), configurations_(configurations) {}

  void pair() {
    cells_.plan = cells_.sides[0].plan;
    for (Cell& cell : cells_.plan.cells) {
      const Cell first = cell;
      cell.name = nameWithout(configurations_[0], first);
      const Cell* const second = findCombination(cells_.sides[1].plan, first.combination);
      take(cell, first, second);
    }
    for (const Cell& second : cells_.sides[1].plan.cells) {
      if (findCombination(cells_.sides[0].plan, second.combination) != nullptr) continue;
      Cell cell = second;
      cell.name = nameWithout(configurations_[1], second);
      cell.skip_reason = configurations_[0].label() + " has no such cell";
      cells_.plan.cells.push_back(std::move(cell));
    }
  }

 private:
  void take(Cell& cell, const Cell& first, const Cell* second) {
    cell.fail_reason.reset();
    cell.skip_reason.reset();
    if (second == nullptr) {
      cell.skip_reason = configurations_[1].label() + " has no such cell";
      return;
    }
    skipFor(cell, first, 0);
    skipFor(cell, *second, 1);
  }

  void skipFor(Cell& cell, const Cell& own, std::size_t side) {
    cells_.sides[side].names[cell.name] = own.name;
    const std::string why = whyNot(own);
    if (why.empty() || cell.skip_reason) return;
    cell.skip_reason = fmt::format("{}: {}", configurations_[side].label(), why);
  }

  ConfiguredCells& cells_;
  const BothConfigurations& configurations_;
};

}  // namespace

ConfiguredCells configuredCells(const std::filesystem::path& file,
                                const std::vector<std::string>& overrides,
                                const BothConfigurations& configurations, const Topology& topology,
                                const MemoryLimits& limits) {
  refuseOverridesOf(configurations[0], overrides);
  ConfiguredCells cells;
  for (std::size_t side = 0; side < 2; ++side) {
    std::vector<std::string> all = overrides;
    for (const std::string& text : configurations[side].overrides()) all.push_back(text);
    cells.sides[side].suite = readSuite(file, all);
    cells.sides[side].plan = makePlan(cells.sides[side].suite, topology, limits);
  }
  Pairing(cells, configurations).pair();
  return cells;
}

}  // namespace ringside::harness
