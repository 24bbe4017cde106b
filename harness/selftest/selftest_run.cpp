#include "harness/selftest/selftest_run.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <random>

#include "harness/duet/slot_timing.hpp"
#include "harness/usage_error.hpp"
#include "results/statistics/detectable_effect.hpp"
#include "results/statistics/sign_flip.hpp"

namespace ringside::harness {
namespace {

using results::MetricVerdict;

constexpr double kStallNs = 5000;
constexpr double kStalledPart = 0.002;

TriedMetric triedMetric(const MetricVerdict& verdict) {
  const bool bounded = std::isfinite(verdict.lower) && std::isfinite(verdict.upper);
  TriedMetric metric{.cell = verdict.metric.cell,
                     .metric = verdict.metric.name,
                     .verdict = std::string(results::toString(verdict.verdict)),
                     .gates = verdict.metric.gates,
                     .tested = verdict.tested,
                     .estimate = verdict.estimate,
                     .lower = bounded ? verdict.lower : 0,
                     .upper = bounded ? verdict.upper : 0};
  const std::span<const double> first = verdict.first;
  if (!first.empty()) metric.p_without_margin = results::signFlipP(first, 0);
  for (const double effect : first) {
    metric.above += effect > 0 ? 1 : 0;
    metric.below += effect < 0 ? 1 : 0;
  }
  return metric;
}

TriedGate emptyGate(const SelftestOrder& order, const char* kind, std::uint64_t seed) {
  TriedGate gate;
  gate.kind = kind;
  gate.date = fmt::format("{:%FT%TZ}", fmt::gmtime(std::time(nullptr)));
  gate.machine = order.machine;
  gate.cpu = order.cpu;
  gate.program = order.arm->identity;
  gate.suite = order.suite->name;
  gate.seed = seed;
  return gate;
}

GateOrder gateOrder(const SelftestOrder& order, std::uint64_t seed) {
  return {.suite = order.suite,
          .plan = order.plan,
          .suite_file = order.suite_file,
          .baseline = order.arm,
          .candidate = order.arm,
          .terms = {},
          .seed = seed,
          .tells_progress = false};
}

void fill(const GateResult& result, TriedGate& gate) {
  gate.seconds = result.seconds;
  gate.blocks = result.blocks;
  gate.exit_code = static_cast<int>(result.exit_code);
  for (const GateCellFacts& facts : result.cells) gate.loaded_blocks += facts.loaded_blocks;
  for (const MetricVerdict& verdict : result.verdicts) {
    if (verdict.metric.gates) gate.metrics.push_back(triedMetric(verdict));
  }
}

bool wasInterrupted(const GateResult& result) {
  return result.exit_code == results::ExitCode::Interrupted;
}

// --- power --------------------------------------------------------------------------------------

/// The metric by which a delay must be found, without the workload's beginning.
std::string metricFor(const InjectionAsked& asked, Workload workload) {
  if (asked.stall) return "disturbed_fraction";
  const std::string name = workload == Workload::PingPong ? "rtt_ns" : "response_ns";
  return name + (asked.tail_fraction ? "_p99_clean" : "_p50_clean");
}

/// A percentage is of a round trip; the others are of any time.
bool takes(const InjectionAsked& asked, const Cell& cell) {
  if (cell.workload == Workload::PingPong) return true;
  return cell.workload == Workload::Paced && !asked.percent;
}

const Cell& chooseCell(const SelftestOrder& order, const InjectionAsked& asked,
                       std::mt19937_64& chance) {
  std::vector<const Cell*> fit;
  for (const Cell* cell : gateableCells(*order.suite, *order.plan).cells) {
    if (takes(asked, *cell)) fit.push_back(cell);
  }
  if (fit.empty()) {
    throw UsageError(
        fmt::format("{}: it has no cell whose times a delay could change; take a suite "
                    "with ping_pong or paced",
                    order.suite->name));
  }
  return *fit[chance() % fit.size()];
}

/// The cell's metrics without any delay.
std::map<std::string, double> valuesAlone(const SelftestOrder& order, const Cell& cell,
                                          std::uint64_t seed, Session& session) {
  const ArmFiles files(*order.arm);
  const BlockReading block = runBlock({{.files = &files}},
                                      {.suite = order.suite_file,
                                       .cell = cell.name,
                                       .queue = std::string(cell.queue->name),
                                       .timing = {},
                                       .number = 0,
                                       .seed = seed},
                                      session);
  std::map<std::string, double> values;
  for (const auto& [name, both] : valuesOf(block).values) values[name] = both[0];
  return values;
}

/// Steps that cost so many ns by themselves, and what they then cost.
Injection injectionOf(const InjectionAsked& asked, double ns, const Clock& clock,
                      TriedInjection& tried) {
  if (asked.stall) {
    tried.true_ns = kStallNs;
    return {.steps = 0, .stall_ns = static_cast<std::uint64_t>(kStallNs), .fraction = kStalledPart};
  }
  const std::uint32_t steps = stepsFor(ns, clock);
  tried.true_ns = costOfSteps(steps, clock);
  return {.steps = steps, .stall_ns = 0, .fraction = asked.tail_fraction.value_or(1)};
}

std::string wordsFor(const InjectionAsked& asked) {
  if (asked.stall) return "a stall of 5 us of one message in 500";
  if (asked.percent) return fmt::format("+{:g} % of each round trip", *asked.percent);
  if (asked.tail_fraction) {
    return fmt::format("+{:g} ns to {:g} % of the messages", asked.tail_ns,
                       100 * *asked.tail_fraction);
  }
  return fmt::format("+{:g} ns to each message", *asked.ns);
}

/// The least effect that a tail or a stall can have: of a stall at least the message itself is
/// disturbed, and where more than one in a hundred is struck, the p99 is one that was. 0 where
/// nothing can be said.
double leastEffect(const InjectionAsked& asked, const std::string& metric,
                   const std::map<std::string, double>& alone) {
  const auto valueOf = [&](const std::string& name) {
    const auto found = alone.find(name);
    return found == alone.end() ? 0 : found->second;
  };
  if (asked.stall) {
    const double before = valueOf(metric) + kLeastFraction;
    return std::log((before + kStalledPart) / before);
  }
  const std::string p50 = metric.substr(0, metric.find("_p99")) + "_p50_clean";
  const bool reaches = asked.tail_fraction.value_or(0) > 0.01 && valueOf(metric) > 0;
  return reaches ? std::max(0.0, std::log((valueOf(p50) + asked.tail_ns) / valueOf(metric))) : 0;
}

double nsFor(const InjectionAsked& asked, double alone) {
  if (asked.percent) return alone * *asked.percent / 100;
  return asked.ns.value_or(asked.tail_ns);
}

/// By the gate's own blocks, moved to the size that was put in.
double powerOf(const MetricVerdict& verdict, double effect, const results::GateTerms& terms) {
  if (effect == 0 || verdict.first.empty()) return 0;
  return results::predictedPower(verdict.first,
                                 {.first_blocks = terms.first_blocks,
                                  .flag_p = terms.flag_p,
                                  .second_blocks = terms.second_blocks,
                                  .second_p = terms.false_discovery_rate / 2,
                                  .margin = verdict.metric.margin},
                                 effect);
}

// --- layout -------------------------------------------------------------------------------------

struct LinkEffects {
  std::vector<std::vector<double>> by_link;
};

double meanOf(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return values.empty() ? 0 : sum / static_cast<double>(values.size());
}

double varianceOf(const std::vector<double>& values) {
  if (values.size() < 2) return 0;
  const double mean = meanOf(values);
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  return squares / static_cast<double>(values.size() - 1);
}

/// The variance of the links' means, less what chance alone makes of means.
TriedGate::LayoutSpread spreadOf(const std::string& cell, const std::string& metric,
                                 const LinkEffects& effects) {
  std::vector<double> means;
  double noise = 0;
  for (const std::vector<double>& link : effects.by_link) {
    if (link.size() < 2) continue;
    means.push_back(meanOf(link));
    noise += varianceOf(link) / static_cast<double>(link.size());
  }
  const auto n = static_cast<double>(std::max<std::size_t>(means.size(), 1));
  noise /= n;
  return {.cell = cell,
          .metric = metric,
          .links = static_cast<std::uint32_t>(means.size() + 1),
          .sigma = std::sqrt(std::max(0.0, varianceOf(means) - noise)),
          .noise = std::sqrt(noise)};
}

}  // namespace

std::optional<TriedGate> tryIdentical(const SelftestOrder& order, std::uint64_t seed,
                                      Session& session) {
  TriedGate gate = emptyGate(order, "aa", seed);
  const GateResult result = runGate(gateOrder(order, seed), session);
  if (wasInterrupted(result)) return std::nullopt;
  fill(result, gate);
  return gate;
}

std::optional<TriedGate> tryInjection(const SelftestOrder& order, const InjectionAsked& asked,
                                      std::uint64_t seed, Session& session) {
  std::mt19937_64 chance(seed);
  TriedGate gate = emptyGate(order, "power", seed);
  const Cell& cell = chooseCell(order, asked, chance);
  TriedInjection tried;
  tried.what = wordsFor(asked);
  tried.cell = cell.name;
  tried.metric = metricFor(asked, cell.workload);
  std::map<std::string, double> values = valuesAlone(order, cell, chance(), session);
  const double alone = values[tried.metric];
  const Injection injection = injectionOf(asked, nsFor(asked, alone), session.clock(), tried);
  const bool is_shift = (asked.ns || asked.percent) && alone > 0;
  if (is_shift) tried.effect = std::log1p(tried.true_ns / alone);
  GateOrder with = gateOrder(order, seed);
  with.injections[cell.name] = injection;
  const GateResult result = runGate(with, session);
  if (wasInterrupted(result)) return std::nullopt;
  fill(result, gate);
  for (const MetricVerdict& verdict : result.verdicts) {
    if (verdict.metric.cell != tried.cell || verdict.metric.name != tried.metric) continue;
    tried.found = verdict.verdict == results::GateVerdict::Regressed;
    const double effect = is_shift ? tried.effect : leastEffect(asked, tried.metric, values);
    tried.power = powerOf(verdict, effect, with.terms);
  }
  gate.injection = tried;
  return gate;
}

std::optional<TriedGate> tryLinks(const SelftestOrder& order, std::uint32_t blocks,
                                  std::uint64_t seed, Session& session) {
  std::mt19937_64 chance(seed);
  TriedGate gate = emptyGate(order, "layout", seed);
  std::vector<ArmFiles> links;
  for (const std::filesystem::path& link : order.arm->plugins) {
    Arm one = *order.arm;
    one.plugins = {link};
    links.emplace_back(one);
  }
  const GateableCells gateable = gateableCells(*order.suite, *order.plan);
  std::map<std::pair<std::string, std::string>, LinkEffects> effects;
  for (std::uint32_t block = 0; block < blocks; ++block) {
    std::vector<std::pair<const Cell*, std::size_t>> round;
    for (const Cell* cell : gateable.cells) {
      for (std::size_t link = 1; link < links.size(); ++link) round.emplace_back(cell, link);
    }
    std::shuffle(round.begin(), round.end(), chance);
    for (const auto& [cell, link] : round) {
      const BlockReading reading = runBlock({{.files = &links[0]}, {.files = &links[link]}},
                                            {.suite = order.suite_file,
                                             .cell = cell->name,
                                             .queue = std::string(cell->queue->name),
                                             .timing = {},
                                             .number = 0,
                                             .seed = chance()},
                                            session);
      if (reading.interrupted) return std::nullopt;
      ++gate.blocks;
      const BlockEffects shown = effectsOf(reading);
      for (const auto& [name, effect] : shown.effects) {
        LinkEffects& all = effects[{cell->name, name}];
        all.by_link.resize(links.size() - 1);
        all.by_link[link - 1].push_back(effect);
      }
    }
  }
  for (const results::GateMetric& metric : gateable.metrics) {
    const auto found = effects.find({metric.cell, metric.name});
    if (!metric.gates || found == effects.end()) continue;
    gate.layout.push_back(spreadOf(metric.cell, metric.name, found->second));
  }
  return gate;
}

}  // namespace ringside::harness
