// What holds for the whole command line: help, --color, variables that stand for options, and what
// is said of one that cannot be understood.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace ringside::harness {

/// For every verb in it, which must all have been added before.
void finishCommandLine(CLI::App& app);

/// What was wrong, in one line: the nearest known word beside an unknown one, and the variable that
/// a bad value came from.
std::string explain(const CLI::App& app, const CLI::ParseError& error);

/// The verb that was understood: "ringside run"; "ringside" where none was.
std::string understoodVerb(const CLI::App& app);

}  // namespace ringside::harness
