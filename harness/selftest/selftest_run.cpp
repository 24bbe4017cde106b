#include "harness/selftest/selftest_run.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <ctime>
#include <random>

#include "harness/duet/slot_timing.hpp"
#include "harness/selftest/relabelled.hpp"
#include "harness/usage_error.hpp"
#include "results/statistics/sign_flip.hpp"

namespace ringside::harness {
namespace {

using results::MetricVerdict;

TriedMetric triedMetric(const MetricVerdict& verdict, const results::GateTerms& terms) {
  const bool bounded = std::isfinite(verdict.lower) && std::isfinite(verdict.upper);
  TriedMetric metric{.cell = verdict.metric.cell,
                     .metric = verdict.metric.name,
                     .verdict = std::string(results::toString(verdict.verdict)),
                     .gates = verdict.metric.gates,
                     .tested = verdict.tested,
                     .estimate = verdict.estimate,
                     .lower = bounded ? verdict.lower : 0,
                     .upper = bounded ? verdict.upper : 0,
                     .margin = verdict.metric.margin,
                     .pass_bound = verdict.metric.pass_bound};
  // Without the top-up, which only those get that were not clear: a second chance for chance.
  const std::span<const double> first =
      std::span(verdict.first)
          .first(std::min<std::size_t>(verdict.first.size(), terms.first_blocks));
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

void fill(const GateResult& result, const results::GateTerms& terms, TriedGate& gate) {
  gate.seconds = result.seconds;
  gate.blocks = result.blocks;
  gate.exit_code = static_cast<int>(result.exit_code);
  for (const GateCellFacts& facts : result.cells) gate.loaded_blocks += facts.loaded_blocks;
  for (const MetricVerdict& verdict : result.verdicts) {
    if (verdict.metric.gates) gate.metrics.push_back(triedMetric(verdict, terms));
  }
}

/// The blocks themselves, from which virtual gates are made.
void keepEffects(const GateResult& result, TriedGate& gate) {
  for (const MetricVerdict& verdict : result.verdicts) {
    for (TriedMetric& metric : gate.metrics) {
      if (metric.cell != verdict.metric.cell || metric.metric != verdict.metric.name) continue;
      metric.effects = verdict.first;
      metric.effects.insert(metric.effects.end(), verdict.second.begin(), verdict.second.end());
    }
  }
}

bool wasInterrupted(const GateResult& result) {
  return result.exit_code == results::ExitCode::Interrupted;
}

// --- power --------------------------------------------------------------------------------------

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
  GateOrder same = gateOrder(order, seed);
  Relabelled relabelled(seed, same.terms.first_blocks);
  same.on_block = [&](const KeptBlock& block) {
    relabelled.take(block);
    order.on_block(block.cell);
    for (std::size_t arm = 0; arm < 2; ++arm) {
      gate.rejected_by[arm] += block.effects.rejected_by[arm];
    }
  };
  const GateResult result = runGate(same, session);
  if (wasInterrupted(result)) return std::nullopt;
  fill(result, same.terms, gate);
  keepEffects(result, gate);
  for (TriedMetric& metric : gate.metrics) {
    metric.p_relabelled = relabelled.pOf(metric.cell, metric.metric);
  }
  return gate;
}

std::optional<TriedGate> tryInjection(const SelftestOrder& order, const InjectionAsked& asked,
                                      std::uint64_t seed, Session& session) {
  std::mt19937_64 chance(seed);
  TriedGate gate = emptyGate(order, "power", seed);
  const Cell& cell = chooseCell(order, asked, chance);
  const std::map<std::string, double> alone = valuesAlone(order, cell, chance(), session);
  GateOrder with = gateOrder(order, seed);
  InjectedDelay delay(asked, cell, session.clock(), alone);
  with.injections[cell.name] = delay.now();
  with.on_block = [&](const KeptBlock& block) {
    delay.take(block);
    order.on_block(block.cell);
    with.injections[cell.name] = delay.now();
  };
  const GateResult result = runGate(with, session);
  if (wasInterrupted(result)) return std::nullopt;
  fill(result, with.terms, gate);
  gate.injection = delay.judgedBy(result, with.terms);
  return gate;
}

std::optional<TriedGate> tryLinks(const SelftestOrder& order, std::uint32_t blocks,
                                  std::uint64_t seed, Session& session) {
  const auto begin = std::chrono::steady_clock::now();
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
      order.on_block(cell->name);
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
  gate.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  return gate;
}

}  // namespace ringside::harness
