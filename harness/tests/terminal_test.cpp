#include "harness/terminal.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>

#include "harness/console.hpp"
#include "harness/grouped_table.hpp"
#include "harness/text_table.hpp"

namespace ringside::harness {
namespace {

/// Of the environment, without what the tests were started with.
class TerminalTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"COLUMNS", "NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "CI"}) {
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

TEST_F(TerminalTest, AVerdictHasTheColourOfItsFirstWord) {
  EXPECT_EQ(toneOfVerdict("pass"), Tone::Good);
  EXPECT_EQ(toneOfVerdict("worse [1]"), Tone::Bad);
  EXPECT_EQ(toneOfVerdict("loses !"), Tone::Bad);
  EXPECT_EQ(toneOfVerdict("loses"), Tone::None);
  EXPECT_EQ(toneOfVerdict("inconclusive"), Tone::Doubtful);
  EXPECT_EQ(toneOfVerdict(""), Tone::None);
  EXPECT_EQ(toned("worse", Tone::Bad, Colour::Yes), "\x1b[31mworse\x1b[0m");
  EXPECT_EQ(toned("worse", Tone::Bad, Colour::No), "worse");
  EXPECT_EQ(toned("same", Tone::None, Colour::Yes), "same");
}

TEST_F(TerminalTest, WordsAreInAsciiWhereCiIsSet) {
  const std::string words = "1.24 µs – 3 × 2…, ä";
  EXPECT_EQ(forReader(words), words);
  ::setenv("CI", "", 1);
  EXPECT_EQ(forReader(words), words);
  ::setenv("CI", "true", 1);
  EXPECT_EQ(forReader(words), "1.24 us - 3 x 2..., ä");
}

TEST_F(TerminalTest, PathsStayAsTheyAreWhereCiIsSet) {
  ::setenv("CI", "true", 1);
  EXPECT_EQ(forReader("out/3 µs:\n  out/µ–x – 3 µs\n"), "out/3 us:\n  out/µ–x - 3 us\n");
}

TEST(ShellWordTest, IsQuotedWhereAShellWouldReadMoreThanAWord) {
  EXPECT_EQ(shellWord("out/quick-1"), "out/quick-1");
  EXPECT_EQ(shellWord("a b"), "'a b'");
  EXPECT_EQ(shellWord("it's"), "'it'\\''s'");
  EXPECT_EQ(shellWord(""), "''");
  EXPECT_EQ(shellOptions("-a", {"queue=spsc", "capacity=[1, 2]"}),
            " -a queue=spsc -a 'capacity=[1, 2]'");
}

TEST(TextTableTest, ColoursAColumnOfLinesAndNothingElse) {
  TextTable table({"verdict", "n"}, 1);
  table.add({"pass", "1"});
  table.add({"regressed", "pass"});
  table.colour("verdict", toneOfVerdict, Colour::Yes);
  EXPECT_EQ(table.allAligned(),
            "verdict    n\n"
            "\x1b[32mpass\x1b[0m       1\n"
            "\x1b[31mregressed\x1b[0m  pass\n");
  EXPECT_EQ(table.allMarkdown(),
            "| verdict | n |\n| :-- | --: |\n| pass | 1 |\n| regressed | pass |\n");
}

TEST(GroupedTableTest, HasRowsBelowTheNameOfWhatTheyBelongTo) {
  GroupedTable table({"", "ns", "verdict"});
  EXPECT_EQ(table.aligned(), "");
  table.begin("one");
  table.add({"p50", "7", "pass"});
  table.begin("the other");
  table.remark("it was busy");
  table.add({"p50", "9", "worse"});
  table.add({"", "11", "worse"});
  EXPECT_EQ(table.groups(), 2U);
  EXPECT_EQ(table.aligned(),
            "       ns  verdict\none\n  p50   7  pass\n"
            "the other\n  it was busy\n  p50   9  worse\n       11  worse\n\n");
  EXPECT_EQ(table.markdown(),
            "#### one\n\n|  | ns | verdict |\n| :-- | --: | --: |\n|   p50 | 7 | pass |\n\n"
            "#### the other\n\nit was busy\n\n|  | ns | verdict |\n| :-- | --: | --: |\n"
            "|   p50 | 9 | worse |\n|  | 11 | worse |\n\n");
}

TEST(WrappedTest, GoesOnBelowTheFirstWordAndBreaksNone) {
  EXPECT_EQ(wrapped("- ", "one two three", 9), "- one two\n  three\n");
  EXPECT_EQ(wrapped("- ", "one two three", 8), "- one\n  two\n  three\n");
  EXPECT_EQ(wrapped("- ", "µµµ µµµ", 9), "- µµµ µµµ\n");
  EXPECT_EQ(wrapped("- ", "a unbreakable b", 6), "- a\n  unbreakable\n  b\n");
  EXPECT_EQ(wrapped("- ", "", 6), "- \n");
}

TEST(WrappedTest, LeavesWordsAsTheyAreWhereThereIsNoWidth) {
  EXPECT_EQ(wrapped("- ", "one two\nthree", 0), "- one two\nthree\n");
}

TEST(GroupedTableTest, RemarksFitAsRowsDo) {
  GroupedTable table({"", "ns"});
  table.begin("one");
  table.remark("it was busy");
  table.add({"p50", "7"});
  EXPECT_EQ(table.fitted({.columns = 10}, {}), "       ns\none\n  it was\n  busy\n  p50  7\n\n")
      << "nothing was left out";
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
