// The clocks of the CPUs that paced cells use: what they are worth before the first block of a
// gate, and whether they still are after the last. Cells of other workloads need one clock each.
#pragma once

#include <string>

#include "harness/plan.hpp"
#include "harness/session.hpp"

namespace ringside::harness {

/// Measures when it is first asked; while nobody else is measured. The session must outlive it.
class ClockWatch {
 public:
  explicit ClockWatch(const Session& session)
      : before_(session.clock(), session.topology()), after_(session.clock(), session.topology()) {}

  /// Before the first block: why the cell's response times can be told by nothing; else empty.
  std::string whyNoResponses(const Cell& cell);
  /// After the last one: the same, or how the clocks have changed.
  std::string whyNoResponsesAfter(const Cell& cell);
  /// Before the first block: by how much a response time may be wrong; 0 where there are none.
  double boundNs(const Cell& cell);

 private:
  ClockSurvey before_;
  ClockSurvey after_;
};

}  // namespace ringside::harness
