#include "results/figure_reader.hpp"

#include <limits>
#include <utility>

#include "results/json_cursor.hpp"

namespace ringside::results {
namespace {

/// A line as it is being read. What cannot be read this way makes the cursor bad.
struct QuickLine {
  JsonCursor cursor;
  const std::unordered_set<std::string>& wanted;
  FiguresOfLine figures;
  bool has_status = false;
  bool has_histograms = false;
};

template <class Number>
void readNumber(JsonCursor& cursor, Number& number) {
  number = cursor.number<Number>();
}

template <class Number>
void readNumber(JsonCursor& cursor, std::optional<Number>& number) {
  if (!cursor.takesNull()) number = cursor.number<Number>();
}

void readAxis(JsonCursor& cursor, std::string_view key, Axes& axes) {
  const std::pair<std::string_view, std::string*> words[] = {
      {"workload", &axes.workload},     {"queue", &axes.queue},
      {"placement", &axes.placement},   {"memory", &axes.memory},
      {"huge_pages", &axes.huge_pages}, {"wait", &axes.wait},
      {"tuning", &axes.tuning},         {"numa_policy", &axes.numa_policy},
      {"validate", &axes.validate},
  };
  for (const auto& [name, word] : words) {
    if (name != key) continue;
    *word = cursor.string();
    return;
  }
  if (key == "producers") return readNumber(cursor, axes.producers);
  if (key == "consumers") return readNumber(cursor, axes.consumers);
  if (key == "element_size_bytes") return readNumber(cursor, axes.element_size_bytes);
  if (key == "capacity") return readNumber(cursor, axes.capacity);
  if (key == "batch") return readNumber(cursor, axes.batch);
  if (key == "numa_node") return readNumber(cursor, axes.numa_node);
  if (key == "rate_per_s") return readNumber(cursor, axes.rate_per_s);
  if (key == "seed") return readNumber(cursor, axes.seed);
  if (key == "limit_ns") return readNumber(cursor, axes.limit_ns);
  if (key == "lock_memory") {
    axes.lock_memory = cursor.flag();
  } else if (key == "prefault") {
    axes.prefault = cursor.flag();
  } else if (key == "arrivals") {
    if (!cursor.takesNull()) axes.arrivals = cursor.string();
  } else if (key == "percentile") {
    if (!cursor.takesNull()) axes.percentile = cursor.string();
  } else {
    cursor.skip();
  }
}

constexpr auto kNone32 = std::numeric_limits<std::uint32_t>::max();
constexpr auto kNone64 = std::numeric_limits<std::uint64_t>::max();

/// With what says of each required number that it was not there.
Record emptyRecord() {
  Record record;
  record.schema = 0;
  record.repetition = kNone32;
  record.axes.producers = record.axes.consumers = kNone32;
  record.axes.element_size_bytes = record.axes.capacity = kNone64;
  return record;
}

bool hasAllThatMustBe(const Record& record) {
  const Axes& axes = record.axes;
  const bool has_words = !record.suite.empty() && !record.cell.empty() && !axes.workload.empty() &&
                         !axes.queue.empty() && !axes.placement.empty();
  return has_words && record.schema == kRecordSchema && record.repetition != kNone32 &&
         axes.producers != kNone32 && axes.consumers != kNone32 &&
         axes.element_size_bytes != kNone64 && axes.capacity != kNone64;
}

void readCanary(JsonCursor& cursor, Record& record) {
  if (cursor.takesNull()) return;
  std::vector<double> readings;
  cursor.elements([&] { readings.push_back(cursor.number<double>()); });
  if (readings.size() != 2 || !(readings[0] > 0) || !(readings[1] > 0)) return cursor.refuse();
  record.obtained.emplace().canary = {.before_ns = readings[0], .after_ns = readings[1]};
}

void readObtained(JsonCursor& cursor, Record& record) {
  if (cursor.takesNull()) return;
  cursor.members([&](std::string_view key) {
    if (key == "canary_ns") return readCanary(cursor, record);
    cursor.skip();
  });
}

/// All six counts, or none where they are null.
void readValidation(JsonCursor& cursor, Record& record) {
  if (cursor.takesNull()) return;
  Validation& counts = record.validation.emplace();
  const std::pair<std::string_view, std::uint64_t*> places[] = {
      {"sent", &counts.sent},           {"received", &counts.received},
      {"lost", &counts.lost},           {"duplicated", &counts.duplicated},
      {"reordered", &counts.reordered}, {"torn", &counts.torn}};
  std::size_t found = 0;
  cursor.members([&](std::string_view key) {
    for (const auto& [name, count] : places) {
      if (name != key || cursor.takesNull()) continue;
      ++found;
      return readNumber(cursor, *count);
    }
  });
  if (found == 0) record.validation.reset();
  if (found != 0 && found != std::size(places)) cursor.refuse();
}

void readMetrics(QuickLine& line) {
  line.cursor.members([&](std::string_view key) {
    std::string name(key);
    if (!line.wanted.contains(name)) return line.cursor.skip();
    if (line.cursor.takesNull()) return;
    line.figures.record.metrics.emplace(std::move(name), line.cursor.number<double>());
  });
}

void readStatus(QuickLine& line) {
  const std::optional<Status> status = parseStatus(line.cursor.string());
  line.has_status = status.has_value();
  line.figures.record.status = status.value_or(Status::Failed);
}

void readOrigin(JsonCursor& cursor, std::string& origin) {
  cursor.members([&](std::string_view key) {
    if (key != "bundle") return cursor.skip();
    origin = cursor.string();
  });
}

void readMember(QuickLine& line, std::string_view key) {
  JsonCursor& cursor = line.cursor;
  Record& record = line.figures.record;
  if (key == "schema") return readNumber(cursor, record.schema);
  if (key == "suite") {
    record.suite = cursor.string();
  } else if (key == "cell") {
    record.cell = cursor.string();
  } else if (key == "repetition") {
    readNumber(cursor, record.repetition);
  } else if (key == "status") {
    readStatus(line);
  } else if (key == "reason") {
    if (!cursor.takesNull()) record.reason = cursor.string();
  } else if (key == "notes") {
    cursor.elements([&] { record.notes.emplace_back(cursor.string()); });
  } else if (key == "axes") {
    cursor.members([&](std::string_view axis) { readAxis(cursor, axis, record.axes); });
  } else if (key == "obtained") {
    readObtained(cursor, record);
  } else if (key == "validation") {
    readValidation(cursor, record);
  } else if (key == "seconds") {
    readNumber(cursor, record.seconds);
  } else if (key == "metrics") {
    readMetrics(line);
  } else if (key == "histograms") {
    cursor.members([&](std::string_view) {
      line.has_histograms = true;
      cursor.skip();
    });
  } else if (key == "origin") {
    readOrigin(cursor, line.figures.origin);
  } else {
    cursor.skip();
  }
}

/// Whether it is a whole line with all that schema 1 must have.
bool readQuickly(QuickLine& line) {
  line.cursor.members([&](std::string_view key) { readMember(line, key); });
  return line.cursor.isGood() && line.cursor.isAtEnd() && line.has_status &&
         hasAllThatMustBe(line.figures.record);
}

std::string originOf(std::string_view text) {
  std::string origin;
  JsonCursor cursor(text);
  cursor.members([&](std::string_view key) {
    if (key != "origin") return cursor.skip();
    readOrigin(cursor, origin);
  });
  return cursor.isGood() ? origin : "";
}

}  // namespace

FigureReader::FigureReader(GatherTerms terms) : terms_(std::move(terms)) {
  for (std::string& name : gatheredMetrics(terms_)) wanted_.insert(std::move(name));
}

FiguresOfLine FigureReader::read(std::string_view text) const {
  QuickLine line{
      .cursor = JsonCursor(text), .wanted = wanted_, .figures = {.record = emptyRecord()}};
  if (terms_.shifts == Shifts::LeaveOut && readQuickly(line)) {
    const Record& record = line.figures.record;
    const bool is_enough = !line.has_histograms || record.status != Status::Ok ||
                           isEnoughWithoutHistograms(record, terms_);
    if (is_enough) return std::move(line.figures);
  }
  return {.record = fromJson(text), .origin = originOf(text)};
}

}  // namespace ringside::results
