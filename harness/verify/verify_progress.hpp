// What stands on stderr while a campaign runs: how long it will take, then on a terminal a line
// that is redrawn, above which the findings come.
#pragma once

#include <chrono>

#include "harness/verify/campaign.hpp"

namespace ringside::harness {

class VerifyProgress {
 public:
  /// Says what is going to be tried, and about how long that takes.
  explicit VerifyProgress(const Campaign& campaign);
  /// Leaves the redrawn line empty.
  ~VerifyProgress();
  VerifyProgress(const VerifyProgress&) = delete;
  VerifyProgress& operator=(const VerifyProgress&) = delete;

  /// A trial of it is about to begin.
  void show(const CampaignFinding& finding);
  /// Before what is said of it.
  void end(const CampaignFinding& finding);

 private:
  double secondsLeft() const;

  const Campaign& campaign_;
  std::size_t total_;  ///< findings
  std::size_t done_ = 0;
  double rough_s_;           ///< of all
  double rough_done_s_ = 0;  ///< of what is done: what it really took gives the pace
  std::chrono::steady_clock::time_point begin_;
  std::chrono::steady_clock::time_point shown_;
  bool redraws_;
};

}  // namespace ringside::harness
