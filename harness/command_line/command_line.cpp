#include "harness/command_line/command_line.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdlib>
#include <utility>

#include "harness/axes.hpp"
#include "harness/command_line/description.hpp"
#include "harness/command_line/help_text.hpp"
#include "harness/terminal.hpp"

namespace ringside::harness {
namespace {

class Help : public CLI::FormatterBase {
 public:
  std::string make_help(const CLI::App* app, std::string, CLI::AppFormatMode) const override {
    return helpText(describe(*app));
  }
};

std::vector<CLI::App*> namedVerbs(CLI::App& app) {
  return app.get_subcommands([](CLI::App* inner) { return !inner->get_name().empty(); });
}

void addColourOption(CLI::App& verb) {
  verb.add_option_function<std::string>(
          "--color", [](const std::string& when) { wishForColour(parseColourWish(when)); },
          "On stdout")
      ->type_name("WHEN")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->default_str("auto")
      ->envname("RINGSIDE_COLOR");
}

/// Only when the verb is used, so that nobody stumbles over the variable of another one.
void readVariablesOf(CLI::App& verb) {
  verb.preparse_callback([&verb](std::size_t) {
    for (CLI::Option* option : optionsOf(verb)) option->envname(variableFor(verb, *option));
  });
}

/// The innermost verb that was understood.
const CLI::App& lastVerb(const CLI::App& app) {
  const std::vector<CLI::App*> used = app.get_subcommands();
  return used.empty() ? app : lastVerb(*used.front());
}

/// What may be written where `unknown` stands: options, or verbs.
std::vector<std::string> knownBeside(const VerbText& verb, const std::string& unknown) {
  std::vector<std::string> known;
  for (const OptionText& option : verb.options) {
    const bool fits = unknown.starts_with('-') && !option.is_argument;
    if (fits) known.insert(known.end(), option.names.begin(), option.names.end());
  }
  for (const VerbText& inner : verb.verbs) {
    if (!unknown.starts_with('-')) known.push_back(inner.shortName());
  }
  return known;
}

std::string suggestionAmong(const std::string& unknown, const std::vector<std::string>& known) {
  return suggestion(unknown, {known.begin(), known.end()});
}

/// Of the first argument that nobody has taken.
std::string explainUnknown(const CLI::App& app) {
  const std::vector<std::string> extras = app.remaining(true);
  const std::string unknown = extras.front().substr(0, extras.front().find('='));
  const VerbText verb = describe(lastVerb(app));
  const std::vector<std::string> known = knownBeside(verb, unknown);
  const std::string meant = suggestionAmong(unknown, known);
  if (unknown.starts_with('-')) {
    return fmt::format("{} is no option of {}{}", unknown, verb.name, meant);
  }
  if (verb.verbs.empty()) {
    return fmt::format("'{}' is more than {} takes; leave it out", extras.front(), verb.name);
  }
  return fmt::format("'{}' is no verb of {}{}; there are {}", unknown, verb.name, meant,
                     fmt::join(known, ", "));
}

/// What an option has been given, where that is what the message is about.
std::string hintsAbout(const CLI::Option& option, const OptionText& text, std::string_view what) {
  const bool is_about_it = what.find(option.get_name()) != std::string_view::npos;
  if (!is_about_it || option.results().size() != 1) return "";
  const std::string& given = option.results().front();
  std::string hints = suggestionAmong(given, text.choices);
  const char* variable =
      option.get_envname().empty() ? nullptr : std::getenv(option.get_envname().c_str());
  if (variable != nullptr && given == variable) {
    hints += fmt::format(" (the variable {} is set to '{}')", option.get_envname(), given);
  }
  return hints;
}

/// What the parser says of a value that is missing, or too many, is about types; else empty.
std::string explainValue(const CLI::Option& option, const OptionText& text, std::string_view what) {
  if (what.find(option.get_name()) == std::string_view::npos) return "";
  const std::string limits = text.limits.empty() ? "" : ", " + text.limits;
  if (what.ends_with(" missing")) {
    return fmt::format("{} has no value; it takes {}{}", option.get_name(), text.value, limits);
  }
  const bool is_flag = text.value.empty();
  if (!is_flag || !what.starts_with("Could not convert")) return "";
  return fmt::format("{} takes no value, and was given '{}'", option.get_name(),
                     fmt::join(option.results(), " "));
}

}  // namespace

void finishCommandLine(CLI::App& app) {
  app.formatter(std::make_shared<Help>());
  for (CLI::App* verb : namedVerbs(app)) {
    finishCommandLine(*verb);
    verb->set_help_flag("-h,--help", "This help");
    if (verb->get_group().empty()) continue;
    if (namedVerbs(*verb).empty()) addColourOption(*verb);
    readVariablesOf(*verb);
  }
}

std::string explain(const CLI::App& app, const CLI::ParseError& error) {
  // A misspelled word goes before the one that is missing for it.
  if (!app.remaining(true).empty()) return explainUnknown(app);
  std::string text = error.what();
  const CLI::App& verb = lastVerb(app);
  for (const OptionText& option : describe(verb).options) {
    const CLI::Option* given = verb.get_option_no_throw(option.names.back());
    if (given == nullptr) continue;
    if (std::string better = explainValue(*given, option, error.what()); !better.empty()) {
      text = std::move(better);
    }
    text += hintsAbout(*given, option, error.what());
  }
  return text;
}

std::string understoodVerb(const CLI::App& app) { return describe(lastVerb(app)).name; }

}  // namespace ringside::harness
