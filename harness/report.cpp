#include "harness/report.hpp"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstring>
#include <memory>

#include "harness/shared_files.hpp"

namespace ringside::harness {
namespace {

// Another python3 may stand first on PATH, without matplotlib: Debian's has its packages.
constexpr const char* kPython = "/usr/bin/python3";
constexpr int kMissingModule = 1;  ///< what Python exits with after an uncaught ImportError

/// Signals as a fresh program expects them, whatever this one has blocked; stdout to stderr, for
/// our own stdout carries data.
class SpawnSetup {
 public:
  SpawnSetup() {
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

}  // namespace

ReportOutcome drawReport(const std::filesystem::path& bundle) {
  const auto script = findSharedFile("plots/report.py");
  if (!script)
    return {6,
            "plots/report.py is not beside this program; install it, or build it in "
            "its source tree"};
  const std::string script_text = script->string();
  const std::string bundle_text = bundle.string();
  const char* const arguments[] = {kPython, "-B", script_text.c_str(), bundle_text.c_str(),
                                   nullptr};
  const SpawnSetup setup;
  ::pid_t child = -1;
  const int failure = ::posix_spawn(&child, kPython, setup.actions(), setup.attributes(),
                                    const_cast<char* const*>(arguments), environ);
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

}  // namespace ringside::harness
