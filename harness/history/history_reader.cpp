// Reads what history_file.hpp describes, and refuses everything else, with file and line.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <nlohmann/json.hpp>
#include <system_error>
#include <unordered_map>
#include <utility>

#include "harness/axes.hpp"
#include "harness/history/history_file.hpp"
#include "harness/usage_error.hpp"

namespace ringside::harness {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::size_t kHeaderLine = 1;

std::string shown(const Json& value) {
  constexpr std::size_t kShownMax = 60;
  std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (text.size() > kShownMax) text = text.substr(0, kShownMax) + "…";
  return text;
}

/// One line as an object, which remembers where it stands.
class Line {
 public:
  Line(const std::string& file, std::size_t number, const std::string& text)
      : file_(file), number_(number) {
    try {
      json_ = Json::parse(text);
    } catch (const Json::exception& error) {
      refuse(fmt::format("this is no JSON: {}", error.what()));
    }
    if (!json_.is_object()) {
      refuse(fmt::format("the line is {}; it must be an object, {{…}}", shown(json_)));
    }
  }

  [[noreturn]] void refuse(const std::string& what) const {
    throw UsageError(fmt::format("{}:{}: {}", file_, number_, what));
  }
  [[noreturn]] void refuse(const char* key, std::string_view must_be) const {
    if (!has(key)) refuse(fmt::format("there is no {}; it must be {}", key, must_be));
    refuse(fmt::format("{} is {}; it must be {}", key, shown(json_[key]), must_be));
  }

  bool has(const char* key) const { return json_.contains(key); }
  bool isNull(const char* key) const { return has(key) && json_[key].is_null(); }

  void refuseUnknownKeys(const std::vector<std::string_view>& known) const {
    for (const auto& [key, value] : json_.items()) {
      if (std::find(known.begin(), known.end(), key) != known.end()) continue;
      refuse(fmt::format("unknown key '{}'{}; known are {}", key.substr(0, kMaxShownKey),
                         suggestion(key.substr(0, kMaxShownKey), known), fmt::join(known, ", ")));
    }
  }

  /// 0..highest.
  std::uint64_t number(const char* key, std::uint64_t highest) const {
    const bool fits =
        has(key) && json_[key].is_number_unsigned() && json_[key].get<std::uint64_t>() <= highest;
    if (!fits) refuse(key, fmt::format("a whole number, 0..{}", highest));
    return json_[key].get<std::uint64_t>();
  }
  std::uint64_t number(const char* key, std::uint64_t highest, std::uint64_t otherwise) const {
    return has(key) ? number(key, highest) : otherwise;
  }
  bool flag(const char* key, bool otherwise) const {
    if (!has(key)) return otherwise;
    if (!json_[key].is_boolean()) refuse(key, "true or false");
    return json_[key].get<bool>();
  }
  std::string text(const char* key) const {
    if (!has(key) || !json_[key].is_string()) refuse(key, "a text");
    return json_[key].get<std::string>();
  }
  std::map<std::string, std::string> texts(const char* key) const {
    std::map<std::string, std::string> pairs;
    if (!has(key)) return pairs;
    if (!json_[key].is_object()) refuse(key, "an object of texts");
    for (const auto& [name, value] : json_[key].items()) {
      if (!value.is_string()) refuse(key, "an object of texts");
      pairs.emplace(name, value.get<std::string>());
    }
    return pairs;
  }
  template <class Choice>
  Choice oneOf(const char* key, std::initializer_list<Choice> choices) const {
    std::vector<std::string_view> names;
    for (const Choice choice : choices) {
      names.push_back(toString(choice));
      if (has(key) && json_[key] == names.back()) return choice;
    }
    refuse(key, fmt::format("one of {}", fmt::join(names, ", ")));
  }

 private:
  static constexpr std::size_t kMaxShownKey = 60;

  const std::string& file_;
  std::size_t number_;
  Json json_;
};

// --- the operations -----------------------------------------------------------------------------

std::int64_t timeOf(const Line& line, const char* key) {
  return static_cast<std::int64_t>(
      line.number(key, static_cast<std::uint64_t>(kNeverReturned) - 1));
}

void refuseKeysThatSayNothing(const Line& line, const Operation& operation) {
  const bool is_pop = operation.action == Action::Pop;
  const bool has_value = operation.action == Action::Push || (is_pop && operation.returned());
  const auto only = [&](const char* key, bool may_stand, const char* where) {
    if (line.has(key) && !may_stand) {
      line.refuse(fmt::format("{} stands at {} only; leave it out here", key, where));
    }
  };
  only("value", has_value, "pushes, and at pops that returned,");
  only("claimed", is_pop && !operation.returned(), "pops that never returned");
  only("redelivered", is_pop && operation.returned(), "pops that returned");
  only("torn", is_pop && operation.returned(), "pops that returned");
}

Operation readOperation(const Line& line) {
  line.refuseUnknownKeys(
      {"process", "action", "value", "began_ns", "ended_ns", "redelivered", "torn", "claimed"});
  Operation operation;
  operation.process =
      static_cast<std::uint32_t>(line.number("process", std::numeric_limits<std::uint32_t>::max()));
  operation.action = line.oneOf("action", {Action::Push, Action::Pop, Action::SawEmpty});
  operation.began_ns = timeOf(line, "began_ns");
  operation.ended_ns = line.isNull("ended_ns") ? kNeverReturned : timeOf(line, "ended_ns");
  if (operation.ended_ns < operation.began_ns) {
    line.refuse(fmt::format("ended_ns is {}, before began_ns, {}; both must be of one clock",
                            operation.ended_ns, operation.began_ns));
  }
  if (operation.action == Action::SawEmpty && !operation.returned()) {
    line.refuse("ended_ns is null, but an answer has come back; write a pop that never returned");
  }
  refuseKeysThatSayNothing(line, operation);
  const bool is_pop = operation.action == Action::Pop;
  if (operation.action == Action::Push || (is_pop && operation.returned())) {
    operation.value = line.number("value", std::numeric_limits<std::uint64_t>::max());
  }
  operation.redelivered = line.flag("redelivered", false);
  operation.torn = line.flag("torn", false);
  operation.claimed = static_cast<std::uint32_t>(line.number("claimed", kMaxClaimed, 1));
  return operation;
}

// --- the file -----------------------------------------------------------------------------------

class Reader {
 public:
  explicit Reader(const std::filesystem::path& file)
      : file_(file.string()), text_(kMaxHistoryLineBytes, '\0') {
    if (std::filesystem::is_directory(file)) refuseRecords("a folder");
    errno = 0;
    stream_.open(file, std::ios::binary);
    if (!stream_) {
      throw UsageError(fmt::format("{}: cannot be read ({}); name a history that verify has kept",
                                   file_, std::generic_category().message(errno)));
    }
  }

  History read();

 private:
  [[noreturn]] void refuse(const std::string& what) const {
    throw UsageError(fmt::format("{}:{}: {}", file_, line_number_, what));
  }
  [[noreturn]] void refuseRecords(std::string_view what) const {
    throw UsageError(fmt::format(
        "{}: this is {}, not a history; name a history that verify has kept", file_, what));
  }

  bool nextLine();
  void readHeader();
  void checkOrder(const Operation& operation);
  void refuseValuesPushedTwice() const;

  std::string file_;
  std::ifstream stream_;
  std::string text_;  // of kMaxHistoryLineBytes
  std::string line_;
  std::size_t line_number_ = 0;
  std::size_t announced_ = 0;
  std::unordered_map<std::uint32_t, std::int64_t> last_began_ns_;  // by process
  History history_;
};

/// False at the end of the file.
bool Reader::nextLine() {
  stream_.getline(text_.data(), static_cast<std::streamsize>(text_.size()));
  const auto length = static_cast<std::size_t>(stream_.gcount());
  if (length == 0 && stream_.eof()) return false;
  ++line_number_;
  if (stream_.bad()) refuse("cannot be read any further");
  if (stream_.eof()) {
    refuse("the last line is cut off, as after a write that was killed; record the history anew");
  }
  if (stream_.fail()) {
    refuse(fmt::format("the line has {} bytes or more; is this a history?", text_.size() - 1));
  }
  line_.assign(text_, 0, length - 1);
  return true;
}

void Reader::readHeader() {
  if (!nextLine()) {
    throw UsageError(fmt::format("{}:1: the file is empty; a history begins with a header", file_));
  }
  const Line line(file_, line_number_, line_);
  if (!line.has("ringside_history") && line.has("schema")) refuseRecords("a record of a run");
  const std::uint64_t version =
      line.number("ringside_history", std::numeric_limits<std::uint64_t>::max());
  if (version != kHistoryVersion) {
    refuse(
        fmt::format("ringside_history is {}; this program reads {}: use the ringside that "
                    "wrote it",
                    version, kHistoryVersion));
  }
  line.refuseUnknownKeys({"ringside_history", "queue", "capacity", "delivery", "drained",
                          "declared_drops", "operations", "notes"});
  constexpr std::uint64_t kAny = std::numeric_limits<std::uint64_t>::max();
  history_.queue = line.text("queue");
  history_.capacity = line.number("capacity", kAny, 0);
  history_.delivery = line.oneOf("delivery", {Delivery::AtMostOnce, Delivery::AtLeastOnce});
  history_.drained = line.flag("drained", false);
  history_.declared_drops = line.number("declared_drops", kAny, 0);
  history_.notes = line.texts("notes");
  announced_ = line.number("operations", kMaxHistoryOperations);
}

/// What stood before it in the file was begun before it by the same process.
void Reader::checkOrder(const Operation& operation) {
  const auto [last, is_first] = last_began_ns_.try_emplace(operation.process, operation.began_ns);
  if (operation.began_ns < last->second) {
    refuse(
        fmt::format("began_ns is {}, but process {} began an operation above at {}; put those "
                    "of one process in the order in which it did them",
                    operation.began_ns, operation.process, last->second));
  }
  last->second = operation.began_ns;
}

void Reader::refuseValuesPushedTwice() const {
  struct Push {
    std::uint64_t value;
    std::size_t line_number;
    auto operator<=>(const Push&) const = default;
  };
  std::vector<Push> pushes;
  for (std::size_t i = 0; i < history_.operations.size(); ++i) {
    const Operation& operation = history_.operations[i];
    if (operation.action == Action::Push) {
      pushes.push_back({operation.value, kHeaderLine + 1 + i});
    }
  }
  std::sort(pushes.begin(), pushes.end());
  const auto twice =
      std::adjacent_find(pushes.begin(), pushes.end(),
                         [](const Push& a, const Push& b) { return a.value == b.value; });
  if (twice == pushes.end()) return;
  throw UsageError(
      fmt::format("{}:{}: value is {}, which line {} pushes too; every push needs a "
                  "value of its own",
                  file_, std::next(twice)->line_number, twice->value, twice->line_number));
}

History Reader::read() {
  readHeader();
  while (nextLine()) {
    if (history_.operations.size() == announced_) {
      refuse(fmt::format("here is one operation more than the {} that line {} announces",
                         announced_, kHeaderLine));
    }
    history_.operations.push_back(readOperation(Line(file_, line_number_, line_)));
    checkOrder(history_.operations.back());
  }
  if (history_.operations.size() != announced_) {
    refuse(
        fmt::format("the file ends after {} operations, but line {} announces {}; it was cut "
                    "off: record the history anew",
                    history_.operations.size(), kHeaderLine, announced_));
  }
  refuseValuesPushedTwice();
  return std::move(history_);
}

}  // namespace

History readHistory(const std::filesystem::path& file) { return Reader(file).read(); }

}  // namespace ringside::harness
