#include "harness/verify/verify_report.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "harness/console.hpp"

namespace ringside::harness {
namespace {

using nlohmann::ordered_json;

std::optional<double> highest(const std::vector<double>& values) {
  if (values.empty()) return std::nullopt;
  return *std::max_element(values.begin(), values.end());
}

std::optional<double> median(std::vector<double> values) {
  if (values.empty()) return std::nullopt;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

std::string milliseconds(const std::optional<double>& value) {
  return value ? fmt::format("{:.1f}", *value) : "–";
}

std::string classText(const CampaignFinding& finding) {
  if (!finding.tried()) return "skipped";
  return fmt::format("{}{}", toString(finding.progress), finding.failed() ? " !" : "");
}

std::string integrity(const CampaignFinding& finding) {
  const Counts& counts = finding.counts;
  return fmt::format("{}/{}/{}/{}", counts.lost, counts.duplicated, counts.reordered, counts.torn);
}

struct Column {
  const char* heading;
  std::string (*text)(const CampaignFinding&);
};
constexpr Column kColumns[] = {
    {"queue", [](const CampaignFinding& f) { return std::string(f.queue->name); }},
    {"fault", [](const CampaignFinding& f) { return std::string(toString(f.fault)); }},
    {"trials", [](const CampaignFinding& f) { return std::to_string(f.trials); }},
    {"faults", [](const CampaignFinding& f) { return std::to_string(f.faults); }},
    {"bad", [](const CampaignFinding& f) { return std::to_string(f.bad_trials); }},
    {"l/d/r/t", integrity},
    {"leaked", [](const CampaignFinding& f) { return std::to_string(f.leaked_slots); }},
    {"stale", [](const CampaignFinding& f) { return std::to_string(f.stale_segments); }},
    {"recovery ms", [](const CampaignFinding& f) { return milliseconds(median(f.recovery_ms)); }},
    {"max", [](const CampaignFinding& f) { return milliseconds(highest(f.recovery_ms)); }},
    {"s", [](const CampaignFinding& f) { return fmt::format("{:.1f}", f.seconds); }},
    {"class", classText},
};
constexpr std::size_t kLeftAligned = 2;
/// What goes first where a terminal is too narrow.
constexpr const char* kDispensable[] = {"s", "max", "stale", "leaked", "recovery ms"};

TextTable tableOf(const std::vector<CampaignFinding>& findings) {
  Row headings;
  for (const Column& column : kColumns) headings.emplace_back(column.heading);
  TextTable table(headings, kLeftAligned);
  for (const CampaignFinding& finding : findings) {
    Row row;
    for (const Column& column : kColumns) row.push_back(column.text(finding));
    table.add(std::move(row));
  }
  return table;
}

/// No longer than what one reads at a glance: cut at a word, with an ellipsis.
std::string shortened(std::string text) {
  constexpr std::size_t kMostBytes = 110;
  if (text.size() <= kMostBytes) return text;
  const std::size_t end = text.rfind(' ', kMostBytes);
  text.resize(end == std::string::npos ? kMostBytes : end);
  return text + " …";
}

std::string evidenceOf(const CampaignFinding& finding) {
  if (!finding.worst.evidence.empty()) {
    return fmt::format("{} ({})", finding.worst.evidence, finding.worst.fault_point);
  }
  if (finding.skipped.empty()) return "";
  return fmt::format("not tried{}: {}", finding.tried() ? " to the end" : "", finding.skipped);
}

std::string renderLines(const std::vector<CampaignFinding>& findings, Format format,
                        const TableLook& look) {
  const bool markdown = format == Format::Markdown;
  TextTable table = tableOf(findings);
  table.colour("class", toneOfVerdict, look.colour);
  const std::vector<std::string> left_out =
      markdown ? std::vector<std::string>{} : table.fitInto(look.columns, kDispensable);
  std::string evidence;
  for (const CampaignFinding& finding : findings) {
    const std::string one = evidenceOf(finding);
    if (one.empty()) continue;
    evidence += wrapped(
        markdown ? "- " : "  ",
        fmt::format("{} {}: {}", finding.queue->name, toString(finding.fault), shortened(one)),
        markdown ? 0 : look.columns);
  }
  return (markdown ? table.allMarkdown() : table.allAligned()) + leftOutText(left_out) +
         (evidence.empty() ? "" : "\n" + evidence);
}

ordered_json jsonOf(const std::optional<double>& value) {
  return value ? ordered_json(*value) : ordered_json(nullptr);
}

std::vector<ordered_json> objectsOf(const std::vector<CampaignFinding>& findings) {
  std::vector<ordered_json> all;
  for (const CampaignFinding& f : findings) {
    all.push_back({{"queue", f.queue->name},
                   {"fault", toString(f.fault)},
                   {"skipped", f.skipped.empty() ? ordered_json(nullptr) : ordered_json(f.skipped)},
                   {"class", toString(f.progress)},
                   {"expected", toString(f.expected)},
                   {"failed", f.failed()},
                   {"trials", f.trials},
                   {"faults", f.faults},
                   {"bad_trials", f.bad_trials},
                   {"lost", f.counts.lost},
                   {"duplicated", f.counts.duplicated},
                   {"reordered", f.counts.reordered},
                   {"torn", f.counts.torn},
                   {"redelivered", f.counts.redelivered},
                   {"leaked_slots", f.leaked_slots},
                   {"stale_segments", f.stale_segments},
                   {"detection_ms_max", jsonOf(highest(f.detection_ms))},
                   {"recovery_ms", jsonOf(median(f.recovery_ms))},
                   {"recovery_ms_max", jsonOf(highest(f.recovery_ms))},
                   {"seconds", f.seconds},
                   {"fault_point", f.worst.fault_point},
                   {"evidence", f.worst.evidence}});
  }
  return all;
}

}  // namespace

std::string renderFindings(const std::vector<CampaignFinding>& findings, Format format,
                           const TableLook& look) {
  if (format == Format::Json) return renderJson(ordered_json(objectsOf(findings)));
  if (format == Format::Csv) return renderCsv(objectsOf(findings));
  return renderLines(findings, format, look);
}

std::string lineOf(const CampaignFinding& finding) {
  const std::string evidence = evidenceOf(finding);
  return fmt::format("{} {}: {}, {}, {}, {:.1f} s{}{}", finding.queue->name,
                     toString(finding.fault), classText(finding), counted(finding.trials, "trial"),
                     counted(finding.faults, "fault"), finding.seconds,
                     evidence.empty() ? "" : "; ", evidence);
}

results::Record recordOf(const CampaignFinding& finding, const Campaign& campaign) {
  results::Record record;
  record.suite = campaign.name;
  record.cell =
      fmt::format("{}/verify/{}/{}", campaign.name, finding.queue->name, toString(finding.fault));
  record.axes.workload = "verify";
  record.axes.queue = std::string(finding.queue->name);
  const std::vector<std::uint64_t> capacities = capacitiesOf(campaign, *finding.queue);
  const QueueShape shape =
      shapeOf(campaign, *finding.queue, *std::max_element(capacities.begin(), capacities.end()));
  record.axes.element_size_bytes = shape.element_size_bytes;
  record.axes.producers = shape.producers;
  record.axes.consumers = shape.consumers;
  record.axes.capacity = shape.capacity;
  record.axes.placement = "unpinned";
  record.seconds = finding.seconds;
  record.notes.push_back(fmt::format("fault: {}", toString(finding.fault)));
  record.notes.push_back(fmt::format("class: {}, expected: {}", toString(finding.progress),
                                     toString(finding.expected)));
  record.notes.push_back(fmt::format("seed: {}", campaign.seed));
  record.notes.push_back(fmt::format("capacities: {}", fmt::join(capacities, ", ")));
  if (!finding.worst.evidence.empty()) {
    record.notes.push_back("fault point: " + finding.worst.fault_point);
    record.notes.push_back("evidence: " + finding.worst.evidence);
  }
  if (!finding.tried()) {
    record.status = results::Status::Skipped;
    record.reason = finding.skipped;
    return record;
  }
  if (!finding.skipped.empty()) record.notes.push_back("not tried to the end: " + finding.skipped);
  if (finding.failed()) {
    record.status = results::Status::Failed;
    record.reason = fmt::format("it {} under {}: {}", toString(finding.progress),
                                toString(finding.fault), finding.worst.evidence);
  }
  const Counts& counts = finding.counts;
  record.validation = results::Validation{.sent = counts.pushed,
                                          .received = counts.popped,
                                          .lost = counts.lost,
                                          .duplicated = counts.duplicated,
                                          .reordered = counts.reordered,
                                          .torn = counts.torn};
  record.metrics["trials"] = static_cast<double>(finding.trials);
  record.metrics["faults"] = static_cast<double>(finding.faults);
  record.metrics["bad_trials"] = static_cast<double>(finding.bad_trials);
  record.metrics["leaked_slots"] = static_cast<double>(finding.leaked_slots);
  record.metrics["stale_segments"] = static_cast<double>(finding.stale_segments);
  if (const auto worst = highest(finding.detection_ms)) record.metrics["detection_ms"] = *worst;
  if (const auto worst = highest(finding.recovery_ms)) record.metrics["recovery_ms"] = *worst;
  return record;
}

results::JunitSuite junitOf(const std::vector<CampaignFinding>& findings, const Campaign& campaign,
                            std::chrono::system_clock::time_point started,
                            const std::string& hostname) {
  results::JunitSuite suite{.name = campaign.name, .started = started, .hostname = hostname};
  suite.properties = {{"seed", std::to_string(campaign.seed)},
                      {"element_size_bytes", std::to_string(campaign.element_size_bytes)}};
  for (const CampaignFinding& finding : findings) {
    results::JunitCase& test = suite.cases.emplace_back();
    test.classname = fmt::format("{}.{}.unpinned", campaign.name, finding.queue->name);
    test.name = std::string(toString(finding.fault));
    test.seconds = finding.seconds;
    test.system_out = lineOf(finding);
    if (!finding.tried()) {
      test.outcome = {.status = results::JunitStatus::Skipped, .message = finding.skipped};
    } else if (finding.failed()) {
      test.outcome = results::junitOutcome(
          results::ExitCode::Integrity,
          fmt::format("{}, expected {}", toString(finding.progress), toString(finding.expected)));
      test.outcome.text = evidenceOf(finding);
    }
  }
  return suite;
}

}  // namespace ringside::harness
