#include "harness/verify/stepped.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include "harness/control.hpp"
#include "harness/verify/actor.hpp"

namespace ringside::harness {
namespace {

constexpr std::chrono::seconds kLong{60};

/// A child that counts to kCounts in its call.
class SteppedChildTest : public ::testing::Test {
 protected:
  static constexpr std::uint32_t kCounts = 50;

  int count() {
    CallMark mark;
    mark.setBy(words_);
    mark.enter();
    for (std::uint32_t i = 0; i < kCounts; ++i) words_.filled.store(i + 1);
    mark.leave();
    return 0;
  }
  std::uint32_t counted() const { return words_.filled.load(); }

  SharedPages pages_{sizeof(StageWords)};
  StageWords& words_ = *new (pages_.data()) StageWords{};
  SteppedChild child_{[this] { return count(); }, words_.victim_at};
};

TEST_F(SteppedChildTest, StandsStillBeforeTheFirstInstructionOfItsCall) {
  ASSERT_TRUE(child_.reachCall(kLong));
  EXPECT_EQ(counted(), 0U);
  EXPECT_FALSE(child_.child().ended());
}

TEST_F(SteppedChildTest, DoesOneInstructionAtATimeUntilTheCallIsOver) {
  ASSERT_TRUE(child_.reachCall(kLong));
  std::uint32_t before = 0;
  long steps = 0;
  while (child_.step()) {
    ASSERT_LE(counted(), before + 1);
    before = counted();
    ++steps;
  }
  EXPECT_EQ(counted(), kCounts);
  EXPECT_GE(steps, static_cast<long>(kCounts));
}

TEST_F(SteppedChildTest, DiesWhereItIsKilled) {
  ASSERT_TRUE(child_.reachCall(kLong));
  while (counted() < 7) ASSERT_TRUE(child_.step());
  child_.child().kill();
  ASSERT_TRUE(child_.child().ended());
  EXPECT_EQ(describeStatus(*child_.child().status()), "killed by SIGKILL");
  EXPECT_EQ(counted(), 7U);
}

TEST_F(SteppedChildTest, GoesOnByItselfOnceItIsLetGo) {
  ASSERT_TRUE(child_.reachCall(kLong));
  ASSERT_TRUE(child_.step());
  child_.letGo();
  const auto status = child_.child().waitFor(kLong);
  ASSERT_TRUE(status.has_value());
  EXPECT_EQ(describeStatus(*status), "ended with 0");
  EXPECT_EQ(counted(), kCounts);
}

TEST(SteppedChildThatCrashesTest, EndsByItsOwnSignal) {
  SharedPages pages(sizeof(StageWords));
  StageWords& words = *new (pages.data()) StageWords{};
  SteppedChild child(
      [&] {
        ::signal(SIGSEGV, SIG_DFL);  // a sanitizer has a handler of its own
        CallMark mark;
        mark.setBy(words);
        mark.enter();
        ::raise(SIGSEGV);
        mark.leave();
        return 0;
      },
      words.victim_at);
  ASSERT_TRUE(child.reachCall(kLong));
  while (child.step()) {
  }
  EXPECT_EQ(words.victim_at.load(), CallMark::kInCall);
}

TEST(SteppedChildWithoutACallTest, IsSaidToHaveReachedNone) {
  const std::atomic<std::uint32_t> mark{0};
  SteppedChild child([] { return 0; }, mark);
  EXPECT_FALSE(child.reachCall(kLong));
}

}  // namespace
}  // namespace ringside::harness
