#include "harness/report.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>
#include <vector>

#include "harness/console.hpp"
#include "harness/shared_files.hpp"

namespace ringside::harness {
namespace {

// Another python3 may stand first on PATH, without matplotlib: Debian's has its packages.
constexpr const char* kPython = "/usr/bin/python3";
constexpr int kMissingModule = 1;  ///< what Python exits with after an uncaught ImportError

enum class Stdout { Nowhere, Ours };

/// Signals as a fresh program expects them, whatever this one has blocked. Our own stdout carries
/// data: it is the script's only where that is what was asked for.
class SpawnSetup {
 public:
  explicit SpawnSetup(Stdout goes_to) {
    ::posix_spawnattr_init(&attributes_);
    ::sigset_t none;
    ::sigemptyset(&none);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::sigset_t ignored_here;
    ::sigemptyset(&ignored_here);
    ::sigaddset(&ignored_here, SIGPIPE);
    ::posix_spawnattr_setsigdefault(&attributes_, &ignored_here);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    ::posix_spawn_file_actions_init(&actions_);
    if (goes_to == Stdout::Ours) return;
    ::posix_spawn_file_actions_addopen(&actions_, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  }
  SpawnSetup(const SpawnSetup&) = delete;
  SpawnSetup& operator=(const SpawnSetup&) = delete;
  ~SpawnSetup() {
    ::posix_spawnattr_destroy(&attributes_);
    ::posix_spawn_file_actions_destroy(&actions_);
  }
  const ::posix_spawnattr_t* attributes() const { return &attributes_; }
  const ::posix_spawn_file_actions_t* actions() const { return &actions_; }

 private:
  ::posix_spawnattr_t attributes_;
  ::posix_spawn_file_actions_t actions_;
};

/// Runs a script of plots/ with these arguments to its end.
ReportOutcome runScript(const std::string& name, const std::vector<std::string>& options,
                        Stdout goes_to) {
  const auto script = findSharedFile(name);
  if (!script)
    return {6, name + " is not beside this program; install it, or build it in its source tree"};
  const std::string script_text = script->string();
  std::vector<const char*> arguments = {kPython, "-B", script_text.c_str()};
  for (const std::string& option : options) arguments.push_back(option.c_str());
  arguments.push_back(nullptr);
  std::fflush(stdout);
  const SpawnSetup setup(goes_to);
  ::pid_t child = -1;
  const int failure = ::posix_spawn(&child, kPython, setup.actions(), setup.attributes(),
                                    const_cast<char* const*>(arguments.data()), environ);
  if (failure != 0) {
    return {6, std::string(kPython) + " cannot be started (" + std::strerror(failure) +
                   "); install python3, python3-matplotlib and python3-numpy"};
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return {};
  const int code = WIFEXITED(status) ? WEXITSTATUS(status) : kMissingModule;
  return {code == kMissingModule ? 6 : code,
          "the page was not drawn; what " + script_text + " said stands above"};
}

}  // namespace

ReportOutcome drawReport(const std::filesystem::path& bundle, Png png) {
  std::vector<std::string> options = {bundle.string()};
  if (png == Png::Yes) options.emplace_back("--png");
  return runScript("plots/report.py", options, Stdout::Nowhere);
}

void drawPage(const std::filesystem::path& bundle) {
  const ReportOutcome outcome = drawReport(bundle);
  if (outcome.trouble.empty()) {
    say("page:   {}\n", (bundle / "report.html").string());
  } else {
    say("ringside: {}\n", outcome.trouble);
  }
}

ReportOutcome drawComparison(const std::filesystem::path& comparison) {
  return runScript("plots/comparison.py", {comparison.string()}, Stdout::Nowhere);
}

ReportOutcome drawHistory(const std::filesystem::path& history,
                          const std::optional<std::string>& format) {
  std::vector<std::string> options = {history.string()};
  if (format) options.insert(options.end(), {"--format", *format});
  return runScript("plots/history.py", options, Stdout::Ours);
}

}  // namespace ringside::harness
