#include "harness/command_line/help_text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <sstream>

namespace ringside::harness {
namespace {

constexpr std::size_t kColumns = 80;
constexpr const char* kNoGroup = "Subcommands";  // as CLI11 calls it
constexpr std::size_t kWidestLeft = 26;          // what is wider has a line of its own

/// Characters, not bytes.
std::size_t widthOf(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

/// The text from column `from` on, in as many lines as it takes; the first begins there already.
std::string wrapped(const std::string& text, std::size_t from) {
  std::istringstream words(text);
  std::string lines;
  std::size_t column = from;
  for (std::string word; words >> word;) {
    const bool first = column == from;
    if (!first && column + 1 + widthOf(word) > kColumns) {
      lines += "\n" + std::string(from, ' ');
      column = from;
    } else if (!first) {
      lines += " ";
      ++column;
    }
    lines += word;
    column += widthOf(word);
  }
  return lines + "\n";
}

/// One entry: what it is called to the left, what it is to the right.
std::string entry(const std::string& left, const std::string& right, std::size_t column) {
  const std::size_t width = widthOf(left) + 2;
  const std::string gap =
      width <= column ? std::string(column - widthOf(left), ' ') : "\n" + std::string(column, ' ');
  return left + gap + wrapped(right, column);
}

std::string usageOf(const VerbText& verb) {
  return fmt::format("Usage: {}{} {}\n", verb.name, verb.verbs.empty() ? "" : " VERB",
                     argumentsOf(verb));
}

/// Verbs stand in groups; those of a verb, such as `ringside selftest`, in none.
std::string verbsOf(const VerbText& verb) {
  std::size_t widest = 0;
  for (const VerbText& inner : verb.verbs) widest = std::max(widest, widthOf(inner.shortName()));
  std::string text;
  std::string group;
  for (const VerbText& inner : verb.verbs) {
    const bool is_named = inner.group != group && inner.group != kNoGroup;
    if (is_named) text += inner.group + ":\n";
    group = inner.group;
    text += entry("  " + inner.shortName(), inner.words, widest + 4);
  }
  return text;
}

std::string optionTexts(const VerbText& verb) {
  std::size_t column = 0;
  for (const OptionText& option : verb.options) {
    const std::size_t width = widthOf(signatureOf(option)) + 4;
    if (width <= kWidestLeft) column = std::max(column, width);
  }
  std::string text;
  for (const OptionText& option : verb.options) {
    text += entry("  " + signatureOf(option), explanationOf(option), column);
  }
  return text;
}

}  // namespace

std::string argumentsOf(const VerbText& verb) {
  std::string text = "[options]";
  for (const OptionText& option : verb.options) {
    if (!option.is_argument) continue;
    const std::string name = option.names.front() + (option.repeats ? " ..." : "");
    text += option.is_required ? " " + name : " [" + name + "]";
  }
  return text;
}

std::string signatureOf(const OptionText& option) {
  if (option.is_argument) return option.names.front();
  std::string text = fmt::format("{}", fmt::join(option.names, ", "));
  if (option.value.empty()) return text;
  return text + (option.value_may_lack ? " [" + option.value + "]" : " " + option.value);
}

std::string explanationOf(const OptionText& option) {
  std::string text = option.words;
  if (!option.choices.empty()) text += fmt::format(": {}", fmt::join(option.choices, ", "));
  if (!option.limits.empty()) text += ": " + option.limits;
  if (!option.usual.empty()) text += " [" + option.usual + "]";
  return text;
}

std::string helpText(const VerbText& verb) {
  std::string text = wrapped(verb.words, 0) + usageOf(verb);
  if (!verb.verbs.empty()) text += "\n" + verbsOf(verb);
  if (!verb.options.empty()) text += "\n" + optionTexts(verb);
  return verb.footer.empty() ? text : text + "\n" + verb.footer + "\n";
}

}  // namespace ringside::harness
