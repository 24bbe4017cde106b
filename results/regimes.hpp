// Where a run really ran. On a virtual machine a pair of CPUs is now two siblings of a core, now
// two cores of one cache, now of two; the canary of each repetition (Obtained::canary) shows it.
// From the records alone, so that it can be worked out again, and from old bundles.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "results/record.hpp"

namespace ringside::results {

/// From here on two hand-offs are not of one placement, as a ratio.
constexpr double kRegimeRatio = 1.3;

/// Readings of canaries without a gap of kRegimeRatio between neighbours.
struct Regime {
  double low_ns = 0;
  double high_ns = 0;
  double median_ns = 0;
  std::uint64_t readings = 0;
};

enum class Standing {
  OfRun,       ///< where most of the run was
  Elsewhere,   ///< in another regime, before and after
  Moved,       ///< before and after differ
  Unmeasured,  ///< no canary: nothing is known
};

/// "of the run", "elsewhere", "moved", "unmeasured".
std::string_view toString(Standing standing) noexcept;

/// The regimes that a run has seen, for each placement on its own.
class RegimeSurvey {
 public:
  RegimeSurvey() = default;
  explicit RegimeSurvey(std::span<const Record> records);

  /// Of one placement, the fastest first; empty when it has no canary.
  const std::vector<Regime>& regimes(const std::string& placement) const;
  /// Placement → its regimes.
  const std::map<std::string, std::vector<Regime>>& all() const noexcept { return regimes_; }
  /// The one with most readings, the faster of two equals; nullptr when there is none.
  const Regime* ofRun(const std::string& placement) const;
  Standing standingOf(const Record& record) const;

 private:
  std::map<std::string, std::vector<Regime>> regimes_;
};

}  // namespace ringside::results
