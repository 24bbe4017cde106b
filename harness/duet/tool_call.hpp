// Other programs that make or question an arm: git, cmake, ninja, nm, another build of Ringside.
// Each has a deadline, none outlives this process's Ctrl-C, and none has the terminal.
#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace ringside::harness {

struct ToolCall {
  std::vector<std::string> command;  ///< the program is found on PATH
  std::chrono::seconds patience{60};
  std::filesystem::path folder = {};  ///< it runs there; empty: here
  /// "NAME=value" for its environment. It never has the variables by which git tells a hook which
  /// repository it is of, and speaks English.
  std::vector<std::string> settings = {};
  std::filesystem::path log = {};  ///< all that it says is added to this file; empty: see ToolEnd
  /// A descriptor that it and all that it starts inherit, such as a lock that is to hold as long as
  /// any of them lives, should this process be killed.
  int held = -1;
};

struct ToolEnd {
  int exit_code = 0;       ///< 128 + the number of the signal that killed it
  bool timed_out = false;  ///< and was killed
  std::string output;      ///< what it wrote to stdout, unless there is a log
  std::string complaints;  ///< and to stderr

  bool isFine() const { return exit_code == 0 && !timed_out; }
};

/// Runs it to its end. Throws std::runtime_error, exit code 6, when it cannot be started, and says
/// which package has it. A signal that is to end this process (SIGINT, SIGTERM, SIGHUP) ends the
/// tool and all that it has started, and then this process.
ToolEnd runTool(const ToolCall& call);

/// The last lines of a log or of what a tool said, each indented.
std::string lastLines(const std::string& text, std::size_t count);

}  // namespace ringside::harness
