#include "harness/duet/effect_text.hpp"

#include <fmt/format.h>

#include <cmath>

#include "harness/format_numbers.hpp"
#include "results/metrics.hpp"

namespace ringside::harness {

double percentOf(double effect) { return 100 * std::expm1(effect); }

std::string effectText(double effect) {
  return std::isfinite(effect) ? fmt::format("{:+.1f} %", percentOf(effect)) : "–";
}

std::string effectText(double estimate, double lower, double upper) {
  const auto bound = [](double effect) {
    return std::isfinite(effect) ? fmt::format("{:+.1f}", percentOf(effect)) : std::string("–");
  };
  return fmt::format("{} [{}, {}]", effectText(estimate), bound(lower), bound(upper));
}

std::string valueText(const std::string& metric, double value) {
  const results::Metric* const known = results::findMetric(metric);
  if (!std::isfinite(value)) return "never";
  if (known != nullptr && known->unit == results::Unit::Ns) return formatNs(value);
  if (known != nullptr && known->unit == results::Unit::PerS) return formatCount(value) + "/s";
  return fmt::format("{:.2f} %", 100 * value);
}

}  // namespace ringside::harness
