#include "harness/duet/tool_call.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <string_view>
#include <system_error>

#include "results/descriptor.hpp"

namespace ringside::harness {
namespace {

using Moment = std::chrono::steady_clock::time_point;
using results::Descriptor;

constexpr std::chrono::seconds kTimeToEnd{5};  ///< between a polite signal and SIGKILL
constexpr int kSignalled = 128;                // as shells have it

[[noreturn]] void failed(const std::string& what) {
  throw std::system_error(errno, std::system_category(), what);
}

// --- its environment ----------------------------------------------------------------------------

/// A hook has them of the repository that it runs in, wherever git is then sent.
constexpr const char* kGitPlaces[] = {"GIT_DIR",
                                      "GIT_WORK_TREE",
                                      "GIT_INDEX_FILE",
                                      "GIT_PREFIX",
                                      "GIT_COMMON_DIR",
                                      "GIT_OBJECT_DIRECTORY",
                                      "GIT_ALTERNATE_OBJECT_DIRECTORIES",
                                      "GIT_NAMESPACE",
                                      "GIT_QUARANTINE_PATH"};

std::string_view nameOf(std::string_view setting) { return setting.substr(0, setting.find('=')); }

std::vector<std::string> environmentOf(const ToolCall& call) {
  std::vector<std::string> settings = call.settings;
  settings.emplace_back("LC_ALL=C");
  settings.emplace_back("GIT_TERMINAL_PROMPT=0");
  const auto is_set = [&](std::string_view name) {
    return std::any_of(settings.begin(), settings.end(),
                       [&](const std::string& one) { return nameOf(one) == name; });
  };
  std::vector<std::string> kept;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view name = nameOf(*entry);
    const bool is_place =
        std::find(std::begin(kGitPlaces), std::end(kGitPlaces), name) != std::end(kGitPlaces);
    if (!is_place && !is_set(name)) kept.emplace_back(*entry);
  }
  settings.insert(settings.end(), kept.begin(), kept.end());
  return settings;
}

std::vector<char*> pointersTo(const std::vector<std::string>& words) {
  std::vector<char*> pointers;
  for (const std::string& word : words) pointers.push_back(const_cast<char*>(word.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

// --- where its words go -------------------------------------------------------------------------

/// Files in memory, or the log twice.
struct Words {
  Descriptor output;
  Descriptor complaints;
};

Descriptor inMemory(const char* name) {
  Descriptor file(::memfd_create(name, MFD_CLOEXEC));
  if (file.number() < 0) failed("no memory for what a program says");
  return file;
}

Descriptor logOf(const std::filesystem::path& log) {
  Descriptor file(::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644));
  if (file.number() < 0) failed(fmt::format("{} cannot be written", log.string()));
  return file;
}

Words wordsOf(const ToolCall& call) {
  if (call.log.empty()) return {inMemory("output"), inMemory("complaints")};
  return {logOf(call.log), logOf(call.log)};
}

/// Of a file in memory, from its beginning.
std::string contentOf(const Descriptor& file) {
  std::string content;
  char part[4096];
  for (::ssize_t got = 0;
       (got = ::pread(file.number(), part, sizeof part, static_cast<::off_t>(content.size()))) > 0;
       content.append(part, static_cast<std::size_t>(got))) {
  }
  return content;
}

// --- its life -----------------------------------------------------------------------------------

bool isIgnored(int signal) {
  struct ::sigaction action = {};
  return ::sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

/// The signals that end this process are kept back as long as the tool lives.
class KeptSignals {
 public:
  KeptSignals() {
    ::sigset_t kept;
    ::sigemptyset(&kept);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP}) {
      if (!isIgnored(signal)) ::sigaddset(&kept, signal);  // by nohup, say
    }
    ::sigprocmask(SIG_BLOCK, &kept, &former_);
    descriptor_ = Descriptor(::signalfd(-1, &kept, SFD_CLOEXEC | SFD_NONBLOCK));
  }
  KeptSignals(const KeptSignals&) = delete;
  KeptSignals& operator=(const KeptSignals&) = delete;
  /// What came strikes now, or whoever else waits for it sees it.
  ~KeptSignals() {
    if (came_ != 0) ::raise(came_);
    ::sigprocmask(SIG_SETMASK, &former_, nullptr);
  }

  int descriptor() const { return descriptor_.number(); }
  /// 0, or the last one.
  int came() {
    ::signalfd_siginfo info;
    while (::read(descriptor_.number(), &info, sizeof info) == sizeof info) {
      came_ = static_cast<int>(info.ssi_signo);
    }
    return came_;
  }

 private:
  ::sigset_t former_ = {};
  Descriptor descriptor_{-1};
  int came_ = 0;
};

std::string packageOf(const std::string& program) {
  if (program == "nm" || program == "ld.gold") return "binutils";
  if (program == "ninja") return "ninja-build";
  const bool is_compiler = program.find("++") != std::string::npos;
  return is_compiler ? "g++" : program;
}

/// A group of its own, so that all that it starts can be ended with it.
::pid_t spawn(const ToolCall& call, const Words& words) {
  ::posix_spawnattr_t attributes;
  ::posix_spawnattr_init(&attributes);
  ::sigset_t none;
  ::sigemptyset(&none);
  ::posix_spawnattr_setsigmask(&attributes, &none);
  ::sigset_t ignored_here;
  ::sigemptyset(&ignored_here);
  ::sigaddset(&ignored_here, SIGPIPE);
  ::posix_spawnattr_setsigdefault(&attributes, &ignored_here);
  ::posix_spawnattr_setpgroup(&attributes, 0);
  ::posix_spawnattr_setflags(
      &attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
  ::posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  ::posix_spawn_file_actions_adddup2(&actions, words.output.number(), STDOUT_FILENO);
  ::posix_spawn_file_actions_adddup2(&actions, words.complaints.number(), STDERR_FILENO);
  // To itself: that takes the mark from it by which it would be closed.
  if (call.held >= 0) ::posix_spawn_file_actions_adddup2(&actions, call.held, call.held);
  if (!call.folder.empty()) {
    ::posix_spawn_file_actions_addchdir_np(&actions, call.folder.c_str());
  }
  const std::vector<std::string> environment = environmentOf(call);
  ::pid_t child = -1;
  const int failure =
      ::posix_spawnp(&child, call.command[0].c_str(), &actions, &attributes,
                     pointersTo(call.command).data(), pointersTo(environment).data());
  ::posix_spawn_file_actions_destroy(&actions);
  ::posix_spawnattr_destroy(&attributes);
  if (failure == 0) return child;
  const std::string program = std::filesystem::path(call.command[0]).filename().string();
  throw std::runtime_error(
      fmt::format("{} cannot be started ({}); on Debian and Ubuntu it is in the package {}",
                  call.command[0], std::strerror(failure), packageOf(program)));
}

int millisecondsUntil(Moment deadline) {
  using std::chrono::milliseconds;
  const auto left = deadline - std::chrono::steady_clock::now();
  return static_cast<int>(std::max(std::chrono::ceil<milliseconds>(left), milliseconds(0)).count());
}

/// Waits until one of the two has something, or the deadline has passed: false.
bool waitFor(const Descriptor& end, const KeptSignals* signals, Moment deadline) {
  ::pollfd polled[] = {{end.number(), POLLIN, 0},
                       {signals != nullptr ? signals->descriptor() : -1, POLLIN, 0}};
  return ::poll(polled, 2, millisecondsUntil(deadline)) != 0;
}

/// The wait status once it has ended.
bool hasEnded(::pid_t child, int& status) { return ::waitpid(child, &status, WNOHANG) == child; }

int endGroup(::pid_t child, int signal, const Descriptor& end) {
  int status = 0;
  ::kill(-child, signal);
  const Moment deadline = std::chrono::steady_clock::now() + kTimeToEnd;
  while (!hasEnded(child, status)) {
    if (!waitFor(end, nullptr, deadline)) {
      ::kill(-child, SIGKILL);
      ::waitpid(child, &status, 0);
      break;
    }
  }
  ::kill(-child, SIGKILL);  // whoever of the group has not heard
  return status;
}

}  // namespace

ToolEnd runTool(const ToolCall& call) {
  const Words words = wordsOf(call);
  ToolEnd end;
  int status = 0;
  int came = 0;
  {
    KeptSignals signals;
    const Moment deadline = std::chrono::steady_clock::now() + call.patience;
    const ::pid_t child = spawn(call, words);
    const Descriptor ended(static_cast<int>(::syscall(SYS_pidfd_open, child, 0)));
    while (!hasEnded(child, status)) {
      end.timed_out = !waitFor(ended, &signals, deadline);
      came = signals.came();
      if (!end.timed_out && came == 0) continue;
      status = endGroup(child, came != 0 ? came : SIGTERM, ended);
      break;
    }
  }
  if (came != 0) throw std::runtime_error(call.command[0] + " was interrupted");
  end.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : kSignalled + WTERMSIG(status);
  if (call.log.empty()) {
    end.output = contentOf(words.output);
    end.complaints = contentOf(words.complaints);
  }
  return end;
}

std::string lastLines(const std::string& text, std::size_t count) {
  std::size_t begin = text.find_last_not_of("\n \t");
  if (begin == std::string::npos) return {};
  const std::size_t end = begin + 1;
  for (std::size_t lines = 0; begin > 0 && lines < count; ++lines) {
    begin = text.rfind('\n', begin - 1);
    if (begin == std::string::npos) begin = 0;
  }
  std::string indented;
  std::size_t at = begin;
  while (at < end) {
    const std::size_t next = std::min(text.find('\n', at), end);
    if (next > at) indented += fmt::format("\n  {}", text.substr(at, next - at));
    at = next + 1;
  }
  return indented;
}

}  // namespace ringside::harness
