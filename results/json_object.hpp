// Lines of JSON, read with care: every key checked for presence, type and range, and named when it
// is wrong. What records.jsonl and history.jsonl are read with.
#pragma once

#include <fmt/format.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "results/record.hpp"

namespace ringside::results {

using Json = nlohmann::ordered_json;

/// The value as JSON, cut short where it is long.
inline std::string show(const Json& value) {
  constexpr std::size_t kShownMax = 60;
  std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  if (text.size() > kShownMax) text = text.substr(0, kShownMax) + "…";
  return text;
}

[[noreturn]] inline void refuse(const std::string& key, const Json& value,
                                std::string_view must_be) {
  throw RecordError(fmt::format("{} is {}; it must be {}", key, show(value), must_be));
}

template <class Value>
struct IsVector : std::false_type {};
template <class Element>
struct IsVector<std::vector<Element>> : std::true_type {};

template <class Number>
Number toInteger(const Json& value, const std::string& key) {
  using Limits = std::numeric_limits<Number>;
  const bool fits =
      value.is_number_unsigned()
          ? std::in_range<Number>(value.get<std::uint64_t>())
          : value.is_number_integer() && std::in_range<Number>(value.get<std::int64_t>());
  if (!fits)
    refuse(key, value, fmt::format("a whole number, {}..{}", Limits::min(), Limits::max()));
  return value.get<Number>();
}

/// Throws RecordError for another type, and for a whole number that does not fit.
template <class Value>
Value convert(const Json& value, const std::string& key) {
  if constexpr (IsVector<Value>::value) {
    if (!value.is_array()) refuse(key, value, "a list");
    Value list;
    for (const Json& element : value) {
      list.push_back(convert<typename Value::value_type>(element, key));
    }
    return list;
  } else if constexpr (std::is_same_v<Value, std::string>) {
    if (!value.is_string()) refuse(key, value, "a text");
    return value.get<std::string>();
  } else if constexpr (std::is_same_v<Value, bool>) {
    if (!value.is_boolean()) refuse(key, value, "true or false");
    return value.get<bool>();
  } else if constexpr (std::is_same_v<Value, double>) {
    if (!value.is_number()) refuse(key, value, "a number");
    return value.get<double>();
  } else {
    return toInteger<Value>(value, key);
  }
}

/// An object of the line and the name its keys go by in messages: "axes" gives "axes.capacity".
class JsonObject {
 public:
  /// Throws RecordError when it is no object.
  JsonObject(const Json& json, std::string name) : json_(json), name_(std::move(name)) {
    if (!json.is_object()) refuse(name_.empty() ? "the line" : name_, json, "an object");
  }

  std::string nameOf(const std::string& key) const {
    return name_.empty() ? key : name_ + "." + key;
  }

  /// nullptr for a key that is absent or null.
  const Json* find(const std::string& key) const {
    const auto found = json_.find(key);
    return found == json_.end() || found->is_null() ? nullptr : &*found;
  }

  template <class Value>
  void require(const std::string& key, Value& target) const {
    if (!readInto(key, target)) throw RecordError(nameOf(key) + " is missing; schema 1 needs it");
  }

  /// Leaves `target` as it is, and answers false, when there is nothing to read.
  template <class Value>
  bool readInto(const std::string& key, Value& target) const {
    const Json* value = find(key);
    if (value != nullptr) target = convert<Value>(*value, nameOf(key));
    return value != nullptr;
  }

  template <class Value>
  void readInto(const std::string& key, std::optional<Value>& target) const {
    Value value{};
    if (readInto(key, value)) target = std::move(value);
  }

  auto items() const { return json_.items(); }

 private:
  const Json& json_;
  std::string name_;
};

inline Json parseLine(std::string_view line) {
  try {
    return Json::parse(line);
  } catch (const Json::parse_error& error) {
    throw RecordError(fmt::format("not JSON (byte {} of {}): {}", error.byte, line.size(),
                                  std::string_view(error.what())));
  } catch (const Json::out_of_range& error) {
    throw RecordError(fmt::format("a number is out of range: {}", error.what()));
  }
}

/// Throws RecordError unless `schema` is that of this program.
inline void checkSchema(const JsonObject& top, int known) {
  int schema = 0;
  top.require("schema", schema);
  if (schema == known) return;
  throw RecordError(
      fmt::format("schema is {}; this program reads {}: use the ringside that wrote the record",
                  schema, known));
}

}  // namespace ringside::results
