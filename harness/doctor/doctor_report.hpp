// What ringside doctor found, as people and programs read it.
#pragma once

#include <string>
#include <vector>

#include "harness/doctor/check.hpp"
#include "harness/terminal.hpp"
#include "harness/text_table.hpp"

namespace ringside::harness {

struct Findings {
  std::vector<Diagnosis> diagnoses;
  std::optional<Noise> noise;
  std::string clock;      ///< which one Ringside uses here; empty where it is another machine
  std::string container;  ///< its kind; empty outside of one
};

/// Table and Markdown: a row a check, then what is not OK with why and how to mend it, then the
/// noise floor and the clock bound. JSON: all of it. CSV: a row a check.
/// A line of the table has at most `columns`; 0: what was seen stands in one, however long.
std::string renderFindings(const Findings& findings, Format format, Colour colour,
                           std::size_t columns = 0);

/// Whether any is not OK, or could not be seen.
bool anyNotOk(const std::vector<Diagnosis>& diagnoses);

}  // namespace ringside::harness
