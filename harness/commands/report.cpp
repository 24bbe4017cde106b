// ringside report: the figures and the page of a bundle, or its table, made again; and how figures
// went over many runs.
#include <fmt/format.h>

#include <optional>

#include "harness/commands/commands.hpp"
#include "harness/console.hpp"
#include "harness/contest_report.hpp"
#include "harness/past_runs.hpp"
#include "harness/replay/kept_record.hpp"
#include "harness/report.hpp"
#include "harness/result_table.hpp"
#include "harness/terminal.hpp"
#include "harness/usage_error.hpp"
#include "results/metrics.hpp"
#include "results/summary.hpp"
#include "results/whole_file.hpp"

namespace ringside::harness {
namespace {

namespace fs = std::filesystem;

struct ReportOptions {
  std::string folder;
  std::optional<std::string> history;  // its file; empty: the usual one
  std::optional<std::string> format;
  bool png = false;
};

/// "gate", or "drift" against a stored baseline; empty where there is none.
std::string nameOfVerdicts(const fs::path& folder) {
  for (const char* name : {"gate", "drift"}) {
    std::error_code ignored;
    if (fs::exists(folder / (std::string(name) + ".json"), ignored)) return name;
  }
  return {};
}

results::ExitCode draw(const fs::path& folder, Png png) {
  const ReportOutcome outcome = drawReport(folder, png);
  if (outcome.trouble.empty()) {
    putData((folder / "report.html").string() + "\n");
    if (isBundleOfGate(folder) && nameOfVerdicts(folder).empty()) {
      sayNext("ringside gate {} --baseline {}", (folder / "scenario.toml").string(),
              folder.string());
    } else {
      sayNext("ringside report {} --format markdown", folder.string());
    }
  } else {
    say("ringside: {}\n", outcome.trouble);
  }
  return static_cast<results::ExitCode>(outcome.exit_code);
}

results::ExitCode showHistory(const ReportOptions& options) {
  if (!options.folder.empty()) {
    throw UsageError(fmt::format(
        "report: {} and --history at once; name a bundle, or a history, or run it twice",
        options.folder));
  }
  const fs::path file = options.history->empty() ? usualHistory() : fs::path(*options.history);
  if (!fs::is_regular_file(file)) {
    throw UsageError(fmt::format(
        "--history: there is no file {}; every run adds to history.jsonl beside its bundle, or to "
        "the file that RINGSIDE_HISTORY names: name that one",
        file.string()));
  }
  const ReportOutcome outcome = drawHistory(file, options.format);
  if (!outcome.trouble.empty()) say("ringside: {}\n", outcome.trouble);
  if (outcome.exit_code == 0 && options.format)
    sayNext("ringside report --history {}", file.string());
  if (outcome.exit_code == 0 && !options.format) {
    sayNext("ringside report --history {} --format markdown", file.string());
  }
  return static_cast<results::ExitCode>(outcome.exit_code);
}

/// There is no other table of a gate than what it wrote at its end.
std::string verdictsOf(const fs::path& folder, Format format) {
  const std::string name = nameOfVerdicts(folder);
  if (name.empty()) {
    throw UsageError(fmt::format(
        "{}: it has neither gate.json nor drift.json; a gate writes one at its end, a saved "
        "baseline has none",
        folder.string()));
  }
  if (format == Format::Json || format == Format::Markdown) {
    const fs::path file = folder / (name + (format == Format::Json ? ".json" : ".md"));
    if (auto text = results::readFile(file)) return *std::move(text);
    throw UsageError(fmt::format("{}: cannot be read; take the other format", file.string()));
  }
  throw UsageError(fmt::format(
      "--format: {} is the bundle of a gate, which has its verdicts as json and as markdown; take "
      "one of these{}",
      folder.string(),
      name == "gate" ? ", or see the blocks of a cell by `ringside gate --explain CELL --from " +
                           folder.string() + "`"
                     : ""));
}

/// As at the end of the run: one pass over the records, none of which is kept with its histograms.
std::string tableOf(const fs::path& folder, Format format) {
  const fs::path suite = folder / "scenario.toml";
  const ContestTerms terms = fs::exists(suite) ? readContestTerms(suite) : ContestTerms{};
  results::Summariser summariser;
  std::vector<results::Record> records;
  const auto take = [&](results::Record record) {
    if (!terms.hasSubjects()) return summariser.add(record);
    for (const results::Metric& metric : results::allMetrics()) {
      if (const auto value = results::metricOf(record, metric.name)) {
        record.metrics[std::string(metric.name)] = *value;
      }
    }
    record.histograms.clear();
    records.push_back(std::move(record));
  };
  try {
    results::visitRecords(folder, results::CutOffLine::Drop, take);
  } catch (const results::RecordError& error) {
    throw UsageError(error.what());
  }
  if (!terms.hasSubjects())
    return renderResults(summariser.summaries(), format, tableLookOfStdout());
  const RunPlace place = placeOf(results::readFile(folder / "environment.json").value_or(""));
  return renderContest(judgeContest(terms, records), place, format);
}

results::ExitCode report(const ReportOptions& options) {
  if (options.history) return showHistory(options);
  if (options.folder.empty()) {
    throw UsageError("report: name the bundle of a run, or draw the history of many by --history");
  }
  if (!fs::is_directory(options.folder)) {
    throw UsageError(
        fmt::format("{}: there is no such folder; name the bundle of a run", options.folder));
  }
  const fs::path records = fs::path(options.folder) / "records.jsonl";
  if (std::error_code failure; !fs::exists(records, failure)) {
    throw UsageError(
        fmt::format("{}: there is no such file, or it cannot be read; name the folder that "
                    "`ringside run` wrote",
                    records.string()));
  }
  if (!options.format) return draw(options.folder, options.png ? Png::Yes : Png::No);
  const Format format = *parseFormat(*options.format);
  putAs(format, isBundleOfGate(options.folder) ? verdictsOf(options.folder, format)
                                               : tableOf(options.folder, format));
  sayNext("ringside report {}", options.folder);
  return results::ExitCode::Fine;
}

}  // namespace

void addReportCommand(CLI::App& app, results::ExitCode& exit_code) {
  CLI::App* command =
      app.add_subcommand("report", "Draw the figures of a bundle, or print its table");
  auto options = std::make_shared<ReportOptions>();
  command->add_option("bundle", options->folder, "The folder of a run")->type_name("BUNDLE");
  CLI::Option* history =
      command
          ->add_option("--history", options->history, "Draw all runs so far instead, and changes")
          ->type_name("FILE")
          ->expected(0, 1);
  CLI::Option* format =
      command->add_option("--format", options->format, "Draw nothing, print the table")
          ->type_name("FORMAT")
          ->check(CLI::IsMember({"table", "json", "csv", "markdown"}));
  command->add_flag("--png", options->png, "Figures as PNG as well")
      ->excludes(format)
      ->excludes(history);
  command->footer(
      "Examples:\n  ringside report $(ls -td out/*/ | head -1)\n"
      "  ringside report --history out/history.jsonl --format csv");
  command->callback([options, &exit_code] { exit_code = report(*options); });
}

}  // namespace ringside::harness
