#include "harness/console.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <utility>

namespace ringside::harness {
namespace {

/// Each as wide as before where that can be, for the sake of tables.
constexpr std::pair<std::string_view, std::string_view> kAscii[] = {
    {"…", "..."}, {"–", "-"}, {"×", "x"}, {"·", "."}, {"µ", "u"},
    {"→", ">"},   {"±", "~"}, {"░", ":"}, {"▒", "-"}, {"▓", "+"},
    {"█", "#"},   {"─", "-"}, {"│", "|"}, {"├", "|"}, {"└", "`"}};

bool isAscii(const std::string& text) {
  return text.find_first_of("\xc2\xc3\xe2") == std::string::npos;  // how all of kAscii begin
}

std::string inAscii(std::string word) {
  for (const auto& [character, plain] : kAscii) {
    for (std::size_t at = 0; (at = word.find(character, at)) != std::string::npos;
         at += plain.size()) {
      word.replace(at, character.size(), plain);
    }
  }
  return word;
}

}  // namespace

std::string forReader(const std::string& text) {
  const char* const ci = std::getenv("CI");
  if (ci == nullptr || *ci == '\0' || isAscii(text)) return text;
  std::string plain;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = std::min(text.find_first_of(" \n", at), text.size());
    if (end == at) ++end;  // the blank itself
    const std::string word = text.substr(at, end - at);
    const bool is_path = word.find('/') != std::string::npos;
    plain += is_path ? word : inAscii(word);
    at = end;
  }
  return plain;
}

std::string shellWord(const std::string& text) {
  constexpr std::string_view kPlain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./=+,:@%-^";
  if (!text.empty() && text.find_first_not_of(kPlain) == std::string::npos) return text;
  std::string quoted = "'";
  for (const char c : text) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return quoted + "'";
}

std::string shellOptions(std::string_view name, const std::vector<std::string>& values) {
  std::string text;
  for (const std::string& value : values) text += fmt::format(" {} {}", name, shellWord(value));
  return text;
}

void sayNextCommand(const std::string& command) {
  std::fflush(stdout);
  std::fputs(fmt::format("next:   {}\n", command).c_str(), stderr);
}

void putData(std::string_view data) { std::fwrite(data.data(), 1, data.size(), stdout); }

bool flushData() {
  const bool flushed = std::fflush(stdout) == 0;
  return (flushed && std::ferror(stdout) == 0) || errno == EPIPE;
}

void prepareProcess() {
  // Files get the lowest free number: while one of the three is free, this open takes it.
  int opened = 0;
  while ((opened = ::open("/dev/null", O_RDWR)) >= 0 && opened <= STDERR_FILENO) {
  }
  if (opened > STDERR_FILENO) ::close(opened);
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGCHLD, SIG_DFL);  // ignored by a parent, it would hide how workers end
}

}  // namespace ringside::harness
