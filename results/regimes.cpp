#include "results/regimes.hpp"

#include <algorithm>

namespace ringside::results {
namespace {

std::vector<Regime> regimesOf(std::vector<double> readings) {
  std::sort(readings.begin(), readings.end());
  std::vector<Regime> regimes;
  for (std::size_t first = 0; first < readings.size();) {
    std::size_t end = first + 1;
    while (end < readings.size() && readings[end] <= kRegimeRatio * readings[end - 1]) ++end;
    regimes.push_back({.low_ns = readings[first],
                       .high_ns = readings[end - 1],
                       .median_ns = readings[first + (end - first - 1) / 2],
                       .readings = end - first});
    first = end;
  }
  return regimes;
}

bool holds(const Regime& regime, double ns) { return regime.low_ns <= ns && ns <= regime.high_ns; }

}  // namespace

std::string_view toString(Standing standing) noexcept {
  switch (standing) {
    case Standing::OfRun:
      return "of the run";
    case Standing::Elsewhere:
      return "elsewhere";
    case Standing::Moved:
      return "moved";
    case Standing::Unmeasured:
      return "unmeasured";
  }
  return "unknown";
}

RegimeSurvey::RegimeSurvey(std::span<const Record> records) {
  std::map<std::string, std::vector<double>> readings;
  for (const Record& record : records) {
    if (!record.obtained || !record.obtained->canary) continue;
    std::vector<double>& of_placement = readings[record.axes.placement];
    of_placement.push_back(record.obtained->canary->before_ns);
    of_placement.push_back(record.obtained->canary->after_ns);
  }
  for (auto& [placement, all] : readings) regimes_[placement] = regimesOf(std::move(all));
}

const std::vector<Regime>& RegimeSurvey::regimes(const std::string& placement) const {
  static const std::vector<Regime> kNone;
  const auto found = regimes_.find(placement);
  return found == regimes_.end() ? kNone : found->second;
}

const Regime* RegimeSurvey::ofRun(const std::string& placement) const {
  const std::vector<Regime>& candidates = regimes(placement);
  const auto most =
      std::max_element(candidates.begin(), candidates.end(),
                       [](const Regime& a, const Regime& b) { return a.readings < b.readings; });
  return most == candidates.end() ? nullptr : &*most;
}

Standing RegimeSurvey::standingOf(const Record& record) const {
  if (!record.obtained || !record.obtained->canary) return Standing::Unmeasured;
  const Canary& canary = *record.obtained->canary;
  const auto [lower, higher] = std::minmax(canary.before_ns, canary.after_ns);
  if (higher > kRegimeRatio * lower) return Standing::Moved;
  const Regime* of_run = ofRun(record.axes.placement);
  if (of_run == nullptr) return Standing::Unmeasured;
  const bool begins = holds(*of_run, canary.before_ns);
  const bool ends = holds(*of_run, canary.after_ns);
  if (begins && ends) return Standing::OfRun;
  return begins || ends ? Standing::Moved : Standing::Elsewhere;
}

}  // namespace ringside::results
