// A gate as people and programs read it.
#pragma once

#include <array>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "harness/duet/gate_run.hpp"
#include "harness/text_table.hpp"

namespace ringside::harness {

/// What a report says beside the result.
struct GateHeading {
  std::string verb = "gate";  ///< of ringside
  std::string suite;
  std::string question;
  nlohmann::ordered_json baseline;  ///< Arm::describe()
  nlohmann::ordered_json candidate;
  std::array<std::string, 2> sides = {"baseline", "candidate"};
  std::array<std::string, 2> columns = sides;  ///< what stands above their values
  std::string date;                            ///< UTC, "2026-11-22T09:12:00Z"
  std::string machine;                         ///< in a line
  std::uint64_t seed = 0;
  results::GateTerms terms;
  bool any_time = false;  ///< --budget: no stages, and evidence instead of p
};

nlohmann::ordered_json toJson(const GateResult& result, const GateHeading& heading);

/// Verdicts worst first, then warnings, then what was not gated; in any format. As a table: cell by
/// cell, that with the worst verdict first, and why of each that is no pass.
std::string renderGate(const GateResult& result, const GateHeading& heading, Format format,
                       const TableLook& look = {});

/// For a pull request or a step summary: begins with the outcome, folds what is long, and keeps
/// below `most_bytes`, where it says what it left out.
std::string gateMarkdown(const GateResult& result, const GateHeading& heading,
                         std::size_t most_bytes);

/// "::error title=…::…" for what regressed, "::warning …" for what is required and inconclusive: a
/// line each, as GitHub Actions reads them.
std::string gateAnnotations(const GateResult& result, const std::string& verb = "gate");

enum class Weight { Warning, Error };
/// One such line.
std::string annotation(Weight weight, const std::string& text, const std::string& verb = "gate");

/// "red: 2 metrics of 30 regressed", in a line.
std::string gateSentence(const GateResult& result);

/// One block as a line of blocks.jsonl, without its end.
std::string toJson(const KeptBlock& block);

}  // namespace ringside::harness
