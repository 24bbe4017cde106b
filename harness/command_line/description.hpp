// What the verbs and their options are, read from what the command line is parsed by: help, manual
// and completion are all made of it, so that none of them can say anything else.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace ringside::harness {

struct OptionText {
  std::vector<std::string> names = {};  ///< "-a", "--axis"; of an argument, what it is called
  bool is_argument = false;             ///< stands by itself, without dashes
  bool is_required = false;
  bool repeats = false;  ///< may be given any number of times
  bool value_may_lack = false;
  std::string value = {};                 ///< what it takes, "AXIS=VALUE"; empty: nothing
  std::string words = {};                 ///< what it is for
  std::vector<std::string> choices = {};  ///< all that it takes; empty: anything of its kind
  std::string limits = {};                ///< "1 to 64"
  std::string usual = {};                 ///< what it is when left out; empty: nothing
  std::string variable = {};              ///< of the environment, that stands for it
};

struct VerbText {
  std::string name = {};  ///< with those above it: "ringside selftest power"
  std::string group = {};
  std::string words = {};
  std::vector<OptionText> options = {};  ///< arguments first, --help last
  std::string footer = {};               ///< ends with the examples
  std::vector<VerbText> verbs = {};      ///< without those that stand in no help

  std::string shortName() const { return name.substr(name.rfind(' ') + 1); }
};

VerbText describe(const CLI::App& app);

/// Those of an app and of the groups in it.
std::vector<CLI::Option*> optionsOf(CLI::App& app);

/// The variable that may stand for an option of a verb: RINGSIDE_RUN_FORMAT for --format of
/// `ringside run`. Empty for what has none: arguments, --help and --version.
std::string variableFor(const CLI::App& verb, const CLI::Option& option);

}  // namespace ringside::harness
