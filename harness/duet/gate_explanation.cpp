#include "harness/duet/gate_explanation.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <vector>

#include "harness/axes.hpp"
#include "harness/text_table.hpp"
#include "harness/usage_error.hpp"
#include "results/statistics/sign_flip.hpp"
#include "results/whole_file.hpp"

namespace ringside::harness {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

std::string percentText(double effect) {
  return fmt::format("{:+.2f} %", 100 * std::expm1(effect));
}

std::string numberText(const json& value, const char* form = "{:+.2f} %") {
  return value.is_number() ? fmt::format(fmt::runtime(form), value.get<double>()) : "–";
}

json readGate(const fs::path& bundle) {
  const std::string text = results::readFile(bundle / "gate.json").value_or("");
  const json gate = json::parse(text, nullptr, false);
  if (!gate.is_discarded() && gate.contains("verdicts")) return gate;
  throw UsageError(
      fmt::format("{}: this is no bundle of a gate, or the gate did not come to its "
                  "end; name one that has a gate.json",
                  bundle.string()));
}

std::string cellOf(const json& gate, const std::string& named) {
  std::set<std::string> cells;
  for (const json& verdict : gate.at("verdicts")) cells.insert(verdict.at("cell"));
  if (cells.contains(named)) return named;
  std::vector<std::string> fit;
  for (const std::string& cell : cells) {
    if (cell.find(named) != std::string::npos) fit.push_back(cell);
  }
  if (fit.size() == 1) return fit.front();
  throw UsageError(
      fmt::format("--explain {}: {}; the cells are\n  {}", named,
                  fit.empty() ? "no cell is called so" : "several cells are called so",
                  fmt::join(fit.empty() ? std::vector(cells.begin(), cells.end()) : fit, "\n  ")));
}

/// Of those words among the others, where they are added if they are new.
std::size_t placeIn(std::vector<std::string>& all, const std::string& words) {
  auto found = std::find(all.begin(), all.end(), words);
  if (found == all.end()) found = all.insert(found, words);
  return static_cast<std::size_t>(found - all.begin());
}

/// Why a block does not count stands below the table.
std::string blockTable(const fs::path& bundle, const std::string& cell,
                       const std::vector<std::string>& metrics, std::size_t columns) {
  constexpr const char* kDispensable[] = {"canaries", "pairs", "stage"};
  Row headings = {"stage", "block", "pairs", "canaries"};
  headings.insert(headings.end(), metrics.begin(), metrics.end());
  headings.emplace_back("counts");
  TextTable table(headings, 1);
  std::vector<std::string> reasons;
  std::ifstream stream(bundle / "blocks.jsonl");
  for (std::string line; std::getline(stream, line);) {
    const json block = json::parse(line, nullptr, false);
    if (block.is_discarded() || block.at("cell") != cell) continue;
    const json& canaries = block.at("canary_ns");
    Row row = {block.at("stage"), std::to_string(block.at("block").get<int>()),
               fmt::format("{}/{}", block.at("admitted").get<int>(), block.at("pairs").get<int>()),
               fmt::format("{:.0f}, {:.0f} ns", canaries.at(0).get<double>(),
                           canaries.at(1).get<double>())};
    for (const std::string& metric : metrics) {
      const json& effects = block.at("effects");
      row.push_back(effects.contains(metric) ? percentText(effects.at(metric).get<double>()) : "–");
    }
    const json& why = block.at("why_invalid");
    row.push_back(why.is_null() ? "yes" : fmt::format("no [{}]", placeIn(reasons, why) + 1));
    table.add(row);
  }
  const std::vector<std::string> left_out = table.fitInto(columns, kDispensable);
  std::string text = table.allAligned() + leftOutText(left_out);
  for (std::size_t i = 0; i < reasons.size(); ++i) {
    text += wrapped(fmt::format("[{}] ", i + 1), reasons[i], columns);
  }
  return text;
}

/// One stage of one metric: which score each block has, and how improbable their sum is. The
/// blocks of a top-up after it had no say in that.
std::string stageText(const char* name, const json& effects, double margin, std::size_t topped_up,
                      std::size_t columns) {
  if (effects.empty()) return "";
  auto values = effects.get<std::vector<double>>();
  values.resize(values.size() - std::min(values.size(), topped_up));
  const results::SignFlip test = results::signFlip(values, margin);
  std::vector<std::string> scores;
  int all = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const bool above = values[i] > margin;
    scores.push_back(fmt::format("{}{}", above ? "+" : "-", test.scores[i]));
    all += test.scores[i];
  }
  return wrapped("  ",
                 fmt::format("{}: {} blocks, scores about the margin {}", name, values.size(),
                             fmt::join(scores, " ")),
                 columns) +
         wrapped("    ",
                 fmt::format("sum of those above {} of {}: p {:.3g} of being no worse than the "
                             "margin{}",
                             test.sum, all, test.p,
                             topped_up == 0 ? ""
                                            : fmt::format("; then {} blocks more, for the estimate",
                                                          topped_up)),
                 columns);
}

/// How small a p of stage two had to be: the least of so many, and all of them together.
std::string thresholdText(const json& gate) {
  std::size_t flagged = 0;
  for (const json& verdict : gate.at("verdicts")) {
    if (verdict.at("gates").get<bool>() && verdict.at("second_p").is_number()) ++flagged;
  }
  if (flagged == 0) return "";
  const json& terms = gate.at("terms");
  const double rate = terms.at("false_discovery_rate");
  return fmt::format(
      "Stage two had {} gating metrics; {} rejects the k-th least p where it is at most {}: the "
      "least one at {:.2g}.",
      flagged, terms.at("family_wise").get<bool>() ? "Holm" : "Benjamini-Hochberg",
      terms.at("family_wise").get<bool>() ? fmt::format("{:g} / ({} - k + 1)", rate, flagged)
                                          : fmt::format("k * {:g} / {}", rate, flagged),
      rate / static_cast<double>(flagged));
}

std::string metricText(const json& gate, const json& verdict, std::size_t columns) {
  const bool any_time = gate.at("terms").value("any_time", false);
  const auto sides = gate.value("columns", std::vector<std::string>{"baseline", "candidate"});
  const double margin = std::log1p(verdict.at("margin_percent").get<double>() / 100);
  const auto line = [&](const std::string& words) { return wrapped("  ", words, columns); };
  std::string text = fmt::format("{}: {}\n", verdict.at("metric").get<std::string>(),
                                 verdict.at("verdict").get<std::string>());
  text += line(verdict.at("reason"));
  text += line(fmt::format("margin {:g} %, pass bound {:g} %, {} {}, {} {}",
                           verdict.at("margin_percent").get<double>(),
                           verdict.at("pass_percent").get<double>(), sides.at(0),
                           numberText(verdict.at("baseline"), "{:.6g}"), sides.at(1),
                           numberText(verdict.at("candidate"), "{:.6g}")));
  const std::size_t topped_up = verdict.value("topped_up_blocks", 0U);
  if (any_time) {
    text += line(fmt::format(
        "{} blocks, whose evidence against being no worse than the margin is {:.3g} to 1",
        verdict.at("first_effects").size(), 1 / verdict.at("first_p").get<double>()));
  } else {
    // A top-up of stage one comes before its test, and that of stage two after.
    text += stageText("stage one", verdict.at("first_effects"), margin, 0, columns);
    text += stageText("stage two", verdict.at("second_effects"), margin, topped_up, columns);
  }
  text += line(
      fmt::format("estimate {} [{}, {}], MDE {}", numberText(verdict.at("worse_by_percent")),
                  numberText(verdict.at("lower_percent")), numberText(verdict.at("upper_percent")),
                  numberText(verdict.at("mde_percent"))));
  return text;
}

}  // namespace

std::string explainGate(const fs::path& bundle, const std::string& named, std::size_t columns) {
  const json gate = readGate(bundle);
  const std::string cell = cellOf(gate, named);
  std::vector<std::string> metrics;
  std::string text;
  for (const json& verdict : gate.at("verdicts")) {
    if (verdict.at("cell") != cell) continue;
    if (verdict.at("gates").get<bool>()) metrics.push_back(verdict.at("metric"));
    text += '\n';
    text += metricText(gate, verdict, columns);
  }
  if (const std::string threshold = thresholdText(gate); !threshold.empty()) {
    text += "\n" + wrapped("", threshold, columns);
  }
  return wrapped("", fmt::format("{}, of {}", cell, bundle.string()), columns) +
         wrapped("",
                 "Effects: positive is worse. A block counts when enough pairs of slots do, whose "
                 "canaries agree.",
                 columns) +
         "\n" + blockTable(bundle, cell, metrics, columns) + text;
}

fs::path newestGate() {
  fs::path newest;
  std::error_code failure;
  for (const auto& entry : fs::directory_iterator("out", failure)) {
    const bool is_gate = fs::exists(entry.path() / "gate.json", failure);
    if (!is_gate) continue;
    if (newest.empty() || fs::last_write_time(entry.path() / "gate.json") >
                              fs::last_write_time(newest / "gate.json")) {
      newest = entry.path();
    }
  }
  if (!newest.empty()) return newest;
  throw UsageError("--explain: there is no bundle of a gate in out/; name one with --from DIR");
}

}  // namespace ringside::harness
