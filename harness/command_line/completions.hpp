// What may come next on a command line that is being typed, for the completion of shells.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "harness/command_line/description.hpp"

namespace ringside::harness {

/// A word that would fit. One that ends in '=' or '/' goes on.
struct Candidate {
  std::string text = {};
  std::string words = {};  ///< what it is; empty for names that speak for themselves

  bool operator==(const Candidate&) const = default;
};

/// The words for a value such as SUITE or AXIS=VALUE, of which some letters may stand already.
using WordsFor =
    std::function<std::vector<std::string>(const std::string& value, const std::string& begun)>;

/// Suites, campaigns, axes and their values, metrics, bundles, folders and files at hand.
std::vector<std::string> wordsAtHand(const std::string& value, const std::string& begun);

/// `typed` are the words after the program, the last of them the one that is being typed, perhaps
/// empty. Sorted as the help is; only what begins as that word does.
std::vector<Candidate> completions(const VerbText& program, const std::vector<std::string>& typed,
                                   const WordsFor& words_for);

}  // namespace ringside::harness
