#include "harness/selftest/selftest_judge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "harness/console.hpp"
#include "harness/duet/arm.hpp"
#include "harness/gate_terms.hpp"
#include "harness/selftest/virtual_gates.hpp"
#include "results/exit_code.hpp"
#include "results/statistics/binomial.hpp"
#include "results/statistics/multiplicity.hpp"

namespace ringside::harness {
namespace {

using results::Tally;

/// What chance explains with a smaller probability than this does not fit.
constexpr double kImplausible = 0.01;
constexpr double kConfidence = 0.05;
constexpr double kFlagP = 0.10;
/// Of a p of 0.9 or more by chance: the test is exact, and its steps with twelve blocks add one.
constexpr double kLargeP = 0.15;
/// What an interval between two bounds of 95 % each holds.
constexpr double kCovers = 0.90;
/// By how much of itself a delay may cost a message more or less than it costs alone: a processor
/// does other things meanwhile.
constexpr double kCostDiffers = 0.2;
/// Of 150 metrics none may be called a regression for its layout (gate.md 4.6).
constexpr double kLayoutSigmas = 3.8;
constexpr std::uint32_t kVirtualGates = 10'000;
constexpr std::uint64_t kVirtualSeed = 1;  ///< the same blocks, the same table

/// Lost messages, or a worker that died: red as well, and no chance explains it.
bool brokeDown(const TriedGate& gate) {
  return gate.exit_code == static_cast<int>(results::ExitCode::Integrity) ||
         gate.exit_code == static_cast<int>(results::ExitCode::WorkerFailed);
}

bool isFalseAlarm(const TriedGate& gate) {
  return gate.exit_code == static_cast<int>(results::ExitCode::Regression);
}

bool gaveVerdict(const TriedGate& gate) {
  return gate.exit_code == 0 || isFalseAlarm(gate) ||
         gate.exit_code == static_cast<int>(results::ExitCode::Inconclusive);
}

/// Of identical arms each gate that is red is one, whatever made it so.
SelftestFinding falseAlarms(const std::vector<TriedGate>& gates) {
  Tally alarms;
  for (const TriedGate& gate : gates) {
    alarms.trials += gaveVerdict(gate) || brokeDown(gate) ? 1 : 0;
    alarms.hits += isFalseAlarm(gate) || brokeDown(gate) ? 1 : 0;
  }
  if (alarms.trials == 0) return {"no gate came to a verdict", false};
  return {fmt::format("false alarms: {} of {} gates; with 95 % at most {:.1f} % (promised: {:.0f} "
                      "%)",
                      alarms.hits, alarms.trials,
                      100 * results::clopperPearsonUpper(alarms, kConfidence),
                      100 * kPromisedFalseAlarms),
          results::binomialAtLeast(alarms, kPromisedFalseAlarms) >= kImplausible};
}

SelftestFinding breakdowns(const std::vector<TriedGate>& gates) {
  const auto found = std::count_if(gates.begin(), gates.end(), &brokeDown);
  return {fmt::format("{} by lost messages or a worker that died",
                      counted(static_cast<std::uint64_t>(found), "alarm")),
          found == 0};
}

/// Thinned to the first gating metric of each cell: those of one cell are no independent trials.
SelftestFinding stageOneShare(const std::vector<TriedGate>& gates) {
  Tally small;
  for (const TriedGate& gate : gates) {
    std::set<std::string> seen;
    for (const TriedMetric& metric : gate.metrics) {
      if (!metric.gates || metric.above + metric.below == 0 || !seen.insert(metric.cell).second) {
        continue;
      }
      ++small.trials;
      small.hits += metric.p_without_margin <= kFlagP ? 1 : 0;
    }
  }
  if (small.trials == 0) return {"no stage one was measured", false};
  return {fmt::format("stage one without a margin: p <= {} in {} of {} cells, {:.1f} % (at most "
                      "{:.0f} % by chance)",
                      kFlagP, small.hits, small.trials,
                      100.0 * static_cast<double>(small.hits) / static_cast<double>(small.trials),
                      100 * kFlagP),
          results::binomialAtLeast(small, kFlagP) >= kImplausible};
}

/// Whether one arm of the same code is always a little worse: by where it lies, or by the order.
SelftestFinding signBalance(const std::vector<TriedGate>& gates) {
  std::map<std::string, std::pair<std::uint64_t, std::uint64_t>> signs;
  for (const TriedGate& gate : gates) {
    for (const TriedMetric& metric : gate.metrics) {
      if (!metric.gates) continue;
      auto& [above, below] = signs[metric.cell + " " + metric.metric];
      above += metric.above;
      below += metric.below;
    }
  }
  std::vector<double> p_values;
  std::vector<std::string> names;
  for (const auto& [name, counts] : signs) {
    names.push_back(name);
    p_values.push_back(results::signTestP(counts.first, counts.second));
  }
  const auto rejected = results::benjaminiHochberg(p_values, kImplausible).rejected;
  std::string leaning;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!rejected[i]) continue;
    const auto& counts = signs[names[i]];
    leaning += fmt::format("; {} is {} up and {} down", names[i], counts.first, counts.second);
  }
  const double least = p_values.empty() ? 1 : *std::min_element(p_values.begin(), p_values.end());
  return {fmt::format("sign balance of {}: {} lean to one side, least p {:.2g}{}",
                      counted(names.size(), "metric"),
                      std::count(rejected.begin(), rejected.end(), true), least, leaning),
          leaning.empty()};
}

SelftestFinding passShare(const std::vector<TriedGate>& gates) {
  std::uint64_t all = 0;
  std::map<std::string, std::uint64_t> by_verdict;
  std::uint64_t cannot = 0;
  for (const TriedGate& gate : gates) {
    for (const TriedMetric& metric : gate.metrics) {
      if (!metric.gates) continue;
      ++all;
      ++by_verdict[metric.verdict];
      cannot += metric.tested ? 0 : 1;
    }
  }
  const auto share = [&](std::uint64_t count) {
    return all == 0 ? 0 : 100.0 * static_cast<double>(count) / static_cast<double>(all);
  };
  const double passed = share(by_verdict["pass"]);
  return {fmt::format("verdicts of {}: {:.1f} % pass (promised: {:.0f} %), {:.1f} % improved, "
                      "{:.1f} % inconclusive ({:.1f} % too noisy to be gated), {:.2f} % regressed",
                      counted(all, "metric"), passed, 100 * kPromisedPasses,
                      share(by_verdict["improved"]), share(by_verdict["inconclusive"]),
                      share(cannot), share(by_verdict["regressed"])),
          passed >= 100 * kPromisedPasses};
}

SelftestFinding virtualGates(const std::vector<TriedGate>& gates) {
  const Tally with = playVirtualGates(gates, kVirtualGates, true, kVirtualSeed);
  const Tally without = playVirtualGates(gates, kVirtualGates, false, kVirtualSeed);
  const auto percent = [](const Tally& tally) {
    return 100 * static_cast<double>(tally.hits) / static_cast<double>(tally.trials);
  };
  return {fmt::format("virtual gates of the blocks kept, with signs by chance: {:.2f} % of {} red "
                      "with the margins, {:.2f} % without any (promised: {:.0f} %)",
                      percent(with), with.trials, percent(without), 100 * kPromisedFalseAlarms),
          results::binomialAtLeast(with, kPromisedFalseAlarms) >= kImplausible &&
              results::binomialAtLeast(without, kPromisedFalseAlarms) >= kImplausible};
}

bool hasBlocks(const TriedGate& gate) {
  return std::any_of(gate.metrics.begin(), gate.metrics.end(),
                     [](const TriedMetric& metric) { return !metric.effects.empty(); });
}

/// How often intervals hold what was put in.
struct Coverage {
  Tally exactly;
  Tally nearly;  ///< within kCostDiffers of it

  void add(const TriedMetric& metric, double effect) {
    const double least = effect * (1 - kCostDiffers);
    const double most = effect * (1 + kCostDiffers);
    ++exactly.trials;
    ++nearly.trials;
    exactly.hits += metric.lower <= effect && effect <= metric.upper ? 1 : 0;
    nearly.hits += metric.lower <= most && least <= metric.upper ? 1 : 0;
  }
  bool fits() const {
    return nearly.trials == 0 || results::binomialAtMost(nearly, kCovers) >= kImplausible;
  }
  std::string statement() const {
    if (exactly.trials == 0) return "";
    return fmt::format("; the interval holds the expected size in {} of {}, to a fifth in {}",
                       exactly.hits, exactly.trials, nearly.hits);
  }
};

SelftestFinding detection(const std::string& what, const std::vector<const TriedGate*>& gates) {
  Tally found;
  Coverage coverage;
  double power = 0;
  double effect = 0;
  for (const TriedGate* gate : gates) {
    const TriedInjection& injection = *gate->injection;
    if (!gaveVerdict(*gate)) continue;
    ++found.trials;
    found.hits += injection.found ? 1 : 0;
    power += injection.power;
    effect += injection.effect;
    for (const TriedMetric& metric : gate->metrics) {
      if (metric.cell != injection.cell || metric.metric != injection.metric) continue;
      if (injection.effect == 0 || metric.lower == metric.upper) continue;
      coverage.add(metric, injection.effect);
    }
  }
  if (found.trials == 0) return {what + ": no gate came to a verdict", false};
  const auto n = static_cast<double>(found.trials);
  power /= n;
  const std::string size =
      effect == 0 ? "" : fmt::format(" (expected {:+.1f} %)", 100 * std::expm1(effect / n));
  return {fmt::format("{}{}: found in {} of {} gates, {:.0f} to {:.0f} % with 95 %; predicted "
                      "{}{:.0f} %{}",
                      what, size, found.hits, found.trials,
                      100 * results::clopperPearsonLower(found, kConfidence / 2),
                      100 * results::clopperPearsonUpper(found, kConfidence / 2),
                      effect == 0 ? "at least " : "", 100 * power, coverage.statement()),
          results::binomialAtMost(found, power) >= kImplausible && coverage.fits()};
}

std::string dates(const std::vector<TriedGate>& gates) {
  std::string first = gates.front().date.substr(0, 10);
  std::string last = first;
  for (const TriedGate& gate : gates) {
    first = std::min(first, gate.date.substr(0, 10));
    last = std::max(last, gate.date.substr(0, 10));
  }
  return first == last ? first : first + " to " + last;
}

std::vector<TriedGate> only(const std::vector<TriedGate>& gates, const std::string& machine,
                            const std::string& kind) {
  std::vector<TriedGate> some;
  std::copy_if(gates.begin(), gates.end(), std::back_inserter(some),
               [&](const TriedGate& gate) { return gate.machine == machine && gate.kind == kind; });
  return some;
}

/// Of a program that changes while its record grows: "4 builds of the program, the last of which
/// tried 9". Empty of one.
std::string builds(const std::vector<TriedGate>& gates) {
  std::set<std::string> programs;
  for (const TriedGate& gate : gates) programs.insert(gate.program);
  if (programs.size() < 2) return "";
  const auto by_last = std::count_if(gates.begin(), gates.end(), [&](const TriedGate& gate) {
    return gate.program == gates.back().program;
  });
  return fmt::format(" by {} builds of the program, the last of which tried {}", programs.size(),
                     by_last);
}

std::string section(const char* title, const std::vector<TriedGate>& gates,
                    const std::vector<SelftestFinding>& findings) {
  if (gates.empty()) return "";
  double seconds = 0;
  std::uint64_t blocks = 0;
  std::uint64_t loaded = 0;
  for (const TriedGate& gate : gates) {
    seconds += gate.seconds;
    blocks += gate.blocks;
    loaded += gate.loaded_blocks;
  }
  std::string text = fmt::format(
      "### {}\n\n{}, {} of suite `{}`{}, {} in {:.0f} min; in {:.0f} % of them a worker waited for "
      "its CPU for over 5 % of the time.\n\n| found | fits |\n| :-- | :-- |\n",
      title, dates(gates), counted(gates.size(), "gate"), gates.front().suite, builds(gates),
      counted(blocks, "block"), seconds / 60,
      blocks == 0 ? 0 : 100.0 * static_cast<double>(loaded) / static_cast<double>(blocks));
  for (const SelftestFinding& finding : findings) {
    text += fmt::format("| {} | {} |\n", finding.statement, finding.fits ? "yes" : "**no**");
  }
  return text + "\n";
}

}  // namespace

SelftestFinding judgeRelabelled(const std::vector<TriedGate>& gates) {
  Tally small;
  Tally large;
  std::array<std::uint64_t, 2> rejected = {};
  for (const TriedGate& gate : gates) {
    std::set<std::string> seen;
    for (std::size_t arm = 0; arm < 2; ++arm) rejected[arm] += gate.rejected_by[arm];
    for (const TriedMetric& metric : gate.metrics) {
      if (!metric.gates || !metric.p_relabelled || !seen.insert(metric.cell).second) continue;
      ++small.trials;
      small.hits += *metric.p_relabelled <= kFlagP ? 1 : 0;
      large.hits += *metric.p_relabelled >= 1 - kFlagP ? 1 : 0;
    }
  }
  large.trials = small.trials;
  const double balance = results::signTestP(rejected[0], rejected[1]);
  return {fmt::format("slots relabelled by chance: p <= {} in {} and p >= {} in {} of {} cells; "
                      "pairs of slots left out for one arm alone: {} and {}",
                      kFlagP, small.hits, 1 - kFlagP, large.hits, small.trials, rejected[0],
                      rejected[1]),
          results::binomialAtLeast(small, kFlagP) >= kImplausible &&
              results::binomialAtLeast(large, kLargeP) >= kImplausible && balance >= kImplausible};
}

std::vector<SelftestFinding> judgeIdentical(const std::vector<TriedGate>& gates) {
  if (gates.empty()) return {};
  std::vector<SelftestFinding> findings = {falseAlarms(gates), stageOneShare(gates),
                                           signBalance(gates), passShare(gates)};
  if (std::any_of(gates.begin(), gates.end(), &brokeDown)) findings.push_back(breakdowns(gates));
  std::vector<TriedGate> with_blocks;
  std::copy_if(gates.begin(), gates.end(), std::back_inserter(with_blocks), hasBlocks);
  if (with_blocks.empty()) return findings;  // of earlier versions
  findings.push_back(judgeRelabelled(with_blocks));
  findings.push_back(virtualGates(with_blocks));
  return findings;
}

std::vector<SelftestFinding> judgePower(const std::vector<TriedGate>& gates) {
  std::map<std::string, std::vector<const TriedGate*>> by_what;
  for (const TriedGate& gate : gates) {
    if (gate.injection) {
      by_what[gate.injection->what + " on " + gate.injection->metric].push_back(&gate);
    }
  }
  std::vector<SelftestFinding> findings;
  for (const auto& [what, some] : by_what) findings.push_back(detection(what, some));
  return findings;
}

std::vector<SelftestFinding> judgeLayout(const std::vector<TriedGate>& gates, std::uint32_t links) {
  std::map<std::string, std::vector<TriedGate::LayoutSpread>> by_metric;
  for (const TriedGate& gate : gates) {
    for (const auto& spread : gate.layout) by_metric[spread.metric].push_back(spread);
  }
  std::vector<SelftestFinding> findings;
  for (const auto& [metric, spreads] : by_metric) {
    double largest = 0;
    double squares = 0;
    std::string where;
    for (const auto& spread : spreads) {
      squares += spread.sigma * spread.sigma;
      if (spread.sigma < largest) continue;
      largest = spread.sigma;
      where = spread.cell;
    }
    const double sigma = std::sqrt(squares / static_cast<double>(spreads.size()));
    const double one_link = kLayoutSigmas * largest;
    const double rotated = one_link / std::sqrt(static_cast<double>(links));
    findings.push_back(
        {fmt::format("{}: sigma_L {:.2f} % over {}, at most {:.2f} % ({}); a margin of {:.1f} % "
                     "for builds of one link, {:.1f} % where {} links are rotated (usual: {:g} %)",
                     metric, 100 * sigma, counted(spreads.size(), "cell"), 100 * largest, where,
                     100 * std::expm1(one_link), 100 * std::expm1(rotated), links,
                     usualMarginOf(metric)),
         100 * std::expm1(rotated) <= usualMarginOf(metric)});
  }
  return findings;
}

std::string selftestTable(const std::vector<TriedGate>& gates) {
  std::string text =
      "# How far the gate can be trusted\n\nFound by `ringside selftest` on the machines named, "
      "and "
      "kept line by line in `selftest.jsonl` beside this file; made again by each self-test.\n";
  std::vector<std::string> machines;
  for (const TriedGate& gate : gates) {
    if (std::find(machines.begin(), machines.end(), gate.machine) == machines.end()) {
      machines.push_back(gate.machine);
    }
  }
  for (const std::string& machine : machines) {
    const auto first = std::find_if(gates.begin(), gates.end(),
                                    [&](const TriedGate& gate) { return gate.machine == machine; });
    text += fmt::format("\n## {}, fingerprint {}\n\n", first->cpu, machine);
    const auto identical = only(gates, machine, "aa");
    const auto power = only(gates, machine, "power");
    const auto layout = only(gates, machine, "layout");
    text += section("Identical arms (`selftest aa`)", identical, judgeIdentical(identical));
    text += section("Injected delays (`selftest power`)", power, judgePower(power));
    text += section("Code layout (`selftest layout`)", layout, judgeLayout(layout, kUsualLinks));
  }
  return text;
}

}  // namespace ringside::harness
