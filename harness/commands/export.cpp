// ringside export: a bundle in the formats that other tools read.
#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>

#include "harness/axes.hpp"
#include "harness/commands/commands.hpp"
#include "harness/console.hpp"
#include "harness/usage_error.hpp"
#include "results/descriptor.hpp"
#include "results/export/export_format.hpp"
#include "results/metrics.hpp"
#include "results/whole_file.hpp"

namespace ringside::harness {
namespace {

namespace fs = std::filesystem;
using results::ExportChoice;
using results::ExportedFile;
using results::ExportFiles;
using results::ExportFormat;

constexpr const char* kStdout = "-";
/// Files of a bundle that an export must not replace.
constexpr std::string_view kOwnFiles[] = {"records.jsonl", "environment.json", "scenario.toml",
                                          "run.json",      "handoff.json",     "report.html"};

struct ExportOptions {
  std::string folder;
  std::string format;
  std::string out;  // "-" or empty: stdout
  std::vector<std::string> metrics;
  std::string cell_part;
};

/// What became of the records of a bundle.
struct Taken {
  std::uint64_t records = 0;
  std::uint64_t exported = 0;
  std::string first_cell;
};

bool goesToStdout(const ExportOptions& options) {
  return options.out.empty() || options.out == kStdout;
}

// --- what was asked -----------------------------------------------------------------------------

void checkMetrics(const ExportFormat& format, const std::vector<std::string>& metrics) {
  if (metrics.empty() || format.choice == ExportChoice::Histograms) return;
  if (format.choice == ExportChoice::Nothing) {
    throw UsageError(
        fmt::format("--metric {}: {} says what came of each repetition, and holds no metrics; "
                    "leave it out",
                    metrics.front(), format.name));
  }
  std::vector<std::string_view> known;
  for (const results::Metric& metric : results::allMetrics()) known.push_back(metric.name);
  for (const std::string& name : metrics) {
    if (results::findMetric(name) != nullptr) continue;
    throw UsageError(fmt::format(
        "--metric {}: no such metric{}; columns of --format csv are all that a bundle has", name,
        suggestion(name, known)));
  }
}

void checkFolder(const std::string& folder) {
  if (fs::is_directory(folder)) return;
  throw UsageError(fmt::format("{}: there is no such folder; name the bundle of a run", folder));
}

/// An export may stand in the bundle, but in the place of none of its files.
void checkOut(const ExportOptions& options) {
  if (goesToStdout(options)) return;
  const bool is_own = std::ranges::any_of(kOwnFiles, [&](std::string_view name) {
    std::error_code ignored;
    return fs::equivalent(options.out, fs::path(options.folder) / name, ignored);
  });
  if (!is_own) return;
  throw UsageError(fmt::format(
      "--out {}: the bundle's own file, which is never replaced; name another one", options.out));
}

// --- the records --------------------------------------------------------------------------------

Taken addRecords(results::Exporter& exporter, const ExportOptions& options) {
  Taken taken;
  results::visitRecords(options.folder, results::CutOffLine::Drop, [&](results::Record record) {
    if (++taken.records == 1) taken.first_cell = record.cell;
    if (record.cell.find(options.cell_part) == std::string::npos) return;
    ++taken.exported;
    exporter.add(record);
  });
  return taken;
}

/// Of a run that was killed.
void tellOfCutOffLine(const ExportOptions& options, const Taken& taken) {
  const fs::path file = fs::path(options.folder) / "records.jsonl";
  std::ifstream stream(file, std::ios::binary);
  std::uint64_t lines = 0;
  for (std::string line; std::getline(stream, line);) lines += line.empty() ? 0 : 1;
  if (lines <= taken.records) return;
  say("left out: the last line of {}, which is cut off\n", file.string());
}

void checkTaken(const Taken& taken, const ExportOptions& options) {
  if (taken.records == 0) {
    throw UsageError(
        fmt::format("{}: there are no records in it; name the bundle of `ringside run` (those of a "
                    "gate and of verify have their junit.xml already)",
                    options.folder));
  }
  if (taken.exported > 0) return;
  throw UsageError(fmt::format("--cell {}: no cell of {} has this in its name; the first is {}",
                               options.cell_part, options.folder, taken.first_cell));
}

// --- the files ----------------------------------------------------------------------------------

[[noreturn]] void refuseToWrite(const fs::path& path, int error) {
  throw UsageError(fmt::format("--out {}: cannot be written ({}); name another place",
                               path.string(), std::strerror(error)));
}

/// What is neither a file nor a folder takes what is written to it, such as a pipe.
int writeThrough(const fs::path& path, const std::string& text) {
  const results::Descriptor output(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  return output.number() < 0 ? errno : results::writeAll(output.number(), text);
}

/// The file that is meant by a link, whether it is there or not.
fs::path meantBy(const fs::path& path) {
  std::error_code not_a_link;
  const fs::path target = fs::read_symlink(path, not_a_link);
  return not_a_link ? path : path.parent_path() / target;
}

void writeFile(const fs::path& path, const std::string& text) {
  std::error_code ignored;
  const bool is_replaced = !fs::exists(path, ignored) || fs::is_regular_file(path, ignored);
  const int error =
      is_replaced ? results::replaceFile(meantBy(path), text) : writeThrough(path, text);
  if (error != 0) refuseToWrite(path, error);
}

void writeFolder(const fs::path& folder, const std::vector<ExportedFile>& files) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) refuseToWrite(folder, error.value());
  for (const ExportedFile& file : files) writeFile(folder / file.name, file.text);
  say("{}: {}\n", counted(files.size(), "file"), folder.string());
}

/// Where to; empty: to stdout.
fs::path write(const ExportFormat& format, const ExportOptions& options,
               const std::vector<ExportedFile>& files) {
  if (files.empty()) {
    throw UsageError(fmt::format("{}: nothing in it can be written as {}; the reasons stand above",
                                 options.folder, format.name));
  }
  if (goesToStdout(options)) {
    if (files.size() == 1) {
      putData(files.front().text);
      return {};
    }
    throw UsageError(fmt::format(
        "--format {}: {} do not fit on stdout; name a folder by --out DIR{}", format.name,
        counted(files.size(), "file"),
        format.choice == ExportChoice::Histograms
            ? fmt::format(", or choose one by --cell PART and --metric {}",
                          fs::path(files.front().name).stem().extension().string().substr(1))
            : ""));
  }
  const fs::path out = options.out;
  std::error_code ignored;
  const bool is_folder = fs::is_directory(out, ignored) || !out.has_filename();
  if (is_folder || format.files == ExportFiles::Several) {
    writeFolder(out, files);
    return files.size() == 1 ? out / files.front().name : out;
  }
  writeFile(out, files.front().text);
  say("{}\n", out.string());
  return out;
}

/// A program that reads it, where one is known; else another look at the bundle.
void sayWhatNext(const ExportFormat& format, const ExportOptions& options, const fs::path& out) {
  if (out.empty()) return;  // stdout is read already
  if (format.reader.empty()) return sayNext("ringside report {}", options.folder);
  sayNextCommand(fmt::format(fmt::runtime(format.reader), shellWord(out.string())));
}

results::ExitCode exportBundle(const ExportOptions& options) {
  const ExportFormat& format = *results::findExportFormat(options.format);
  checkFolder(options.folder);
  checkMetrics(format, options.metrics);
  checkOut(options);
  try {
    const auto exporter =
        format.make({.facts = results::readRunFacts(options.folder), .only = options.metrics});
    const Taken taken = addRecords(*exporter, options);
    checkTaken(taken, options);
    tellOfCutOffLine(options, taken);
    for (const std::string& sentence : exporter->leftOut()) say("left out: {}\n", sentence);
    const fs::path out = write(format, options, exporter->files());
    sayWhatNext(format, options, out);
  } catch (const results::RecordError& error) {
    throw UsageError(error.what());
  }
  return results::ExitCode::Fine;
}

std::vector<std::string> formatNames() {
  std::vector<std::string> names;
  for (const ExportFormat& format : results::exportFormats()) names.emplace_back(format.name);
  return names;
}

std::string footer() {
  std::string text = "Formats:\n";
  for (const ExportFormat& format : results::exportFormats()) {
    text += fmt::format("  {:<12} {}{}\n", format.name, format.summary,
                        format.files == ExportFiles::Several ? " (--out DIR)" : "");
  }
  return text +
         "\nExamples:\n  ringside export out/before --format junit --out junit.xml\n"
         "  ringside export out/before --format hgrm --cell /spsc/ --out percentiles/";
}

}  // namespace

void addExportCommand(CLI::App& app, results::ExitCode& exit_code) {
  CLI::App* command = app.add_subcommand("export", "A bundle in the formats of other tools");
  auto options = std::make_shared<ExportOptions>();
  command->add_option("bundle", options->folder, "The folder of a run")
      ->type_name("BUNDLE")
      ->required();
  command->add_option("--format", options->format, "For which tools")
      ->type_name("FORMAT")
      ->required()
      ->check(CLI::IsMember(formatNames()));
  command->add_option("--out", options->out, "A file or a folder; stdout when left out, or -")
      ->type_name("PATH");
  command->add_option("--metric", options->metrics, "Only this one; of hgrm and hlog a histogram")
      ->type_name("METRIC")
      ->expected(1)
      ->take_all();
  command->add_option("--cell", options->cell_part, "Only cells with this in their names")
      ->type_name("PART");
  command->footer(footer());
  command->callback([options, &exit_code] { exit_code = exportBundle(*options); });
}

}  // namespace ringside::harness
