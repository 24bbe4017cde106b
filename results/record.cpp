#include "results/record.hpp"

#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <system_error>
#include <utility>

#include "results/record_lines.hpp"

namespace ringside::results {
namespace {

constexpr std::array kStatusNames = {
    std::pair{Status::Ok, std::string_view("ok")},
    std::pair{Status::Failed, std::string_view("failed")},
    std::pair{Status::Invalid, std::string_view("invalid")},
    std::pair{Status::Skipped, std::string_view("skipped")},
};

std::filesystem::path fileOf(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::is_directory(path, ignored) ? path / "records.jsonl" : path;
}

/// Read in large pieces, for the memory of which `pieces` must outlive it.
std::ifstream openFile(const std::filesystem::path& file, std::vector<char>& pieces) {
  errno = 0;
  std::ifstream stream;
  stream.rdbuf()->pubsetbuf(pieces.data(), static_cast<std::streamsize>(pieces.size()));
  stream.open(file, std::ios::binary);
  if (!stream) {
    throw RecordError(fmt::format("{}: cannot be opened ({}); name a bundle or its records.jsonl",
                                  file.string(), std::generic_category().message(errno)));
  }
  return stream;
}

/// Where a line stands, and how it ended.
struct Place {
  const std::filesystem::path& file;
  std::size_t line_number = 0;
  bool ended = true;  // by a line end, so that it was written whole
};

using Parse = std::function<Record(const std::string& line)>;

Record parseAt(const Place& place, const std::string& line, const Parse& parse) {
  try {
    return parse(line);
  } catch (const RecordError& error) {
    const std::string why = place.ended ? error.what()
                                        : "the last line is cut off, as after a killed run; delete "
                                          "it to read the records before it";
    throw RecordError(fmt::format("{}:{}: {}", place.file.string(), place.line_number, why));
  }
}

}  // namespace

std::string_view toString(Status status) noexcept {
  for (const auto& [candidate, name] : kStatusNames) {
    if (candidate == status) return name;
  }
  return "unknown";
}

std::optional<Status> parseStatus(std::string_view text) noexcept {
  for (const auto& [status, name] : kStatusNames) {
    if (name == text) return status;
  }
  return std::nullopt;
}

bool Validation::clean() const noexcept {
  return lost == 0 && duplicated == 0 && reordered == 0 && torn == 0;
}

std::vector<Record> readRecords(const std::filesystem::path& path, CutOffLine cut_off_line) {
  std::vector<Record> records;
  visitRecords(path, cut_off_line, [&](Record record) { records.push_back(std::move(record)); });
  return records;
}

void visitRecords(const std::filesystem::path& path, CutOffLine cut_off_line,
                  const std::function<void(Record)>& visit) {
  visitRecordLines(path, cut_off_line, fromJson, visit);
}

void visitRecordLines(const std::filesystem::path& path, CutOffLine cut_off_line,
                      const Parse& parse, const std::function<void(Record)>& visit) {
  const std::filesystem::path file = fileOf(path);
  constexpr std::size_t kPieceBytes = 256 * 1024;
  std::vector<char> pieces(kPieceBytes);
  std::ifstream stream = openFile(file, pieces);
  Place place{.file = file};
  std::string line;
  while (std::getline(stream, line)) {
    ++place.line_number;
    place.ended = !stream.eof();
    if (line.empty()) continue;
    std::optional<Record> record;
    try {
      record = parseAt(place, line, parse);
    } catch (const RecordError&) {
      if (place.ended || cut_off_line == CutOffLine::Refuse) throw;
      break;
    }
    visit(std::move(*record));
  }
  if (stream.bad()) throw RecordError(fmt::format("{}: cannot be read to its end", file.string()));
}

}  // namespace ringside::results
