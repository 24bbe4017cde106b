#include "results/base64.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdint>
#include <stdexcept>

namespace ringside::results {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::uint8_t kNoDigit = 255;

constexpr std::array<std::uint8_t, 256> makeDigits() {
  std::array<std::uint8_t, 256> digits{};
  digits.fill(kNoDigit);
  for (std::size_t value = 0; value < kAlphabet.size(); ++value) {
    digits[static_cast<std::uint8_t>(kAlphabet[value])] = static_cast<std::uint8_t>(value);
  }
  return digits;
}
constexpr auto kDigits = makeDigits();

std::size_t countPadding(std::string_view text) {
  if (text.empty() || text.back() != '=') return 0;
  return text[text.size() - 2] == '=' ? 2 : 1;
}

std::uint32_t digitAt(std::string_view text, std::size_t position) {
  const auto character = static_cast<std::uint8_t>(text[position]);
  const std::uint8_t digit = kDigits[character];
  if (digit == kNoDigit) {
    throw std::runtime_error(
        fmt::format("not base64: byte 0x{:02x} at position {}", character, position));
  }
  return digit;
}

}  // namespace

std::string encodeBase64(std::string_view bytes) {
  std::string text;
  text.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t position = 0; position < bytes.size(); position += 3) {
    const std::string_view group = bytes.substr(position, 3);
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      bits = (bits << 8) | (i < group.size() ? static_cast<std::uint8_t>(group[i]) : 0U);
    }
    for (std::size_t i = 0; i < 4; ++i) {
      text += i <= group.size() ? kAlphabet[(bits >> (18 - 6 * i)) & 63U] : '=';
    }
  }
  return text;
}

std::string decodeBase64(std::string_view text) {
  if (text.size() % 4 != 0) {
    throw std::runtime_error(
        fmt::format("not base64: {} characters, which is no multiple of 4", text.size()));
  }
  const std::size_t padding = countPadding(text);
  std::string bytes;
  bytes.reserve(text.size() / 4 * 3);
  for (std::size_t position = 0; position < text.size(); position += 4) {
    const bool is_last = position + 4 == text.size();
    const std::size_t digits = is_last ? 4 - padding : 4;
    std::uint32_t bits = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      bits = (bits << 6) | (i < digits ? digitAt(text, position + i) : 0U);
    }
    for (std::size_t i = 0; i + 1 < digits; ++i) {
      bytes += static_cast<char>((bits >> (16 - 8 * i)) & 255U);
    }
  }
  return bytes;
}

}  // namespace ringside::results
