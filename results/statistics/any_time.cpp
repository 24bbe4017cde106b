#include "results/statistics/any_time.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numeric>

#include "results/statistics/order_statistics.hpp"

namespace ringside::results {
namespace {

constexpr double kBets[] = {0.3, 0.6, 1.2, 2.4, 5};
constexpr std::size_t kSignsOnly = 3;
constexpr double kFarthest = 1.5;
constexpr double kEnoughToPass = 20;

}  // namespace

EvidenceProcess::EvidenceProcess(double margin)
    : margin_(margin), log_products_(std::size(kBets), 0.0) {}

void EvidenceProcess::add(double effect) {
  const double x = standardised(effect - margin_);
  for (std::size_t i = 0; i < std::size(kBets); ++i) {
    log_products_[i] += std::log1p(std::tanh(kBets[i] * x));
  }
  distances_.push_back(std::abs(effect - margin_));
}

double EvidenceProcess::evidence() const {
  double sum = 0;
  for (const double log_product : log_products_) sum += std::exp(log_product);
  return sum / static_cast<double>(std::size(kBets));
}

/// The scale must come from the past alone: then the sign is all that is new.
double EvidenceProcess::standardised(double distance) const {
  const double sign = distance > 0 ? 1 : (distance < 0 ? -1 : 0);
  if (distances_.size() < kSignsOnly) return sign;
  std::vector<double> past = distances_;
  double scale = medianOf(past);
  if (!(scale > 0)) scale = *std::max_element(past.begin(), past.end());
  if (!(scale > 0)) return sign;
  return std::clamp(distance / scale, -kFarthest, kFarthest);
}

std::vector<bool> rejectByEvidence(std::span<const double> evidence, double rate) {
  const auto count = static_cast<double>(evidence.size());
  std::vector<std::size_t> order(evidence.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return evidence[a] > evidence[b]; });
  std::vector<bool> rejected(evidence.size(), false);
  bool is_rejected = false;  // as all above the smallest that is
  for (std::size_t rank = order.size(); rank >= 1; --rank) {
    const double needed = count / (rate * static_cast<double>(rank));
    is_rejected = is_rejected || evidence[order[rank - 1]] >= needed;
    rejected[order[rank - 1]] = is_rejected;
  }
  return rejected;
}

AnyTimeMetric::AnyTimeMetric(double margin, double pass_bound)
    : regression_(margin), pass_(-pass_bound) {}

void AnyTimeMetric::add(double effect) {
  regression_.add(effect);
  pass_.add(-effect);
  has_passed_ = has_passed_ || pass_.evidence() >= kEnoughToPass;
}

}  // namespace ringside::results
