#include "harness/command_line/description.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <sstream>

namespace ringside::harness {
namespace {

bool isVerb(const CLI::App& app) { return !app.get_name().empty(); }

/// What CLI11 calls the types of values, as people would.
std::string plainValue(const std::string& value) {
  if (value == "UINT" || value == "INT" || value == "FLOAT") return "N";
  return value;
}

std::vector<std::string> splitAtCommas(const std::string& text) {
  std::vector<std::string> words;
  std::istringstream stream(text);
  for (std::string word; std::getline(stream, word, ',');) words.push_back(word);
  return words;
}

/// A type's name is followed by what its checks say: "TEXT:{table,json}", "UINT:UINT in [1 - 64]".
void readType(const std::string& type, OptionText& text) {
  const std::size_t colon = type.find(':');
  text.value = plainValue(type.substr(0, colon));
  if (colon == std::string::npos) return;
  const std::string check = type.substr(colon + 1);
  if (check.starts_with('{')) {
    text.choices = splitAtCommas(check.substr(1, check.find('}') - 1));
  } else if (const std::size_t open = check.find('['); open != std::string::npos) {
    text.limits = check.substr(open + 1, check.find(']') - open - 1);
    if (const std::size_t dash = text.limits.find(" - "); dash != std::string::npos) {
      text.limits.replace(dash, 3, " to ");
    }
  } else if (check == "POSITIVE") {
    text.limits = "above 0";
  }
}

std::vector<std::string> namesOf(const CLI::Option& option) {
  if (!option.nonpositional()) return {option.get_name(true)};
  std::vector<std::string> names;
  for (const std::string& name : option.get_snames()) names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) names.push_back("--" + name);
  return names;
}

OptionText describe(const CLI::App& verb, const CLI::Option& option) {
  OptionText text;
  text.names = namesOf(option);
  text.is_argument = !option.nonpositional();
  text.is_required = option.get_required();
  text.repeats = option.get_multi_option_policy() == CLI::MultiOptionPolicy::TakeAll ||
                 option.get_allow_extra_args();
  text.value_may_lack = option.get_expected_min() == 0;
  text.words = option.get_description();
  text.usual = option.get_default_str();
  text.variable = variableFor(verb, option);
  if (option.get_type_size() != 0) readType(option.get_type_name(), text);
  return text;
}

/// "ringside selftest power".
std::string fullName(const CLI::App& app) {
  if (app.get_parent() == nullptr) return app.get_name();
  return fullName(*app.get_parent()) + " " + app.get_name();
}

/// Those of the app and of the groups in it, to look at or to change.
template <class App>
auto allOptions(App& app) {
  auto options = app.get_options();
  for (auto* group : app.get_subcommands([](const CLI::App* inner) { return !isVerb(*inner); })) {
    for (auto* option : group->get_options()) {
      if (option != group->get_help_ptr()) options.push_back(option);
    }
  }
  return options;
}

}  // namespace

std::vector<CLI::Option*> optionsOf(CLI::App& app) { return allOptions(app); }

std::string variableFor(const CLI::App& verb, const CLI::Option& option) {
  if (!option.get_envname().empty()) return option.get_envname();
  const bool is_answered_at_once = &option == verb.get_help_ptr() ||
                                   option.check_lname("version") || option.get_lnames().empty();
  if (is_answered_at_once) return "";
  std::string name = fullName(verb) + " " + option.get_lnames().front();
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) {
    return std::isalnum(c) != 0 ? static_cast<char>(std::toupper(c)) : '_';
  });
  return name;
}

VerbText describe(const CLI::App& app) {
  VerbText text{.name = fullName(app),
                .group = app.get_group(),
                .words = app.get_description(),
                .footer = app.get_footer()};
  std::vector<const CLI::Option*> options = allOptions(app);
  std::erase_if(options, [](const CLI::Option* option) { return option->get_group().empty(); });
  std::stable_sort(options.begin(), options.end(), [&](const auto* one, const auto* other) {
    const auto place = [&](const CLI::Option* option) {
      if (!option->nonpositional()) return 0;
      return option == app.get_help_ptr() ? 2 : 1;
    };
    return place(one) < place(other);
  });
  for (const CLI::Option* option : options) text.options.push_back(describe(app, *option));
  for (const CLI::App* verb : app.get_subcommands(
           [](const CLI::App* inner) { return isVerb(*inner) && !inner->get_group().empty(); })) {
    text.verbs.push_back(describe(*verb));
  }
  return text;
}

}  // namespace ringside::harness
