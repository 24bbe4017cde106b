#include "harness/verify/stepped.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include "harness/control.hpp"
#include "harness/verify/actor.hpp"
#include "ringside/kill_point.hpp"

namespace ringside::harness {
namespace {

constexpr std::chrono::seconds kLong{60};

/// A child that does the test's work, as far at a time as is said.
class SteppedTest : public ::testing::Test {
 protected:
  SteppedTest(StepTo step_to, int (*work)(StageWords&, CallMark))
      : child_(
            [this, step_to, work] {
              CallMark mark;
              mark.setBy(words_, step_to);
              return work(words_, mark);
            },
            words_, step_to) {}

  SharedPages pages_{sizeof(StageWords)};
  StageWords& words_ = *new (pages_.data()) StageWords{};
  SteppedChild child_;
};

/// A child that counts to kCounts in its call.
class SteppedChildTest : public SteppedTest {
 protected:
  static constexpr std::uint32_t kCounts = 50;

  SteppedChildTest() : SteppedTest(StepTo::NextInstruction, count) {}
  static int count(StageWords& words, CallMark mark) {
    mark.enter();
    for (std::uint32_t i = 0; i < kCounts; ++i) words.filled.store(i + 1);
    mark.leave();
    return 0;
  }
  std::uint32_t counted() const { return words_.filled.load(); }
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
        mark.setBy(words, StepTo::NextInstruction);
        mark.enter();
        ::raise(SIGSEGV);
        mark.leave();
        return 0;
      },
      words, StepTo::NextInstruction);
  ASSERT_TRUE(child.reachCall(kLong));
  while (child.step()) {
  }
  EXPECT_EQ(words.victim_at.load(), CallMark::kInCall);
}

TEST(SteppedChildWithoutACallTest, IsSaidToHaveReachedNone) {
  SharedPages pages(sizeof(StageWords));
  StageWords& words = *new (pages.data()) StageWords{};
  SteppedChild child([] { return 0; }, words, StepTo::NextInstruction);
  EXPECT_FALSE(child.reachCall(kLong));
}

/// A child with two kill points in its call, and one outside.
class SteppedToKillPointsTest : public SteppedTest {
 protected:
  SteppedToKillPointsTest() : SteppedTest(StepTo::NextKillPoint, work) {}
  void SetUp() override {
    if (!kHasKillPoints) GTEST_SKIP() << "no kill points in this build";
  }
  static int work(StageWords& words, CallMark mark) {
    RINGSIDE_KILL_POINT(outside);
    mark.enter();
    RINGSIDE_KILL_POINT(first);
    words.filled.store(1);
    RINGSIDE_KILL_POINT(second);
    words.filled.store(2);
    mark.leave();
    return 0;
  }
  std::string point() const { return words_.point.load(); }
};

TEST_F(SteppedToKillPointsTest, StandsStillAtEachByName) {
  ASSERT_TRUE(child_.reachCall(kLong));
  EXPECT_EQ(words_.point.load(), nullptr);
  ASSERT_TRUE(child_.step());
  EXPECT_EQ(point(), "first");
  EXPECT_EQ(words_.filled.load(), 0U);
  ASSERT_TRUE(child_.step());
  EXPECT_EQ(point(), "second");
  EXPECT_EQ(words_.filled.load(), 1U);
  EXPECT_FALSE(child_.step());
  EXPECT_EQ(words_.filled.load(), 2U);
  EXPECT_FALSE(child_.child().ended()) << "it stands still after its call";
}

TEST_F(SteppedToKillPointsTest, PassesAllOnceItIsLetGo) {
  ASSERT_TRUE(child_.reachCall(kLong));
  ASSERT_TRUE(child_.step());
  child_.letGo();
  const auto status = child_.child().waitFor(kLong);
  ASSERT_TRUE(status.has_value());
  EXPECT_EQ(describeStatus(*status), "ended with 0");
}

}  // namespace
}  // namespace ringside::harness
