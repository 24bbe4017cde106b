// The help of a verb, which fits a screen of 80 columns, and of the program: its verbs in groups.
#pragma once

#include <string>

#include "harness/command_line/description.hpp"

namespace ringside::harness {

/// Ends with the examples and a line end.
std::string helpText(const VerbText& verb);

/// "[options] [suite]", as they stand behind a verb.
std::string argumentsOf(const VerbText& verb);

/// "--axis AXIS=VALUE", as help and manual have it: names, then what it takes.
std::string signatureOf(const OptionText& option);

/// What an option is for, then what it takes: "Visits of each pair: 1 to 100000 [50]".
std::string explanationOf(const OptionText& option);

}  // namespace ringside::harness
