// Words for people go to stderr, data to stdout. Neither may stop a measurement: what cannot be
// written to stderr is dropped, and a stdout that takes nothing is noticed once, at the end.
#pragma once

#include <fmt/format.h>

#include <cstdio>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace ringside::harness {

/// As it is; where CI is set, in ASCII, as "us" and "-": what shows a log may know nothing else.
/// Paths, and characters that no word of this program has, stay as they are.
std::string forReader(const std::string& text);

/// Progress, plans and errors, to stderr.
template <class... Arguments>
void say(fmt::format_string<Arguments...> text, Arguments&&... arguments) {
  std::fputs(forReader(fmt::format(text, std::forward<Arguments>(arguments)...)).c_str(), stderr);
}

/// Results for people, to stdout.
template <class... Arguments>
void put(fmt::format_string<Arguments...> text, Arguments&&... arguments) {
  std::fputs(forReader(fmt::format(text, std::forward<Arguments>(arguments)...)).c_str(), stdout);
}

/// For programs, to stdout: any byte, and none changed.
void putData(std::string_view data);

/// In quotes where a shell would read it as anything but one word.
std::string shellWord(const std::string& text);
/// " NAME VALUE" for each of the values, as a shell takes them.
std::string shellOptions(std::string_view name, const std::vector<std::string>& values);

/// The command that is useful next, to stderr, behind all that was put; the last line of a verb.
void sayNextCommand(const std::string& command);

/// The same with words in it, each quoted where it must be.
template <class... Words>
void sayNext(fmt::format_string<std::conditional_t<true, std::string, Words>...> command,
             const Words&... words) {
  sayNextCommand(fmt::format(command, shellWord(words)...));
}

/// "1 cell", "2 cells".
inline std::string counted(std::uint64_t count, std::string_view noun) {
  return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s");
}

/// Whether all that was put has been taken; a reader that went away (`| head`) is no fault.
bool flushData();

/// Opens /dev/null where stdin, stdout or stderr is closed: the next file to be opened would take
/// its number, and its output. Ignores SIGPIPE, and lets children be waited for.
void prepareProcess();

}  // namespace ringside::harness
