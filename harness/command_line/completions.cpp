#include "harness/command_line/completions.hpp"

#include <algorithm>
#include <optional>
#include <set>

namespace ringside::harness {
namespace {

/// The command line as far as it is typed.
struct Position {
  const VerbText* verb = nullptr;
  const OptionText* option = nullptr;  ///< whose value comes next
  std::size_t arguments = 0;
  std::set<std::string> used = {};  ///< options, by the first of their names
  bool is_command = false;          ///< after "--" stands what is not ours
};

const OptionText* findOption(const VerbText& verb, const std::string& name) {
  for (const OptionText& option : verb.options) {
    const auto& names = option.names;
    if (std::find(names.begin(), names.end(), name) != names.end()) return &option;
  }
  return nullptr;
}

const VerbText* findVerb(const VerbText& verb, const std::string& name) {
  for (const VerbText& inner : verb.verbs) {
    if (inner.shortName() == name) return &inner;
  }
  return nullptr;
}

void goPast(Position& position, const std::string& word) {
  if (position.option != nullptr) {
    position.option = nullptr;
  } else if (word == "--") {
    position.is_command = true;
  } else if (word.starts_with('-')) {
    const OptionText* option = findOption(*position.verb, word.substr(0, word.find('=')));
    if (option == nullptr) return;
    position.used.insert(option->names.front());
    const bool takes_next = !option->value.empty() && word.find('=') == std::string::npos;
    if (takes_next) position.option = option;
  } else if (const VerbText* inner = findVerb(*position.verb, word)) {
    position.verb = inner;
  } else {
    ++position.arguments;
  }
}

std::vector<Candidate> valuesOf(const OptionText& option, const std::string& begun,
                                const WordsFor& words_for) {
  std::vector<Candidate> values;
  const std::vector<std::string> words =
      option.choices.empty() ? words_for(option.value, begun) : option.choices;
  for (const std::string& word : words) values.push_back({word, ""});
  return values;
}

std::vector<Candidate> optionsLeft(const Position& position) {
  std::vector<Candidate> options;
  for (const OptionText& option : position.verb->options) {
    const bool is_done = !option.repeats && position.used.contains(option.names.front());
    if (!option.is_argument && !is_done) options.push_back({option.names.back(), option.words});
  }
  return options;
}

/// The argument that stands next; null when no further one is taken.
const OptionText* nextArgument(const Position& position) {
  std::size_t place = 0;
  for (const OptionText& option : position.verb->options) {
    if (!option.is_argument) break;
    if (place++ == position.arguments || option.repeats) return &option;
  }
  return nullptr;
}

std::vector<Candidate> candidatesAt(const Position& position, const std::string& begun,
                                    const WordsFor& words_for) {
  if (position.is_command) return {};
  if (position.option != nullptr) return valuesOf(*position.option, begun, words_for);
  const std::size_t equals = begun.find('=');
  if (begun.starts_with("--") && equals != std::string::npos) {
    const OptionText* option = findOption(*position.verb, begun.substr(0, equals));
    if (option == nullptr) return {};
    std::vector<Candidate> values = valuesOf(*option, begun.substr(equals + 1), words_for);
    for (Candidate& value : values) value.text.insert(0, begun.substr(0, equals + 1));
    return values;
  }
  if (begun.starts_with('-')) return optionsLeft(position);
  std::vector<Candidate> candidates;
  for (const VerbText& verb : position.verb->verbs) {
    candidates.push_back({verb.shortName(), verb.words});
  }
  if (const OptionText* argument = nextArgument(position)) {
    for (Candidate& value : valuesOf(*argument, begun, words_for)) candidates.push_back(value);
  }
  return candidates.empty() ? optionsLeft(position) : candidates;
}

}  // namespace

std::vector<Candidate> completions(const VerbText& program, const std::vector<std::string>& typed,
                                   const WordsFor& words_for) {
  Position position{.verb = &program};
  const std::string begun = typed.empty() ? "" : typed.back();
  for (std::size_t i = 0; i + 1 < typed.size(); ++i) goPast(position, typed[i]);
  std::vector<Candidate> candidates = candidatesAt(position, begun, words_for);
  std::erase_if(candidates,
                [&](const Candidate& candidate) { return !candidate.text.starts_with(begun); });
  return candidates;
}

}  // namespace ringside::harness
