#include "harness/selftest/injected_delay.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "harness/duet/block_effects.hpp"
#include "results/statistics/detectable_effect.hpp"
#include "results/statistics/hodges_lehmann.hpp"
#include "results/statistics/order_statistics.hpp"

namespace ringside::harness {
namespace {

using results::MetricVerdict;

constexpr double kStallNs = 5000;
constexpr double kStalledPart = 0.002;

/// The metric by which a delay must be found, without the workload's beginning.
std::string metricFor(const InjectionAsked& asked, Workload workload) {
  if (asked.stall) return "disturbed_fraction";
  const std::string name = workload == Workload::PingPong ? "rtt_ns" : "response_ns";
  return name + (asked.tail_fraction ? "_p99_clean" : "_p50_clean");
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

}  // namespace

InjectedDelay::InjectedDelay(const InjectionAsked& asked, const Cell& cell, const Clock& clock,
                             const std::map<std::string, double>& alone)
    : asked_(asked), clock_(clock), alone_(alone) {
  tried_.what = wordsFor(asked);
  tried_.cell = cell.name;
  tried_.metric = metricFor(asked, cell.workload);
  const auto value = alone.find(tried_.metric);
  choose(value == alone.end() ? 0 : value->second);
}

/// Steps that cost what is asked for by themselves, and what they then cost.
void InjectedDelay::choose(double baseline_ns) {
  if (asked_.stall) {
    true_ns_ = kStallNs;
    injection_ = {
        .steps = 0, .stall_ns = static_cast<std::uint64_t>(kStallNs), .fraction = kStalledPart};
    return;
  }
  const std::uint32_t steps = stepsFor(nsFor(asked_, baseline_ns), clock_);
  true_ns_ = costOfSteps(steps, clock_);
  injection_ = {.steps = steps, .stall_ns = 0, .fraction = asked_.tail_fraction.value_or(1)};
}

void InjectedDelay::take(const KeptBlock& block) {
  in_second_ = in_second_ || block.stage == results::GateStage::Second;
  const auto found = block.effects.values.find(tried_.metric);
  if (block.cell != tried_.cell || found == block.effects.values.end()) return;
  const double baseline_ns = found->second[0];
  if (!asked_.isShift() || !(baseline_ns > 0)) return;
  if (block.effects.why_invalid.empty()) {
    expected_[in_second_ ? 1 : 0].push_back(std::log1p(true_ns_ / baseline_ns));
    costs_.push_back(true_ns_);
  }
  if (asked_.percent) choose(baseline_ns);
}

TriedInjection InjectedDelay::judgedBy(const GateResult& result, const results::GateTerms& terms) {
  tried_.true_ns = costs_.empty() ? true_ns_ : results::medianOf(costs_);
  for (const MetricVerdict& verdict : result.verdicts) {
    if (verdict.metric.cell != tried_.cell || verdict.metric.name != tried_.metric) continue;
    tried_.found = verdict.verdict == results::GateVerdict::Regressed;
    const std::vector<double>& expected = expected_[verdict.second.empty() ? 0 : 1];
    if (!expected.empty()) tried_.effect = results::hodgesLehmannEstimate(expected);
    const double effect =
        asked_.isShift() ? tried_.effect : leastEffect(asked_, tried_.metric, alone_);
    tried_.power = powerOf(verdict, effect, terms);
  }
  return tried_;
}

}  // namespace ringside::harness
