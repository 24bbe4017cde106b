#include "harness/duet/clock_watch.hpp"

#include "harness/clock_judge.hpp"

namespace ringside::harness {
namespace {

std::optional<ClockOffset> offsetOf(const Cell& cell, ClockSurvey& survey) {
  if (cell.workload != Workload::Paced) return std::nullopt;
  return survey.worst(cell.placing.producer_cpus, cell.placing.consumer_cpus);
}

std::string judged(const std::optional<ClockOffset>& offset) {
  return offset ? whyNoOneWayTimes(*offset) : "";
}

}  // namespace

std::string ClockWatch::whyNoResponses(const Cell& cell) { return judged(offsetOf(cell, before_)); }

std::string ClockWatch::whyNoResponsesAfter(const Cell& cell) {
  std::string why = judged(offsetOf(cell, after_));
  if (!why.empty() || cell.workload != Workload::Paced) return why;
  for (const int producer : cell.placing.producer_cpus) {
    for (const int consumer : cell.placing.consumer_cpus) {
      const auto before = before_.between({producer, consumer});
      const auto after = after_.between({producer, consumer});
      if (before && after) why = whyClocksMoved(*before, *after);
      if (!why.empty()) return why;
    }
  }
  return why;
}

double ClockWatch::boundNs(const Cell& cell) {
  if (cell.workload != Workload::Paced) return 0;
  const std::optional<ClockOffset> offset = offsetOf(cell, before_);
  return offset ? offset->boundNs() : before_.step().step_ns;
}

}  // namespace ringside::harness
