// Drawing a bundle: figures and report.html, by the Python scripts in plots/.
#pragma once

#include <filesystem>
#include <string>

namespace ringside::harness {

struct ReportOutcome {
  int exit_code = 0;    ///< of the script; 2 for a bad bundle
  std::string trouble;  ///< why no page was made, empty when one was
};

/// Runs plots/report.py, whose own messages go to stderr.
ReportOutcome drawReport(const std::filesystem::path& bundle);

}  // namespace ringside::harness
