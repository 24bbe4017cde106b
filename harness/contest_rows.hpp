// How the parts of a contest are named and written, the same in every form of it.
#pragma once

#include <string>
#include <vector>

#include "harness/contest_report.hpp"

namespace ringside::harness {

/// Contests that belong into one table: of one workload and measure, single messages or batches.
struct ContestSection {
  std::string heading;  ///< "throughput, messages/s"
  std::string title;    ///< the same without the unit
  std::vector<const results::Contest*> contests;
};
std::vector<ContestSection> sectionsOf(const ContestReport& report);

/// "spsc", and what tells it apart from the same queue in these contests: "spsc block throughput".
std::string labelOf(const results::Entrant& entrant,
                    const std::vector<const results::Contest*>& in);
/// "98.1 M", "105 ns"; a dash where nothing counts.
std::string valueText(double value, const results::Contest& contest);
/// "1.58 [1.50–1.66]", or a dash.
std::string ratioText(const std::optional<results::MedianInterval>& ratio);
std::string ratioNumber(double ratio);
std::string floorText(const results::Entrant& entrant);
/// "2p1c".
std::string shapeText(const results::Axes& axes);

/// "same_l3: a cache line is handed over in 61 ns (55–79) …", a line a placement; and who was left
/// out.
std::vector<std::string> placementLines(const ContestReport& report);
/// "atomic_queue: 3 repetitions failed: integrity …", a line a queue.
std::vector<std::string> troubleLines(const ContestReport& report);
/// "atomic_queue gives up order within a producer", a line a queue.
std::vector<std::string> givesUpLines(const ContestReport& report);

}  // namespace ringside::harness
