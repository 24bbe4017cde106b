#include "results/export/xml_text.hpp"

#include <fmt/format.h>

#include <cstdint>

namespace ringside::results {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";  // U+FFFD

enum class Place { Text, Attribute };

/// One character of UTF-8 (RFC 3629) and how many bytes it takes. 0 where none begins.
struct Character {
  std::uint32_t code = 0;
  std::size_t bytes = 0;
};

/// How the first byte of a character of several bytes looks.
struct Leading {
  unsigned mask;
  unsigned value;
  std::size_t bytes;
  std::uint32_t lowest;  ///< a lower code would have a shorter form
};
constexpr Leading kLeading[] = {
    {0x80, 0x00, 1, 0}, {0xe0, 0xc0, 2, 0x80}, {0xf0, 0xe0, 3, 0x800}, {0xf8, 0xf0, 4, 0x10000}};

Character decode(std::string_view text, const Leading& leading) {
  if (text.size() < leading.bytes) return {};
  std::uint32_t code = static_cast<unsigned char>(text[0]) & ~leading.mask;
  for (std::size_t i = 1; i < leading.bytes; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xc0) != 0x80) return {};
    code = code << 6 | (byte & 0x3f);
  }
  const bool surrogate = code >= 0xd800 && code <= 0xdfff;
  if (code < leading.lowest || code > 0x10ffff || surrogate) return {};
  return {code, leading.bytes};
}

/// Of text that is not empty.
Character firstOf(std::string_view text) {
  const auto first = static_cast<unsigned char>(text[0]);
  for (const Leading& leading : kLeading) {
    if ((first & leading.mask) == leading.value) return decode(text, leading);
  }
  return {};
}

/// What stands for an ASCII character that may not stand for itself; empty for one that may.
std::string escaped(std::uint32_t code, Place place) {
  switch (code) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return place == Place::Attribute ? "&quot;" : "";
    case '\t':
    case '\n':
      return place == Place::Attribute ? fmt::format("&#{};", code) : "";
    case '\r':
      return "&#13;";
    default:
      return code < 0x20 ? fmt::format("\\x{:02x}", code) : "";
  }
}

std::string encode(std::string_view text, Place place) {
  std::string encoded;
  while (!text.empty()) {
    const Character character = firstOf(text);
    const bool allowed =
        character.bytes > 0 && character.code != 0xfffe && character.code != 0xffff;
    const std::string instead = allowed ? escaped(character.code, place) : "";
    const std::size_t taken = character.bytes > 0 ? character.bytes : 1;
    if (!allowed) {
      encoded += kReplacement;
    } else if (!instead.empty()) {
      encoded += instead;
    } else {
      encoded += text.substr(0, taken);
    }
    text.remove_prefix(taken);
  }
  return encoded;
}

}  // namespace

std::string xmlText(std::string_view text) { return encode(text, Place::Text); }
std::string xmlAttribute(std::string_view text) { return encode(text, Place::Attribute); }

}  // namespace ringside::results
