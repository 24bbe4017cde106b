#include "harness/override.hpp"

#include <sstream>

namespace ringside::harness {

std::string trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return std::string(text.substr(begin, text.find_last_not_of(" \t") - begin + 1));
}

toml::table parseRightSide(const std::string& text) {
  try {
    return toml::parse("value = " + text);
  } catch (const toml::parse_error&) {
  }
  toml::table table;
  if (!text.starts_with('[') || !text.ends_with(']')) {
    table.insert("value", text);
    return table;
  }
  toml::array list;
  std::istringstream words(text.substr(1, text.size() - 2));
  for (std::string word; std::getline(words, word, ',');) {
    toml::table one = parseRightSide(trimmed(word));
    one.get("value")->visit([&](const auto& value) { list.push_back(value); });
  }
  table.insert("value", std::move(list));
  return table;
}

}  // namespace ringside::harness
