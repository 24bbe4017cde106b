// ringside report: the figures and the page of a bundle, made again.
#include <fmt/format.h>

#include "harness/commands/commands.hpp"
#include "harness/console.hpp"
#include "harness/report.hpp"
#include "harness/usage_error.hpp"

namespace ringside::harness {

void addReportCommand(CLI::App& app, results::ExitCode& exit_code) {
  CLI::App* command = app.add_subcommand("report", "Draw the figures and the page of a bundle");
  auto folder = std::make_shared<std::string>();
  command->add_option("bundle", *folder, "The folder of a run")->required();
  command->footer(
      "Examples:\n  ringside report out/quick-20261121T081200Z-host\n"
      "  ringside report $(ls -td out/*/ | head -1)");
  command->callback([folder, &exit_code] {
    if (!std::filesystem::is_directory(*folder)) {
      throw UsageError(
          fmt::format("{}: there is no such folder; name the bundle of a run", *folder));
    }
    const ReportOutcome outcome = drawReport(*folder);
    exit_code = static_cast<results::ExitCode>(outcome.exit_code);
    if (outcome.trouble.empty()) {
      put("{}\n", (std::filesystem::path(*folder) / "report.html").string());
    } else {
      say("ringside: {}\n", outcome.trouble);
    }
  });
}

}  // namespace ringside::harness
