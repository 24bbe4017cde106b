#include "harness/contest_report.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "harness/contest_rows.hpp"
#include "harness/contest_table.hpp"

namespace ringside::harness {
namespace {

using nlohmann::ordered_json;
using results::Contest;
using results::Entrant;
using results::Finding;
using results::MedianInterval;

template <class Value>
ordered_json orNull(const std::optional<Value>& value) {
  return value ? ordered_json(*value) : ordered_json(nullptr);
}

void putRatio(ordered_json& json, const std::optional<MedianInterval>& ratio,
              std::uint32_t rounds) {
  json["ratio"] = ratio ? ordered_json(ratio->median) : ordered_json(nullptr);
  json["ratio_low"] = ratio ? ordered_json(ratio->low) : ordered_json(nullptr);
  json["ratio_high"] = ratio ? ordered_json(ratio->high) : ordered_json(nullptr);
  json["ratio_coverage"] = ratio ? ordered_json(ratio->coverage) : ordered_json(nullptr);
  json["ratio_rounds"] = rounds;
}

ordered_json shapeToJson(const Contest& contest, const Entrant& entrant) {
  return {{"workload", contest.axes.workload},
          {"metric", contest.metric},
          {"producers", contest.axes.producers},
          {"consumers", contest.axes.consumers},
          {"element_size_bytes", contest.axes.element_size_bytes},
          {"capacity", contest.axes.capacity},
          {"batch", contest.axes.batch},
          {"placement", contest.axes.placement},
          {"queue", entrant.axes.queue},
          {"wait", entrant.axes.wait},
          {"tuning", entrant.axes.tuning}};
}

std::string_view roleOf(const Contest& contest, const Entrant& entrant) {
  if (entrant.is_subject) return "subject";
  if (!entrant.gives_up.empty()) return "gives something up";
  return contest.best && &entrant == &contest.entrants[*contest.best] ? "best comparator"
                                                                      : "comparator";
}

ordered_json toJson(const Contest& contest, const Entrant& entrant) {
  ordered_json json = shapeToJson(contest, entrant);
  json["role"] = roleOf(contest, entrant);
  json["gives_up"] = entrant.gives_up;
  json["value"] = entrant.values.empty() ? ordered_json(nullptr) : ordered_json(entrant.median);
  json["best_comparator"] = contest.best
                                ? ordered_json(labelOf(contest.entrants[*contest.best], {&contest}))
                                : ordered_json(nullptr);
  putRatio(json, entrant.ratio, entrant.rounds);
  json["over_floor"] = orNull(entrant.over_floor);
  json["handoff_ns"] = orNull(contest.handoff_ns);
  json["rounds"] = entrant.values.size();
  json["rounds_left_out"] = entrant.left_out;
  json["rounds_failed"] = entrant.failed;
  json["rounds_invalid"] = entrant.invalid;
  return json;
}

std::vector<ordered_json> rowsOf(const ContestReport& report) {
  std::vector<ordered_json> rows;
  for (const Contest& contest : report.contests) {
    for (const Entrant& entrant : contest.entrants) rows.push_back(toJson(contest, entrant));
  }
  return rows;
}

ordered_json toJson(const ContestReport& report, const Finding& finding) {
  const Contest& contest = report.contests[finding.contest];
  const ExpectationTerms& terms = report.terms.expectations[finding.expectation];
  ordered_json json = shapeToJson(contest, contest.entrants[finding.entrant]);
  json["against"] = finding.yardstick
                        ? ordered_json(labelOf(contest.entrants[*finding.yardstick], {&contest}))
                        : ordered_json(nullptr);
  json["at_least"] = terms.at_least;
  putRatio(json, finding.ratio, finding.rounds);
  json["fulfilment"] = results::toString(finding.fulfilment);
  return json;
}

ordered_json placementsToJson(const ContestReport& report) {
  ordered_json list = ordered_json::array();
  for (const auto& [placement, regimes] : report.survey.all()) {
    const results::Regime* of_run = report.survey.ofRun(placement);
    for (const results::Regime& regime : regimes) {
      list.push_back({{"placement", placement},
                      {"low_ns", regime.low_ns},
                      {"high_ns", regime.high_ns},
                      {"median_ns", regime.median_ns},
                      {"readings", regime.readings},
                      {"is_of_run", &regime == of_run}});
    }
  }
  return list;
}

ordered_json toJson(const ContestReport& report, const RunPlace& place) {
  ordered_json json = {{"machine", place.machine},
                       {"date", place.date},
                       {"build", place.build},
                       {"rounds", report.rounds},
                       {"handoffs", placementsToJson(report)},
                       {"repetitions_elsewhere", report.elsewhere},
                       {"repetitions_moved", report.moved},
                       {"repetitions_unmeasured", report.unmeasured},
                       {"entrants", rowsOf(report)},
                       {"expectations", ordered_json::array()}};
  for (const Finding& finding : report.findings) {
    json["expectations"].push_back(toJson(report, finding));
  }
  return json;
}

/// A text of environment.json, empty when it is not there.
std::string factOf(const ordered_json& environment, const char* section, const char* name) {
  const auto facts = environment.find(section);
  if (facts == environment.end() || !facts->is_object()) return {};
  const auto fact = facts->find(name);
  return fact != facts->end() && fact->is_string() ? fact->get<std::string>() : "";
}

}  // namespace

ContestReport judgeContest(const ContestTerms& terms, std::span<const results::Record> records) {
  ContestReport report;
  report.terms = terms;
  report.survey = results::RegimeSurvey(records);
  report.contests = results::holdContests(records, terms.subjects, report.survey);
  std::vector<results::Expectation> expectations;
  for (const ExpectationTerms& line : terms.expectations) {
    expectations.push_back(toExpectation(line));
  }
  report.findings = results::judgeExpectations(expectations, report.contests);
  for (const results::Record& record : records) {
    if (record.status == results::Status::Skipped) continue;
    report.rounds = std::max(report.rounds, record.repetition + 1);
    if (record.status != results::Status::Ok) continue;
    const results::Standing standing = report.survey.standingOf(record);
    report.elsewhere += standing == results::Standing::Elsewhere ? 1 : 0;
    report.moved += standing == results::Standing::Moved ? 1 : 0;
    report.unmeasured += standing == results::Standing::Unmeasured ? 1 : 0;
  }
  return report;
}

RunPlace placeOf(const std::string& environment_json) {
  const ordered_json environment = ordered_json::parse(environment_json, nullptr, false);
  if (!environment.is_object()) return {};
  std::vector<std::string> parts;
  const auto add = [&](const std::string& text) {
    if (!text.empty()) parts.push_back(text);
  };
  add(factOf(environment, "cpu", "model"));
  add(factOf(environment, "topology", "summary"));
  if (factOf(environment, "machine", "hypervisor") == "yes") add("virtual machine");
  add(factOf(environment, "kernel", "release"));
  RunPlace place;
  place.machine = fmt::format("{}", fmt::join(parts, ", "));
  place.date = factOf(environment, "machine", "time_utc").substr(0, 10);
  parts.clear();
  if (const std::string version = factOf(environment, "build", "version"); !version.empty()) {
    add("ringside " + version);
  }
  add(factOf(environment, "build", "compiler"));
  place.build = fmt::format("{}", fmt::join(parts, ", "));
  return place;
}

std::string renderContest(const ContestReport& report, const RunPlace& place, Format format) {
  const bool for_people = format == Format::Table || format == Format::Markdown;
  if (report.contests.empty() && for_people) return "nothing was measured\n";
  switch (format) {
    case Format::Json:
      return renderJson(toJson(report, place));
    case Format::Csv:
      return renderCsv(rowsOf(report));
    case Format::Markdown:
      return contestBlock(report, place);
    case Format::Table:
      break;
  }
  return contestTables(report);
}

}  // namespace ringside::harness
