#include "harness/commands/gate_ways.hpp"

#include <fmt/format.h>

#include "harness/usage_error.hpp"

namespace ringside::harness {
namespace {

constexpr unsigned in(std::initializer_list<GateWay> ways) {
  unsigned all = 0;
  for (const GateWay way : ways) all |= static_cast<unsigned>(way);
  return all;
}

struct GateOption {
  const char* name;
  unsigned means_nothing;  ///< in these ways
  const char* is_for;
};

using enum GateWay;
constexpr const char* kBothSides = "a gate that measures both sides now";
constexpr const char* kGates = "a gate that measures";

/// What is not listed has a meaning in all of them, or asks for what they do anyway.
constexpr GateOption kOptions[] = {
    {"suite", in({Explain}), kGates},
    {"--baseline", in({Explain}), kGates},
    {"--candidate", in({Explain}), kGates},
    {"--save-baseline", in({Explain}), kGates},
    {"--report-only", in({BothNow, Save, Explain}),
     "a stored baseline, such as --save-baseline NAME keeps"},
    {"--links", in({Explain, NothingLinked}), "git revisions and worktree"},
    {"--out", in({Explain}), kGates},
    {"--axis", in({Explain}), kGates},
    {"--first-blocks", in({Explain}), kGates},
    {"--second-blocks", in({Stored, Save, Explain}), kBothSides},
    {"--budget", in({Stored, Save, Explain}), kBothSides},
    {"--fwer", in({Stored, Save, Explain}), kBothSides},
    {"--until-quiet", in({Stored, Save, Explain}), kBothSides},
    {"--seed", in({Explain}), kGates},
    {"--dry-run", in({Explain}), kGates},
    {"--from", in({BothNow, Stored, Save}), "--explain CELL"},
    {"--format", in({Save, Explain}), "a gate that compares"},
};

}  // namespace

void refuseWhatMeansNothing(const CLI::App& command, GateWay way, const std::string& here) {
  for (const GateOption& option : kOptions) {
    const bool has_meaning = (option.means_nothing & in({way})) == 0;
    if (has_meaning || command.get_option(option.name)->count() == 0) continue;
    throw UsageError(
        fmt::format("{}: it is for {}, and {}; leave it out", option.name, option.is_for, here));
  }
}

}  // namespace ringside::harness
