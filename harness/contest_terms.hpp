// What a suite says of a contest between queues: which of them are its subjects, the others being
// comparators, and what is expected of these.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "harness/axes.hpp"
#include "results/contest.hpp"

namespace ringside::harness {

/// One axis, and the values of it that are meant.
struct AxisCondition {
  const Axis* axis = nullptr;
  std::vector<AxisValue> values;
};

/// A line of `expect` as it is written.
struct ExpectationTerms {
  std::string subject;
  std::string workload;
  std::string metric;                  ///< empty: the first measure of the workload
  std::vector<AxisCondition> where;    ///< which of its cells; empty: all of that workload
  std::vector<AxisCondition> against;  ///< empty: the best comparator; else cells of the subject
  bool asks_everyone = false;          ///< against = "everyone": also those that give something up
  double at_least = 1;
};

struct ContestTerms {
  std::vector<std::string> subjects;  ///< empty: there is no contest
  std::vector<ExpectationTerms> expectations;

  bool hasSubjects() const { return !subjects.empty(); }
};

/// The table [suite] of a file, read for `subjects` and `expect` alone, without asking which queues
/// this program has: so a bundle can be judged where its plug-ins are not. Throws UsageError for
/// what cannot be read, with file:line.
ContestTerms readContestTerms(const std::filesystem::path& file);

/// The lines of [suite] that say the same; empty without a contest.
std::string toToml(const ContestTerms& terms);

/// "wait=block, element_size_bytes=8 or 64"; empty for none.
std::string toString(const std::vector<AxisCondition>& conditions);

results::Expectation toExpectation(const ExpectationTerms& terms);

}  // namespace ringside::harness
