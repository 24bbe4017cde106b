// Drawing a bundle, the history of many, and what they differ by: by the Python scripts in plots/.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

namespace ringside::harness {

struct ReportOutcome {
  int exit_code = 0;    ///< of the script; 2 for a bad bundle
  std::string trouble;  ///< why no page was made, empty when one was
};

/// Whether figures are written as PNG, too.
enum class Png { No, Yes };

/// Runs plots/report.py, which writes figures and report.html into the bundle. Its own messages go
/// to stderr.
ReportOutcome drawReport(const std::filesystem::path& bundle, Png png = Png::No);

/// The same at the end of a measurement: says where the page is, or why there is none.
void drawPage(const std::filesystem::path& bundle);

/// Runs plots/history.py, which writes a page beside the history and prints its path on stdout; or,
/// in a format ("table", "json", "csv", "markdown"), prints what the page would say and writes
/// nothing.
ReportOutcome drawHistory(const std::filesystem::path& history,
                          const std::optional<std::string>& format);

/// Runs plots/comparison.py on what `compare --format json` prints: writes the page beside the
/// file, with the ending html instead of json.
ReportOutcome drawComparison(const std::filesystem::path& comparison);

}  // namespace ringside::harness
