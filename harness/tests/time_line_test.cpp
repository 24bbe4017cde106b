#include "harness/history/time_line.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <stdexcept>

#include "harness/tests/operations.hpp"

namespace ringside::harness {
namespace {

std::string drawAll(const History& history) {
  std::vector<std::size_t> all(history.operations.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  return drawTimeLine(history, all);
}

TEST(TimeLineTest, ShowsWhoDidWhatInTheOrderOfTime) {
  const History history = historyOf({popped(2, 7, {110, 140}), pushed(1, 7, {100, 120}),
                                     neverPopped(3, 120, 4), sawEmpty(4, {150, 150})});
  EXPECT_EQ(drawAll(history),
            "    began_ns     ended_ns process  operation       from 100 ns\n"
            "          +0          +20       1  push 7          [=]\n"
            "         +10          +40       2  pop 7            [=]\n"
            "         +20        never       3  pop of up to 4    [==>\n"
            "         +50          +50       4  saw empty           |\n");
}

TEST(TimeLineTest, SaysWhatIsTornAndWhatCameAgain) {
  const std::string text = drawAll(historyOf({torn(1, 5, {0, 1}), redelivered(1, 6, {2, 3})}));
  EXPECT_THAT(text, ::testing::HasSubstr("pop 5 torn"));
  EXPECT_THAT(text, ::testing::HasSubstr("pop 6 again"));
}

TEST(TimeLineTest, LeavesOutWhatIsTooMuchAndSaysSo) {
  History history = historyOf({});
  for (std::uint64_t value = 0; value < kMaxTimeLineRows + 3; ++value) {
    const auto began_ns = static_cast<std::int64_t>(value);
    history.operations.push_back(pushed(1, value, {began_ns, began_ns}));
  }
  const std::string text = drawAll(history);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), kMaxTimeLineRows + 2);
  EXPECT_THAT(text, ::testing::EndsWith("… and 3 more\n"));
}

TEST(TimeLineTest, OfNothingIsNothing) { EXPECT_EQ(drawTimeLine(historyOf({}), {}), ""); }

TEST(TimeLineTest, RefusesAPositionThatIsNotThere) {
  const std::size_t positions[] = {1};
  EXPECT_THROW(drawTimeLine(historyOf({pushed(1, 1, {0, 1})}), positions), std::out_of_range);
}

}  // namespace
}  // namespace ringside::harness
