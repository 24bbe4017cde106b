#include "harness/duet/gate_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "harness/console.hpp"
#include "harness/duet/effect_text.hpp"
#include "harness/duet/folded_markdown.hpp"
#include "harness/grouped_table.hpp"
#include "results/json_number.hpp"

namespace ringside::harness {
namespace {

using nlohmann::ordered_json;
using results::GateVerdict;
using results::MetricVerdict;
using results::numberOrNull;

constexpr const char* kNone = "–";

/// "worse by" is positive whatever the metric's direction.
Row rowOf(const GateResult& result, const MetricVerdict& verdict) {
  const auto values = valuesOf(result, verdict);
  const auto& name = verdict.metric.name;
  const bool has_effect = !verdict.first.empty();
  return {verdict.metric.gates ? std::string(results::toString(verdict.verdict)) : "(report)",
          verdict.metric.cell,
          name,
          values ? valueText(name, (*values)[0]) : kNone,
          values ? valueText(name, (*values)[1]) : kNone,
          has_effect ? effectText(verdict.estimate) : kNone,
          has_effect ? fmt::format("[{}, {}]", effectText(verdict.lower), effectText(verdict.upper))
                     : kNone,
          verdict.detectable ? effectText(*verdict.detectable) : kNone,
          verdict.reason};
}

Row headings(const GateHeading& heading) {
  return {"verdict",  "cell", "metric", heading.columns[0], heading.columns[1], "worse by",
          "interval", "MDE",  "reason"};
}
constexpr std::size_t kWords = 3;

int severity(const MetricVerdict& verdict) {
  if (!verdict.metric.gates) return 4;
  switch (verdict.verdict) {
    case GateVerdict::Regressed:
      return 0;
    case GateVerdict::Inconclusive:
      return 1;
    case GateVerdict::Improved:
      return 2;
    case GateVerdict::Pass:
      break;
  }
  return 3;
}

std::vector<const MetricVerdict*> worstFirst(const GateResult& result) {
  std::vector<const MetricVerdict*> all;
  for (const MetricVerdict& verdict : result.verdicts) all.push_back(&verdict);
  std::stable_sort(all.begin(), all.end(), [](const MetricVerdict* a, const MetricVerdict* b) {
    return severity(*a) < severity(*b);
  });
  return all;
}

struct Counts {
  std::size_t gating = 0;
  std::size_t regressed = 0;
  std::size_t inconclusive = 0;
  std::size_t improved = 0;
  std::size_t cannot_gate = 0;
};

Counts countsOf(const GateResult& result) {
  Counts counts;
  for (const MetricVerdict& verdict : result.verdicts) {
    if (!verdict.metric.gates) continue;
    ++counts.gating;
    counts.regressed += verdict.verdict == GateVerdict::Regressed ? 1 : 0;
    counts.inconclusive += verdict.verdict == GateVerdict::Inconclusive ? 1 : 0;
    counts.improved += verdict.verdict == GateVerdict::Improved ? 1 : 0;
    // What was spoilt has no MDE: it is undecided for another reason.
    counts.cannot_gate += !verdict.tested && verdict.detectable ? 1 : 0;
  }
  return counts;
}

/// In the order of their worst verdicts.
std::vector<std::pair<std::string, std::vector<const MetricVerdict*>>> byCell(
    const GateResult& result) {
  std::vector<std::pair<std::string, std::vector<const MetricVerdict*>>> cells;
  for (const MetricVerdict* verdict : worstFirst(result)) {
    auto found = std::find_if(cells.begin(), cells.end(),
                              [&](const auto& cell) { return cell.first == verdict->metric.cell; });
    if (found == cells.end()) found = cells.insert(found, {verdict->metric.cell, {}});
    found->second.push_back(verdict);
  }
  return cells;
}

/// A pass needs no reason: the legend gives it.
std::string cellTable(const GateResult& result, const GateHeading& heading, const TableLook& look) {
  const auto& [first, second] = heading.columns;
  const std::array dispensable = {first.c_str(), second.c_str()};
  GroupedTable table({"", first, second, "worse by", "MDE", "verdict"});
  for (const auto& [cell, verdicts] : byCell(result)) {
    table.begin(cell);
    for (const MetricVerdict* verdict : verdicts) {
      if (severity(*verdict) > 2) continue;
      table.remark(fmt::format("{} {}: {}", verdict->metric.name,
                               results::toString(verdict->verdict), verdict->reason));
    }
    for (const MetricVerdict* verdict : verdicts) {
      const Row row = rowOf(result, *verdict);
      const bool has_effect = !verdict->first.empty();
      table.add({row[2], row[3], row[4],
                 has_effect ? effectText(verdict->estimate, verdict->lower, verdict->upper) : kNone,
                 row[7], row[0]});
    }
  }
  return table.fitted(look, dispensable);
}

ordered_json toJson(const GateResult& result, const MetricVerdict& verdict) {
  const auto values = valuesOf(result, verdict);
  return {{"cell", verdict.metric.cell},
          {"metric", verdict.metric.name},
          {"verdict", results::toString(verdict.verdict)},
          {"reason", verdict.reason},
          {"gates", verdict.metric.gates},
          {"required", verdict.metric.required},
          {"tested", verdict.tested},
          {"baseline", values ? numberOrNull((*values)[0]) : ordered_json(nullptr)},
          {"candidate", values ? numberOrNull((*values)[1]) : ordered_json(nullptr)},
          {"worse_by_percent", numberOrNull(percentOf(verdict.estimate))},
          {"lower_percent", numberOrNull(percentOf(verdict.lower))},
          {"upper_percent", numberOrNull(percentOf(verdict.upper))},
          {"margin_percent", percentOf(verdict.metric.margin)},
          {"pass_percent", percentOf(verdict.metric.pass_bound)},
          {"mde_percent", verdict.detectable ? numberOrNull(percentOf(*verdict.detectable))
                                             : ordered_json(nullptr)},
          {"topped_up_blocks", verdict.topped_up},
          {"first_p", verdict.first_p},
          {"second_p", verdict.second_p ? ordered_json(*verdict.second_p) : ordered_json(nullptr)},
          {"improved_p", verdict.improved_p},
          {"first_effects", verdict.first},
          {"second_effects", verdict.second}};
}

ordered_json toJson(const GateCellFacts& facts) {
  const bool has_fault = facts.fault != results::ExitCode::Fine;
  ordered_json obtained = ordered_json::array();
  for (const ArmMemory& memory : facts.memory) {
    obtained.push_back(
        {{"page_size_bytes", memory.page_size_bytes}, {"locked_bytes", memory.locked_bytes}});
  }
  return {{"cell", facts.cell},
          {"fault", has_fault ? ordered_json(results::toString(facts.fault)) : nullptr},
          {"slot_ms", static_cast<double>(facts.timing.slot_ns) * 1e-6},
          {"pairs_a_block", facts.timing.slots},
          {"blocks", facts.blocks},
          {"invalid_blocks", facts.invalid_blocks},
          {"pairs", facts.pairs},
          {"admitted_pairs", facts.admitted_pairs},
          {"loaded_blocks", facts.loaded_blocks},
          {"obtained", obtained}};
}

/// Warnings, and what was not gated: of that only how much, where the list is too long.
std::string linesBelow(const GateResult& result, std::size_t most_bytes, std::size_t columns = 0) {
  std::string warnings;
  for (const std::string& warning : result.warnings) {
    warnings += wrapped("warning: ", warning, columns);
  }
  std::string cells;
  for (const NotGated& one : result.not_gated) {
    cells += wrapped("not gated: ", fmt::format("{}: {}", one.cell, one.reason), columns);
  }
  if (cells.size() > most_bytes) {
    cells =
        fmt::format("{} are not gated: see gate.json\n", counted(result.not_gated.size(), "cell"));
  }
  return warnings + cells;
}

std::string armText(const ordered_json& arm) {
  return fmt::format("{} ({})", arm.value("label", "?"), arm.value("identity", "?"));
}

std::string plainText(const GateResult& result, const GateHeading& heading, const TableLook& look) {
  const auto line = [&](const std::string& begin, const std::string& words) {
    return wrapped(begin, words, look.columns);
  };
  std::string text =
      line("", fmt::format("{} {}: {}", heading.verb, heading.suite, heading.question));
  const std::size_t wide = std::max(heading.sides[0].size(), heading.sides[1].size());
  text += line(fmt::format("{:<{}} ", heading.sides[0], wide), armText(heading.baseline));
  text += line(fmt::format("{:<{}} ", heading.sides[1], wide), armText(heading.candidate));
  text += '\n';
  text += cellTable(result, heading, look);
  text += fmt::format(
      "worse by: positive is worse, whatever counts as better; bounds of {:.0f} % each.\n"
      "pass: the upper one is below what the suite lets pass. (report): gates nothing.\n"
      "MDE: the least effect that this gate finds in nine of ten cases.\n",
      100 * (1 - heading.terms.pass_alpha));
  text += linesBelow(result, std::string::npos, look.columns);
  return text + line("", fmt::format("{} ({}, {:.0f} s)", gateSentence(result),
                                     counted(result.blocks, "block"), result.seconds));
}

std::string csvText(const GateResult& result) {
  std::vector<ordered_json> rows;
  for (const MetricVerdict* verdict : worstFirst(result)) {
    ordered_json row = toJson(result, *verdict);
    row.erase("first_effects");
    row.erase("second_effects");
    rows.push_back(std::move(row));
  }
  return renderCsv(rows);
}

/// A line break would end an annotation, and a per cent sign begins what stands for one.
std::string escaped(std::string text) {
  std::string result;
  for (const char c : text) {
    if (c == '%') {
      result += "%25";
    } else if (c == '\n') {
      result += "%0A";
    } else if (c == '\r') {
      result += "%0D";
    } else {
      result += c;
    }
  }
  return result;
}

std::uint64_t lostCells(const GateResult& result) {
  return static_cast<std::uint64_t>(
      std::count_if(result.not_gated.begin(), result.not_gated.end(),
                    [](const NotGated& one) { return one.is_missed; }));
}

}  // namespace

std::string gateSentence(const GateResult& result) {
  const Counts counts = countsOf(result);
  std::string more;
  if (counts.improved > 0) more += fmt::format(", {} improved", counts.improved);
  if (counts.cannot_gate > 0) {
    more += fmt::format(", {} too noisy here to be gated", counts.cannot_gate);
  }
  switch (result.exit_code) {
    case results::ExitCode::Fine:
      return fmt::format("green: none of {} regressed{}", counted(counts.gating, "metric"), more);
    case results::ExitCode::Regression:
      return fmt::format("red: {} of {} regressed{}", counts.regressed,
                         counted(counts.gating, "metric"), more);
    case results::ExitCode::Inconclusive:
      if (const auto lost = lostCells(result); lost > 0) {
        more += fmt::format(", {} lost by the candidate", counted(lost, "required cell"));
      }
      return fmt::format("inconclusive: {} of {} undecided{}", counts.inconclusive,
                         counted(counts.gating, "metric"), more);
    default:
      return fmt::format("{}: {} of {} regressed", results::toString(result.exit_code),
                         counts.regressed, counted(counts.gating, "metric"));
  }
}

ordered_json toJson(const GateResult& result, const GateHeading& heading) {
  ordered_json verdicts = ordered_json::array();
  for (const MetricVerdict& verdict : result.verdicts) verdicts.push_back(toJson(result, verdict));
  ordered_json cells = ordered_json::array();
  for (const GateCellFacts& facts : result.cells) cells.push_back(toJson(facts));
  ordered_json not_gated = ordered_json::array();
  for (const NotGated& one : result.not_gated) {
    not_gated.push_back({{"cell", one.cell}, {"reason", one.reason}});
  }
  return {{"schema", 1},
          {"suite", heading.suite},
          {"date", heading.date},
          {"machine", heading.machine},
          {"seed", heading.seed},
          {"baseline", heading.baseline},
          {"candidate", heading.candidate},
          {"columns", heading.columns},
          {"exit_code", static_cast<int>(result.exit_code)},
          {"outcome", gateSentence(result)},
          {"seconds", result.seconds},
          {"blocks", result.blocks},
          {"terms",
           {{"first_blocks", heading.terms.first_blocks},
            {"flag_p", heading.terms.flag_p},
            {"second_blocks", heading.terms.second_blocks},
            {"top_up_blocks", heading.terms.top_up_blocks},
            {"false_discovery_rate", heading.terms.false_discovery_rate},
            {"family_wise", heading.terms.family_wise},
            {"any_time", heading.any_time}}},
          {"verdicts", verdicts},
          {"cells", cells},
          {"not_gated", not_gated},
          {"warnings", result.warnings}};
}

std::string renderGate(const GateResult& result, const GateHeading& heading, Format format,
                       const TableLook& look) {
  switch (format) {
    case Format::Json:
      return renderJson(toJson(result, heading));
    case Format::Csv:
      return csvText(result);
    case Format::Markdown:
      return gateMarkdown(result, heading, std::string::npos);
    case Format::Table:
      break;
  }
  return plainText(result, heading, look);
}

std::string gateMarkdown(const GateResult& result, const GateHeading& heading,
                         std::size_t most_bytes) {
  FoldedTable parts{.heading = fmt::format(
                        "### Ringside {} {}: {}\n\n{}: {}; {}: {}; {}; {}, {:.0f} s.\n\n",
                        heading.verb, heading.suite, gateSentence(result), heading.sides[0],
                        armText(heading.baseline), heading.sides[1], armText(heading.candidate),
                        heading.machine, counted(result.blocks, "block"), result.seconds),
                    .table = TextTable(headings(heading), kWords, LastColumn::Words),
                    .what_folds = "that passed or are only reported",
                    .below = linesBelow(result, most_bytes / 4),
                    .file_with_all = "gate.json"};
  for (const MetricVerdict* verdict : worstFirst(result)) {
    parts.table.add(rowOf(result, *verdict));
    ++parts.rows;
    parts.open += severity(*verdict) <= 2 ? 1 : 0;
  }
  return foldedMarkdown(parts, most_bytes);
}

std::string annotation(Weight weight, const std::string& text, const std::string& verb) {
  return fmt::format("::{} title=ringside {}::{}\n", weight == Weight::Error ? "error" : "warning",
                     verb, escaped(text));
}

std::string gateAnnotations(const GateResult& result, const std::string& verb) {
  std::string lines;
  for (const MetricVerdict* verdict : worstFirst(result)) {
    const int how = severity(*verdict);
    const bool has_fault = faultOf(result, *verdict) != results::ExitCode::Fine;
    if (how > 1 || (how == 1 && !verdict->metric.required && !has_fault)) continue;
    lines += annotation(
        how == 0 || has_fault ? Weight::Error : Weight::Warning,
        fmt::format("{} {}: {}", verdict->metric.cell, verdict->metric.name, verdict->reason),
        verb);
  }
  return lines;
}

std::string toJson(const KeptBlock& block) {
  ordered_json values = ordered_json::object();
  for (const auto& [name, both] : block.effects.values) {
    values[name] = ordered_json::array({numberOrNull(both[0])});
    if (block.arms.size() > 1) values[name].push_back(numberOrNull(both[1]));
  }
  ordered_json arms = ordered_json::array();
  for (const ArmReading& arm : block.arms) arms.push_back(ordered_json::parse(toJson(arm)));
  const ordered_json json = {
      {"cell", block.cell},
      {"stage", results::toString(block.stage)},
      {"block", block.number},
      {"seed", block.seed},
      {"slot_ns", block.timing.slot_ns},
      {"candidate_first", block.second_first},
      {"pairs", block.effects.pairs},
      {"admitted", block.effects.admitted},
      {"why_invalid", block.effects.why_invalid.empty() ? ordered_json(nullptr)
                                                        : ordered_json(block.effects.why_invalid)},
      {"canary_ns", block.effects.canary_ns},
      {"run_delay", block.effects.run_delay},
      {"effects", block.effects.effects},
      {"values", values},
      {"arms", arms}};
  return json.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace ringside::harness
