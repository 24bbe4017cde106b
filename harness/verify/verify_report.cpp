#include "harness/verify/verify_report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

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
  if (!finding.skipped.empty() && finding.trials == 0) return "skipped";
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
    {"class", classText},
    {"trials", [](const CampaignFinding& f) { return std::to_string(f.trials); }},
    {"faults", [](const CampaignFinding& f) { return std::to_string(f.faults); }},
    {"bad", [](const CampaignFinding& f) { return std::to_string(f.bad_trials); }},
    {"l/d/r/t", integrity},
    {"leaked", [](const CampaignFinding& f) { return std::to_string(f.leaked_slots); }},
    {"stale", [](const CampaignFinding& f) { return std::to_string(f.stale_segments); }},
    {"recovery ms", [](const CampaignFinding& f) { return milliseconds(median(f.recovery_ms)); }},
    {"max", [](const CampaignFinding& f) { return milliseconds(highest(f.recovery_ms)); }},
    {"s", [](const CampaignFinding& f) { return fmt::format("{:.1f}", f.seconds); }},
};
constexpr std::size_t kLeftAligned = 3;

/// Columns in characters, not bytes: "–" is three of them.
std::size_t widthOf(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

std::string padded(const std::string& text, std::size_t width, bool left) {
  const std::string space(width - std::min(width, widthOf(text)), ' ');
  return left ? text + space : space + text;
}

std::vector<std::string> rowOf(const CampaignFinding& finding) {
  std::vector<std::string> row;
  for (const Column& column : kColumns) row.push_back(column.text(finding));
  return row;
}

std::vector<std::string> headings() {
  std::vector<std::string> row;
  for (const Column& column : kColumns) row.emplace_back(column.heading);
  return row;
}

std::string evidenceOf(const CampaignFinding& finding) {
  if (!finding.worst.evidence.empty()) {
    return fmt::format("{} under {}: {} ({})", finding.queue->name, toString(finding.fault),
                       finding.worst.evidence, finding.worst.fault_point);
  }
  if (finding.skipped.empty()) return "";
  return fmt::format("{} under {} was not tried{}: {}", finding.queue->name,
                     toString(finding.fault), finding.trials > 0 ? " to the end" : "",
                     finding.skipped);
}

std::string renderLines(const std::vector<CampaignFinding>& findings, Format format) {
  std::vector<std::vector<std::string>> rows = {headings()};
  for (const CampaignFinding& finding : findings) rows.push_back(rowOf(finding));
  std::vector<std::size_t> widths(std::size(kColumns), 0);
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], widthOf(row[i]));
  }
  const bool markdown = format == Format::Markdown;
  std::string text;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    std::string line = markdown ? "|" : "";
    for (std::size_t i = 0; i < rows[r].size(); ++i) {
      const std::string cell = padded(rows[r][i], widths[i], i < kLeftAligned);
      line += markdown ? " " + cell + " |" : (i > 0 ? "  " : "") + cell;
    }
    text += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
    if (r > 0 || !markdown) continue;
    text += "|";
    for (std::size_t i = 0; i < widths.size(); ++i) text += i < kLeftAligned ? " --- |" : " ---: |";
    text += "\n";
  }
  std::string evidence;
  for (const CampaignFinding& finding : findings) {
    const std::string one = evidenceOf(finding);
    if (!one.empty()) evidence += fmt::format("{}{}\n", markdown ? "- " : "  ", one);
  }
  return evidence.empty() ? text : text + "\n" + evidence;
}

ordered_json jsonOf(const std::optional<double>& value) {
  return value ? ordered_json(*value) : ordered_json(nullptr);
}

std::string renderJson(const std::vector<CampaignFinding>& findings) {
  ordered_json all = ordered_json::array();
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
  return all.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

std::string csvField(const std::string& text) {
  if (text.find_first_of(",\"\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? std::string("\"\"") : std::string(1, c);
  return quoted + "\"";
}

std::string renderCsv(const std::vector<CampaignFinding>& findings) {
  std::string text;
  const auto line = [&](const std::vector<std::string>& row, const std::string& last) {
    for (const std::string& cell : row) text += csvField(cell) + ",";
    text += csvField(last) + "\n";
  };
  line(headings(), "evidence");
  for (const CampaignFinding& finding : findings) line(rowOf(finding), evidenceOf(finding));
  return text;
}

}  // namespace

std::string renderFindings(const std::vector<CampaignFinding>& findings, Format format) {
  if (format == Format::Json) return renderJson(findings);
  if (format == Format::Csv) return renderCsv(findings);
  return renderLines(findings, format);
}

std::string lineOf(const CampaignFinding& finding) {
  const std::string evidence = evidenceOf(finding);
  return fmt::format("{} {}: {}, {} trials, {} faults, {:.1f} s{}{}", finding.queue->name,
                     toString(finding.fault), classText(finding), finding.trials, finding.faults,
                     finding.seconds, evidence.empty() ? "" : "; ", evidence);
}

results::Record recordOf(const CampaignFinding& finding, const Campaign& campaign) {
  results::Record record;
  record.suite = campaign.name;
  record.cell =
      fmt::format("{}/verify/{}/{}", campaign.name, finding.queue->name, toString(finding.fault));
  record.axes.workload = "verify";
  record.axes.queue = std::string(finding.queue->name);
  record.axes.element_size_bytes = campaign.element_size_bytes;
  record.axes.capacity = campaign.capacities.back();
  record.axes.placement = "unpinned";
  record.seconds = finding.seconds;
  record.notes.push_back(fmt::format("fault: {}", toString(finding.fault)));
  record.notes.push_back(fmt::format("class: {}, expected: {}", toString(finding.progress),
                                     toString(finding.expected)));
  record.notes.push_back(fmt::format("seed: {}", campaign.seed));
  if (!finding.worst.evidence.empty()) {
    record.notes.push_back("fault point: " + finding.worst.fault_point);
    record.notes.push_back("evidence: " + finding.worst.evidence);
  }
  if (finding.trials == 0) {
    record.status = results::Status::Skipped;
    record.reason = finding.skipped.empty() ? "interrupted" : finding.skipped;
    return record;
  }
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

}  // namespace ringside::harness
