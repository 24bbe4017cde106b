#include "harness/command_line/man_page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdint>
#include <sstream>

#include "harness/command_line/help_text.hpp"
#include "results/exit_code.hpp"

namespace ringside::harness {
namespace {

using results::ExitCode;

struct Entry {
  std::string_view name;
  std::string_view words;
};

/// Variables that stand for no option.
constexpr Entry kVariables[] = {
    {"RINGSIDE_HISTORY", "The file to which every run adds a line; empty: none does."},
    {"NO_COLOR", "Not empty: no colours, unless --color asks for them."},
    {"FORCE_COLOR, CLICOLOR_FORCE",
     "Not empty: colours wherever stdout goes, unless NO_COLOR or --color says otherwise."},
    {"TERM", "Not set, or dumb: no colours, and no line that is drawn again and again."},
    {"CI", "Not empty: the same, and one line for each cell; no sparklines."},
    {"COLUMNS", "How wide a table may become; else as wide as the terminal."},
    {"LC_ALL, LC_CTYPE, LANG", "Whether the terminal knows UTF-8, which sparklines need."},
    {"SOURCE_DATE_EPOCH", "The time that stands in pages and figures that are drawn."},
    {"TMPDIR", "Where queues lie whose memory is a file."},
    {"XDG_STATE_HOME", "Where `ringside doctor --apply` keeps what the settings were."},
};

constexpr Entry kFiles[] = {
    {"out/", "Bundles, one folder a run, unless --out names another."},
    {"out/history.jsonl", "A line for every run; see `ringside report --history`."},
    {"/dev/shm/ringside-*", "Queues of runs that live; `ringside clean` removes what is left."},
};

constexpr std::array kExitCodes = {
    ExitCode::Fine,
    ExitCode::Regression,
    ExitCode::Usage,
    ExitCode::Integrity,
    ExitCode::Inconclusive,
    ExitCode::Invalid,
    ExitCode::EnvironmentRefused,
    ExitCode::WorkerFailed,
    ExitCode::EverythingSkipped,
    ExitCode::Interrupted,
};

/// The character that begins at `at`, which goes past it. Of text that is UTF-8.
std::uint32_t takeCharacter(std::string_view text, std::size_t& at) {
  const auto first = static_cast<unsigned char>(text[at++]);
  if (first < 0x80) return first;
  std::uint32_t character = first >= 0xf0   ? first & 0x07U
                            : first >= 0xe0 ? first & 0x0fU
                                            : first & 0x1fU;
  while (at < text.size() && (static_cast<unsigned char>(text[at]) & 0xc0U) == 0x80) {
    character = character << 6U | (static_cast<unsigned char>(text[at++]) & 0x3fU);
  }
  return character;
}

/// Nothing in it means anything to troff.
std::string plain(std::string_view text) {
  std::string escaped;
  for (std::size_t at = 0; at < text.size();) {
    const std::uint32_t character = takeCharacter(text, at);
    if (character == '\\') {
      escaped += "\\e";
    } else if (character == '-') {
      escaped += "\\-";
    } else if (character == '\'') {
      escaped += "\\(aq";
    } else if (character == '`') {
      escaped += "\\(ga";
    } else if (character >= 0x80) {
      escaped += fmt::format("\\[u{:04X}]", character);
    } else {
      escaped += static_cast<char>(character);
    }
  }
  return escaped.starts_with('.') ? "\\&" + escaped : escaped;
}

std::string tagged(std::string_view tag, std::string_view words) {
  return fmt::format(".TP\n.B {}\n{}\n", plain(tag), plain(words));
}

template <class Entries>
std::string section(std::string_view heading, const Entries& entries) {
  std::string text = fmt::format(".SH {}\n", heading);
  for (const Entry& entry : entries) text += tagged(entry.name, entry.words);
  return text;
}

/// Lines that are set in stand as they are.
std::string asItStands(const std::vector<std::string>& lines) {
  if (lines.empty()) return "";
  std::string text = ".PP\n.nf\n.RS\n";
  for (const std::string& line : lines) text += plain(line.substr(2)) + "\n";
  return text + ".RE\n.fi\n";
}

std::string footerOf(const VerbText& verb) {
  std::istringstream lines(verb.footer);
  std::string text;
  std::vector<std::string> set_in;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("  ")) {
      set_in.push_back(line);
      continue;
    }
    text += asItStands(set_in);
    set_in.clear();
    if (!line.empty()) text += ".PP\n" + plain(line) + "\n";
  }
  return text + asItStands(set_in);
}

std::string sentence(std::string text) {
  const bool has_ended =
      text.empty() || std::string_view(".?!").find(text.back()) != std::string_view::npos;
  return has_ended ? text : text + '.';
}

std::string optionEntry(const OptionText& option) {
  std::string words = sentence(explanationOf(option));
  if (option.repeats) words += " Any number of times.";
  std::string text = tagged(signatureOf(option), words);
  if (!option.variable.empty()) text += "Variable: \\%" + plain(option.variable) + ".\n";
  return text;
}

std::string synopsisOf(const VerbText& verb) {
  return fmt::format(".B {}\n{}\n", plain(verb.name), plain(argumentsOf(verb)));
}

/// A verb that has verbs is described by them.
std::string verbSection(const VerbText& verb) {
  std::string text = fmt::format(".SS {}\n{}\n", plain(verb.name), plain(sentence(verb.words)));
  if (verb.verbs.empty()) {
    text += ".PP\n" + synopsisOf(verb);
    for (const OptionText& option : verb.options) text += optionEntry(option);
  }
  text += footerOf(verb);
  for (const VerbText& inner : verb.verbs) text += verbSection(inner);
  return text;
}

std::string capitals(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(),
                 [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return text;
}

std::string exitCodes() {
  std::string text = ".SH EXIT STATUS\n";
  for (const ExitCode code : kExitCodes) {
    text += tagged(std::to_string(static_cast<int>(code)), sentence(std::string(toString(code))));
  }
  return text;
}

}  // namespace

std::string manPage(const VerbText& program, std::string_view version, std::string_view date) {
  std::string text = fmt::format(
      ".TH RINGSIDE 1 {} \"ringside {}\" \"User Commands\"\n.SH NAME\n"
      "ringside \\- measure and validate queues between processes\n.SH SYNOPSIS\n.B ringside\n"
      ".I verb\n[options]\n.SH DESCRIPTION\n{}\nData go to stdout, words for people to stderr.\n"
      "An option that is not given may stand in the environment, in the variable that its\n"
      "description names; a flag is given by the value 1.\n",
      date, plain(version), plain(program.words));
  std::string group;
  for (const VerbText& verb : program.verbs) {
    if (verb.group != group) text += fmt::format(".SH {}\n", capitals(verb.group));
    group = verb.group;
    text += verbSection(verb);
  }
  return text + exitCodes() + section("ENVIRONMENT", kVariables) + section("FILES", kFiles);
}

}  // namespace ringside::harness
