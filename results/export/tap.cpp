// Test Anything Protocol, version 14: a test point for each repetition. What failed or was invalid
// is "not ok" with its reason in YAML, what was skipped is "ok" with the directive SKIP.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "results/export/cell_figures.hpp"

namespace ringside::results {
namespace {

std::string inOneLine(std::string text) {
  std::ranges::replace_if(
      text, [](char c) { return c == '\n' || c == '\r'; }, ' ');
  return text;
}

/// For a description, where a '#' would begin a directive.
std::string escaped(const std::string& text) {
  std::string description;
  for (const char c : inOneLine(text)) {
    if (c == '#' || c == '\\') description += '\\';
    description += c;
  }
  return description;
}

/// A text as JSON writes it, which YAML reads too.
std::string yamlText(const std::string& text) {
  return nlohmann::json(text).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::string diagnosticsOf(const Record& record) {
  std::string yaml = "  ---\n";
  yaml += fmt::format("  message: {}\n", yamlText(record.reason.value_or("")));
  yaml += fmt::format("  severity: {}\n", record.status == Status::Failed ? "fail" : "invalid");
  if (record.validation) {
    const Validation& v = *record.validation;
    yaml += fmt::format("  sent: {}\n  received: {}\n", v.sent, v.received);
    yaml += fmt::format("  lost: {}\n  duplicated: {}\n", v.lost, v.duplicated);
    yaml += fmt::format("  reordered: {}\n  torn: {}\n", v.reordered, v.torn);
  }
  return yaml + "  ...\n";
}

class Tap final : public Exporter {
 public:
  void add(const Record& record) override {
    ++points_;
    const bool is_unclean = record.validation && !record.validation->clean();
    const bool is_skipped = record.status == Status::Skipped && !is_unclean;
    const bool is_fine = (record.status == Status::Ok && !is_unclean) || is_skipped;
    text_ += fmt::format("{} {} - {} repetition={}", is_fine ? "ok" : "not ok", points_,
                         escaped(record.cell), record.repetition);
    if (is_skipped) text_ += " # SKIP " + inOneLine(record.reason.value_or(""));
    text_ += "\n";
    if (!is_fine) text_ += diagnosticsOf(record);
  }

  std::vector<ExportedFile> files() const override {
    return {{"results.tap", fmt::format("TAP version 14\n1..{}\n{}", points_, text_)}};
  }

 private:
  std::uint64_t points_ = 0;
  std::string text_;
};

}  // namespace

std::unique_ptr<Exporter> makeTap(const ExportTerms&) { return std::make_unique<Tap>(); }

}  // namespace ringside::results
