// A contest, judged: what the table, the block for a README and the JSON of it are made from.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "harness/contest_terms.hpp"
#include "harness/text_table.hpp"
#include "results/contest.hpp"
#include "results/regimes.hpp"

namespace ringside::harness {

/// Of one run, by its records alone.
struct ContestReport {
  ContestTerms terms;
  results::RegimeSurvey survey;
  std::vector<results::Contest> contests;
  std::vector<results::Finding> findings;
  /// How often the canary said that a repetition ran elsewhere, or moved, or said nothing.
  std::uint32_t elsewhere = 0;
  std::uint32_t moved = 0;
  std::uint32_t unmeasured = 0;
  std::uint32_t rounds = 0;  ///< the most of any cell
};

ContestReport judgeContest(const ContestTerms& terms, std::span<const results::Record> records);

/// Where and when a run was made, as its environment.json says; what it does not say is empty.
struct RunPlace {
  std::string machine;  ///< "Intel Xeon, 2 cores, virtual, Linux 6.1"
  std::string date;     ///< "2026-11-22"
  std::string build;    ///< "ringside 0.1.0, GNU 12.2.0"
};
RunPlace placeOf(const std::string& environment_json);

/// Table: what was found of each subject, what was expected, and all queues of each shape.
/// Markdown: the block for a README. JSON: all of it. CSV: a line an entrant. Ends with a line end.
std::string renderContest(const ContestReport& report, const RunPlace& place, Format format);

}  // namespace ringside::harness
