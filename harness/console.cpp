#include "harness/console.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <utility>

namespace ringside::harness {
namespace {

/// Each as wide as before where that can be, for the sake of tables.
constexpr std::pair<std::string_view, std::string_view> kAscii[] = {
    {"…", "..."}, {"–", "-"}, {"×", "x"}, {"·", "|"}, {"µ", "u"},
    {"→", ">"},   {"±", "~"}, {"░", "."}, {"▒", ":"}, {"▓", "+"},
    {"█", "#"},   {"─", "-"}, {"│", "|"}, {"├", "|"}, {"└", "`"}};

bool isAscii(const std::string& text) {
  return text.find_first_of("\xc2\xc3\xe2") == std::string::npos;  // how all of kAscii begin
}

}  // namespace

std::string forReader(std::string text) {
  const char* const ci = std::getenv("CI");
  if (ci == nullptr || *ci == '\0' || isAscii(text)) return text;
  for (const auto& [character, plain] : kAscii) {
    for (std::size_t at = 0; (at = text.find(character, at)) != std::string::npos;
         at += plain.size()) {
      text.replace(at, character.size(), plain);
    }
  }
  return text;
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
