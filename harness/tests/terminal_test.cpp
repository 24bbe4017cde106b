#include "harness/terminal.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

#include "harness/text_table.hpp"

namespace ringside::harness {
namespace {

/// Of the environment, without what the tests were started with.
class TerminalTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"COLUMNS", "NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE"}) {
      ::unsetenv(name);
    }
    wishForColour(ColourWish::Auto);
  }
  void TearDown() override { SetUp(); }
};

TEST_F(TerminalTest, TakesColumnsFromTheVariable) {
  ::setenv("COLUMNS", "123", 1);
  EXPECT_EQ(columnsOf(STDOUT_FILENO), 123U);
  EXPECT_EQ(columnsOfStdout(), 123U);
}

TEST_F(TerminalTest, TakesNoColumnsFromWhatIsNoNumber) {
  const unsigned without = columnsOf(STDOUT_FILENO);
  for (const char* wrong : {"", "wide", "80x", "-3", "99999999"}) {
    ::setenv("COLUMNS", wrong, 1);
    EXPECT_EQ(columnsOf(STDOUT_FILENO), without) << wrong;
  }
}

TEST_F(TerminalTest, DrawsInAtLeast80Columns) {
  ::setenv("COLUMNS", "20", 1);
  EXPECT_EQ(columnsOfStdout(), 80U);
}

TEST_F(TerminalTest, ColoursAsTheFirstSaysThatSaysAnything) {
  ::setenv("FORCE_COLOR", "1", 1);
  EXPECT_EQ(colourOfStdout(), Colour::Yes);
  ::setenv("NO_COLOR", "1", 1);
  EXPECT_EQ(colourOfStdout(), Colour::No);
  wishForColour(ColourWish::Always);
  EXPECT_EQ(colourOfStdout(), Colour::Yes);
  wishForColour(ColourWish::Never);
  ::unsetenv("NO_COLOR");
  EXPECT_EQ(colourOfStdout(), Colour::No);
}

TEST(TextTableTest, LeavesOutColumnsUntilItFits) {
  constexpr const char* kOrder[] = {"not there", "second", "first"};
  TextTable table({"first", "second", "third"}, 1);
  table.add({"1", "2", "3"});
  EXPECT_TRUE(TextTable(table).fitInto(20, kOrder).empty());
  EXPECT_TRUE(TextTable(table).fitInto(0, kOrder).empty());
  EXPECT_EQ(TextTable(table).fitInto(6, kOrder), (std::vector<std::string>{"second", "first"}));
  EXPECT_EQ(TextTable(table).fitInto(13, kOrder), std::vector<std::string>{"second"});
  EXPECT_EQ(table.fitInto(19, kOrder), std::vector<std::string>{"second"});
  EXPECT_EQ(table.allAligned(), "first  third\n1      3\n");
}

TEST(TextTableTest, TakesBackWhatThereIsRoomForInTheEnd) {
  constexpr const char* kOrder[] = {"a", "much the widest"};
  TextTable table({"a", "much the widest", "b"}, 1);
  table.add({"1", "2", "3"});
  EXPECT_EQ(table.fitInto(6, kOrder), std::vector<std::string>{"much the widest"});
  EXPECT_EQ(table.allAligned(), "a  b\n1  3\n");
}

TEST(TextTableTest, KnowsWhatAllRowsHave) {
  TextTable table({"same", "other"}, 1);
  EXPECT_FALSE(table.sameInAllRows("same").has_value());
  table.add({"1", "2"});
  table.add({"1", "3"});
  EXPECT_EQ(table.sameInAllRows("same"), "1");
  EXPECT_FALSE(table.sameInAllRows("other").has_value());
  EXPECT_FALSE(table.sameInAllRows("not there").has_value());
}

}  // namespace
}  // namespace ringside::harness
