#include "harness/replay/kept_record.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "harness/axes.hpp"
#include "harness/console.hpp"
#include "harness/usage_error.hpp"

namespace ringside::harness {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;
using results::Status;

constexpr const char* kRecordsFile = "records.jsonl";
constexpr const char* kBlocksFile = "blocks.jsonl";

std::string firstLineOf(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::string line;
  while (line.empty() && std::getline(stream, line)) {
  }
  return line;
}

struct Place {
  fs::path path;
  std::optional<std::size_t> line;
};

/// Without ":7" at its end, where there is something of the name in front of it.
Place placeOf(const std::string& named) {
  std::error_code ignored;
  const std::size_t colon = named.rfind(':');
  if (fs::exists(named, ignored) || colon == std::string::npos) return {named, std::nullopt};
  const std::string before = named.substr(0, colon);
  std::size_t line = 0;
  const char* end = named.data() + named.size();
  const auto parsed = std::from_chars(named.data() + colon + 1, end, line);
  const bool is_number = parsed.ec == std::errc{} && parsed.ptr == end;
  if (!is_number || !fs::exists(before, ignored)) return {named, std::nullopt};
  return {before, line};
}

// --- the lines of a file ------------------------------------------------------------------------

/// What a line is chosen by.
struct KeptLine {
  std::size_t number = 0;
  std::string cell;
  std::uint32_t repetition = 0;
  Status status = Status::Ok;
};

/// Of one line. Throws RecordError for what is no record.
KeptLine readKeptLine(std::size_t number, const std::string& text) {
  const ordered_json json = ordered_json::parse(text, nullptr, false);
  const auto is_text = [&](const char* key) { return json.contains(key) && json[key].is_string(); };
  const bool is_known = json.is_object() && is_text("cell") && is_text("status") &&
                        json.contains("repetition") && json["repetition"].is_number_unsigned();
  const std::optional<Status> status =
      is_known ? results::parseStatus(json["status"].get<std::string>()) : std::nullopt;
  if (status) {
    return {number, json["cell"].get<std::string>(), json["repetition"].get<std::uint32_t>(),
            *status};
  }
  const results::Record record = results::fromJson(text);  // says what is wrong with it
  return {number, record.cell, record.repetition, record.status};
}

struct KeptLines {
  fs::path file;
  std::size_t all = 0;  ///< lines, empty ones too
  std::vector<KeptLine> records;
};

KeptLines readLines(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) {
    throw UsageError(fmt::format(
        "{}: cannot be read; name the bundle of a run, or a file with its records", file.string()));
  }
  KeptLines lines{.file = file, .records = {}};
  for (std::string text; std::getline(stream, text);) {
    ++lines.all;
    if (text.empty()) continue;
    try {
      lines.records.push_back(readKeptLine(lines.all, text));
    } catch (const results::RecordError& error) {
      if (!stream.eof()) {
        throw UsageError(fmt::format("{}:{}: {}", file.string(), lines.all, error.what()));
      }
      say("ringside: {}:{}: this last line is cut off, and not looked at\n", file.string(),
          lines.all);
    }
  }
  if (!lines.records.empty()) return lines;
  throw UsageError(
      fmt::format("{}: there is no record in it: the run ended before its first one, and nothing "
                  "can be run again; start it with `ringside run`",
                  file.string()));
}

results::Record readRecordAt(const fs::path& file, std::size_t number) {
  std::ifstream stream(file, std::ios::binary);
  std::string text;
  for (std::size_t line = 0; line < number; ++line) std::getline(stream, text);
  try {
    return results::fromJson(text);
  } catch (const results::RecordError& error) {
    throw UsageError(fmt::format("{}:{}: {}", file.string(), number, error.what()));
  }
}

// --- what is no record --------------------------------------------------------------------------

/// "its seed, 7," where the gate came to its end and said so.
std::string seedOfGate(const fs::path& folder) {
  std::ifstream stream(folder / "gate.json");
  const ordered_json gate = ordered_json::parse(stream, nullptr, false);
  if (!gate.is_object() || !gate.contains("seed")) return "its seed";
  return "--seed " + gate["seed"].dump();
}

[[noreturn]] void refuseGate(const fs::path& folder) {
  throw UsageError(
      fmt::format("{}: this is the bundle of a gate, and a block is no record: both sides ran in "
                  "it in turn; measure them again by `ringside gate` with the same --baseline, "
                  "--candidate and {}",
                  folder.string(), seedOfGate(folder)));
}

bool isBlock(const std::string& line) {
  const ordered_json json = ordered_json::parse(line, nullptr, false);
  return json.is_object() && json.contains("block") && json.contains("stage");
}

/// The file with the records of what was named.
fs::path recordsFileOf(const fs::path& path) {
  std::error_code ignored;
  if (!fs::is_directory(path, ignored)) {
    const bool is_records = path.filename() == kRecordsFile;
    if (is_records && isBundleOfGate(path.parent_path())) refuseGate(path.parent_path());
    if (isBlock(firstLineOf(path))) refuseGate(path.parent_path());
    return path;
  }
  if (isBundleOfGate(path)) refuseGate(path);
  fs::path file = path / kRecordsFile;
  if (fs::exists(file, ignored)) return file;
  throw UsageError(fmt::format(
      "{}: this is no bundle, for no {} is to be seen in it; name the folder that `ringside run` "
      "wrote, such as out/quick-…",
      path.string(), kRecordsFile));
}

void refuseWhatIsNoCell(const KeptRecord& kept) {
  const results::Record& record = kept.record;
  if (record.axes.workload == "verify") {
    throw UsageError(
        fmt::format("{}: this is a trial of verify and no cell; name one of the histories that it "
                    "left (*.history.jsonl), or try again by `ringside verify`",
                    kept.where()));
  }
  if (record.status != Status::Skipped) return;
  throw UsageError(
      fmt::format("{}: {} was skipped ({}), so there is nothing to run again; name a cell that was "
                  "run, or start the suite anew with `ringside run`",
                  kept.where(), record.cell, record.reason.value_or("no reason is given")));
}

// --- the choice ---------------------------------------------------------------------------------

const KeptLine& lineAt(const KeptLines& lines, std::size_t number) {
  for (const KeptLine& line : lines.records) {
    if (line.number == number) return line;
  }
  throw UsageError(fmt::format("{}:{}: there is no record in this line; the file has {}, from 1",
                               lines.file.string(), number, counted(lines.all, "line")));
}

std::vector<const KeptLine*> linesOf(const KeptLines& lines, const std::string& cell) {
  std::vector<const KeptLine*> chosen;
  for (const KeptLine& line : lines.records) {
    if (line.cell == cell) chosen.push_back(&line);
  }
  return chosen;
}

/// The one that is asked for, or the only one that there is.
std::string chooseCell(const KeptLines& lines, const std::optional<std::string>& asked) {
  std::set<std::string_view> cells;
  for (const KeptLine& line : lines.records) cells.insert(line.cell);
  if (asked && cells.contains(*asked)) return *asked;
  if (asked) {
    throw UsageError(
        fmt::format("--cell {}: {} has no record of it{}; `ringside report --format "
                    "csv` of a bundle names its cells",
                    *asked, lines.file.string(), suggestion(*asked, {cells.begin(), cells.end()})));
  }
  if (cells.size() == 1) return std::string(*cells.begin());
  throw UsageError(
      fmt::format("{} has records of {}; say which one with --cell NAME, such as --cell '{}', or "
                  "with the number of its line, {}:{}",
                  lines.file.string(), counted(cells.size(), "cell"), lines.records.front().cell,
                  lines.file.string(), lines.records.front().number));
}

const KeptLine& chooseRepetition(const std::vector<const KeptLine*>& of_cell,
                                 const std::optional<std::uint32_t>& asked) {
  const auto found = std::find_if(of_cell.begin(), of_cell.end(), [&](const KeptLine* line) {
    return asked ? line->repetition == *asked : line->status != Status::Skipped;
  });
  if (found != of_cell.end()) return **found;
  if (!asked) return *of_cell.front();
  std::vector<std::uint32_t> there;
  for (const KeptLine* line : of_cell) there.push_back(line->repetition);
  throw UsageError(fmt::format("--repetition {}: of {} there is {}", *asked, of_cell.front()->cell,
                               fmt::join(there, ", ")));
}

std::vector<std::string> siblingsOf(const KeptLine& line,
                                    const std::vector<const KeptLine*>& of_cell) {
  std::vector<std::string> siblings;
  for (const KeptLine* other : of_cell) {
    if (other->number == line.number) continue;
    siblings.push_back(other->status == Status::Ok
                           ? std::to_string(other->repetition)
                           : fmt::format("{} {}", other->repetition, toString(other->status)));
  }
  return siblings;
}

/// A suite beside it that is not its own is none.
fs::path bundleOf(const fs::path& file) {
  std::error_code ignored;
  const fs::path folder = file.has_parent_path() ? file.parent_path() : fs::path(".");
  const bool is_bundle = fs::exists(folder / "scenario.toml", ignored);
  return is_bundle || file.filename() == kRecordsFile ? folder : fs::path();
}

}  // namespace

bool isBundleOfGate(const fs::path& folder) {
  std::error_code ignored;
  return fs::exists(folder / kBlocksFile, ignored) && firstLineOf(folder / kRecordsFile).empty();
}

bool holdsRecords(const std::string& named) {
  std::error_code ignored;
  const Place place = placeOf(named);
  if (place.line || fs::is_directory(place.path, ignored)) return true;
  if (!fs::is_regular_file(place.path, ignored)) return false;
  const std::string line = firstLineOf(place.path);
  if (line.empty()) return place.path.filename() == kRecordsFile;
  const ordered_json json = ordered_json::parse(line, nullptr, false);
  if (json.is_discarded()) return line.starts_with("{\"schema\"");
  if (!json.is_object() || json.contains("ringside_history")) return false;
  return json.contains("schema") || isBlock(line);
}

KeptRecord findRecord(const RecordQuery& query) {
  const Place place = placeOf(query.named);
  if (place.line && (query.cell || query.repetition)) {
    throw UsageError(
        fmt::format("{}: the line says which record; leave out --cell and "
                    "--repetition",
                    query.named));
  }
  const KeptLines lines = readLines(recordsFileOf(place.path));
  const std::string cell =
      place.line ? lineAt(lines, *place.line).cell : chooseCell(lines, query.cell);
  const std::vector<const KeptLine*> of_cell = linesOf(lines, cell);
  const KeptLine& line =
      place.line ? lineAt(lines, *place.line) : chooseRepetition(of_cell, query.repetition);
  KeptRecord kept{.record = readRecordAt(lines.file, line.number),
                  .file = lines.file,
                  .line = line.number,
                  .bundle = bundleOf(lines.file),
                  .siblings = siblingsOf(line, of_cell)};
  refuseWhatIsNoCell(kept);
  return kept;
}

}  // namespace ringside::harness
