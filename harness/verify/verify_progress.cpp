#include "harness/verify/verify_progress.hpp"

#include <algorithm>

#include "harness/console.hpp"
#include "harness/format_numbers.hpp"
#include "harness/live_line.hpp"

namespace ringside::harness {
namespace {

using std::chrono::steady_clock;

double roughSeconds(const Campaign& campaign) {
  double seconds = 0;
  for (const QueueEntry* queue : campaign.queues) {
    for (const FaultKind fault : campaign.faults) {
      seconds += roughSecondsOf(campaign, *queue, fault);
    }
  }
  return seconds;
}

double since(steady_clock::time_point begin) {
  return std::chrono::duration<double>(steady_clock::now() - begin).count();
}

}  // namespace

VerifyProgress::VerifyProgress(const Campaign& campaign)
    : campaign_(campaign),
      total_(campaign.queues.size() * campaign.faults.size()),
      rough_s_(roughSeconds(campaign)),
      begin_(steady_clock::now()),
      redraws_(canRedraw()) {
  say("plan: {}, each under {} of fault; about {} (minutes:seconds)\n",
      counted(campaign.queues.size(), "queue"), counted(campaign.faults.size(), "kind"),
      formatMinutes(rough_s_));
}

VerifyProgress::~VerifyProgress() {
  if (redraws_) redraw("");
}

/// The first findings say little of the pace of the others.
double VerifyProgress::secondsLeft() const {
  constexpr double kTelling = 1;
  const double left = std::max(0.0, rough_s_ - rough_done_s_);
  return rough_done_s_ < kTelling ? left : left * since(begin_) / rough_done_s_;
}

void VerifyProgress::show(const CampaignFinding& finding) {
  constexpr std::chrono::milliseconds kBetween{100};
  const auto now = steady_clock::now();
  if (!redraws_ || (finding.tried() && now - shown_ < kBetween)) return;
  shown_ = now;
  redraw(fmt::format("[{}/{}] {} left  {} {}: {}", done_ + 1, total_, formatMinutes(secondsLeft()),
                     finding.queue->name, toString(finding.fault),
                     counted(finding.trials, "trial")));
}

void VerifyProgress::end(const CampaignFinding& finding) {
  ++done_;
  rough_done_s_ += roughSecondsOf(campaign_, *finding.queue, finding.fault);
  if (redraws_) redraw("");
}

}  // namespace ringside::harness
