#include "harness/terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdlib>
#include <string>
#include <utility>

namespace ringside::harness {
namespace {

constexpr unsigned kMostColumns = 10'000;

/// That of --color, for the whole process: it has one stdout.
ColourWish wish_for_colour = ColourWish::Auto;

std::string_view variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? std::string_view() : std::string_view(value);
}

bool isSet(const char* name) { return !variable(name).empty(); }

/// 0 for what is no number of columns.
unsigned parseColumns(std::string_view text) {
  unsigned columns = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), columns);
  const bool good = failure == std::errc{} && end == text.data() + text.size();
  return good && columns <= kMostColumns ? columns : 0;
}

/// The first of the three that is set decides, as in the C library.
bool knowsUtf8() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    if (!isSet(name)) continue;
    std::string locale(variable(name));
    std::transform(locale.begin(), locale.end(), locale.begin(),
                   [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return locale.find("utf-8") != std::string::npos || locale.find("utf8") != std::string::npos;
  }
  return false;
}

}  // namespace

ColourWish parseColourWish(std::string_view word) {
  if (word == "always") return ColourWish::Always;
  return word == "never" ? ColourWish::Never : ColourWish::Auto;
}

void wishForColour(ColourWish wish) { wish_for_colour = wish; }

Colour colourOfStdout() {
  if (wish_for_colour == ColourWish::Always) return Colour::Yes;
  if (wish_for_colour == ColourWish::Never || isSet("NO_COLOR")) return Colour::No;
  if (isSet("FORCE_COLOR") || isSet("CLICOLOR_FORCE")) return Colour::Yes;
  return canDraw(STDOUT_FILENO) ? Colour::Yes : Colour::No;
}

std::string toned(const std::string& text, Tone tone, Colour colour) {
  constexpr const char* kEscapes[] = {"", "\x1b[32m", "\x1b[33m", "\x1b[31m", "\x1b[36m"};
  if (colour == Colour::No || tone == Tone::None) return text;
  return kEscapes[static_cast<std::size_t>(tone)] + text + "\x1b[0m";
}

Tone toneOfVerdict(const std::string& cell) {
  constexpr std::pair<std::string_view, Tone> kTones[] = {
      {"pass", Tone::Good},        {"improved", Tone::Good},
      {"better", Tone::Good},      {"survives", Tone::Good},
      {"regressed", Tone::Bad},    {"worse", Tone::Bad},
      {"drift alarm", Tone::Bad},  {"failed", Tone::Bad},
      {"invalid", Tone::Doubtful}, {"inconclusive", Tone::Doubtful}};
  if (cell.ends_with(" !")) return Tone::Bad;
  const auto* found = std::find_if(std::begin(kTones), std::end(kTones), [&](const auto& any) {
    return std::string_view(cell).starts_with(any.first);
  });
  return found == std::end(kTones) ? Tone::None : found->second;
}

bool canDraw(int descriptor) {
  const std::string_view term = variable("TERM");
  return !isSet("CI") && !term.empty() && term != "dumb" && ::isatty(descriptor) == 1;
}

unsigned columnsOf(int descriptor) {
  if (const unsigned asked = parseColumns(variable("COLUMNS")); asked > 0) return asked;
  ::winsize size = {};
  return ::ioctl(descriptor, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

unsigned columnsOfStdout() { return std::max(columnsOf(STDOUT_FILENO), kUsualColumns); }

TableLook tableLookOfStdout() {
  return {.columns = columnsOf(STDOUT_FILENO),
          .sparklines = canDraw(STDOUT_FILENO) && knowsUtf8(),
          .colour = colourOfStdout()};
}

}  // namespace ringside::harness
