#include "harness/verify/child.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>

#include "harness/control.hpp"
#include "harness/verify/stepped.hpp"

namespace ringside::harness {
namespace {

/// Its wait status; nullopt when it has not ended after many looks.
std::optional<int> endOf(::pid_t pid) {
  constexpr int kLooks = 10'000;  // a millisecond apart
  for (int looks = 0; looks < kLooks; ++looks) {
    int status = 0;
    if (::waitpid(pid, &status, WNOHANG) == pid) return status;
    ::usleep(1000);
  }
  return std::nullopt;
}

TEST(ChildTest, OneThatIsStoppedAtOnceStillDiesWithItsParent) {
  ASSERT_EQ(::prctl(PR_SET_CHILD_SUBREAPER, 1), 0);  // so that what is orphaned is ours to wait for
  SharedPages pages(sizeof(std::atomic<::pid_t>));
  auto& pid = *new (pages.data()) std::atomic<::pid_t>(0);
  const ::pid_t parent = ::fork();
  if (parent == 0) {
    const OnOneProcessor here;  // where the child runs only when its parent lets it
    const Child child([] {
      for (;;) ::pause();
      return 0;
    });
    child.signal(SIGSTOP);
    pid.store(child.pid());
    ::_exit(0);
  }
  ASSERT_TRUE(endOf(parent).has_value());
  const std::optional<int> status = endOf(pid.load());
  if (!status) ::kill(pid.load(), SIGKILL);
  ASSERT_TRUE(status.has_value()) << "it stands still, and nobody is left to wake it";
  EXPECT_EQ(describeStatus(*status), "killed by SIGKILL");
}

TEST(ChildTest, EndsWithWhatItsWorkReturnsAndSaysWhenThatThrew) {
  Child ended([] { return 7; });
  EXPECT_EQ(describeStatus(ended.waitFor(std::chrono::seconds(60)).value()), "ended with 7");
  Child threw([]() -> int { throw std::runtime_error("on purpose"); });
  const int status = threw.waitFor(std::chrono::seconds(60)).value();
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), kActorThrew);
}

}  // namespace
}  // namespace ringside::harness
