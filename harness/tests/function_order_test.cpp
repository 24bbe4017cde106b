#include "harness/duet/function_order.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

namespace ringside::harness {
namespace {

using ::testing::ElementsAre;
using ::testing::UnorderedElementsAreArray;

std::vector<std::string> manySections() {
  std::vector<std::string> sections;
  for (int number = 0; number < 400; ++number) {
    sections.push_back(".text._Z4pushILi" + std::to_string(number) + "EEvv");
  }
  return sections;
}

/// In the order of the script.
std::vector<std::string> sectionsOf(const std::string& script) {
  std::istringstream lines(script);
  std::vector<std::string> sections;
  for (std::string line; std::getline(lines, line);) {
    const std::size_t begin = line.find("*(");
    if (begin != std::string::npos) {
      sections.push_back(line.substr(begin + 2, line.size() - begin - 3));
    }
  }
  return sections;
}

std::vector<std::uint64_t> gapsOf(const std::string& script) {
  std::istringstream lines(script);
  std::vector<std::uint64_t> gaps;
  for (std::string line; std::getline(lines, line);) {
    const std::size_t begin = line.find("+= ");
    if (begin != std::string::npos) gaps.push_back(std::stoull(line.substr(begin + 3)));
  }
  return gaps;
}

TEST(OrderScriptTest, IsTheSameForTheSameLink) {
  EXPECT_EQ(orderScript(manySections(), 3), orderScript(manySections(), 3));
  EXPECT_NE(orderScript(manySections(), 3), orderScript(manySections(), 4));
}

TEST(OrderScriptTest, NamesEachSectionOnce) {
  EXPECT_THAT(sectionsOf(orderScript(manySections(), 1)),
              UnorderedElementsAreArray(manySections()));
}

TEST(OrderScriptTest, MixesNeighboursOfOneOrderInAnother) {
  const auto one = sectionsOf(orderScript(manySections(), 0));
  const auto other = sectionsOf(orderScript(manySections(), 1));
  std::size_t still_neighbours = 0;
  for (std::size_t i = 1; i < one.size(); ++i) {
    const auto place = std::find(other.begin(), other.end(), one[i - 1]);
    still_neighbours += place + 1 != other.end() && *(place + 1) == one[i] ? 1 : 0;
  }
  EXPECT_LE(still_neighbours, 8U);  // one is to be expected
}

TEST(OrderScriptTest, KeepsTheOrderOfTheOthersWhenASectionComes) {
  std::vector<std::string> more = manySections();
  more.push_back(".text._Z3newv");
  auto order = sectionsOf(orderScript(more, 2));
  std::erase(order, ".text._Z3newv");
  EXPECT_EQ(order, sectionsOf(orderScript(manySections(), 2)));
}

TEST(OrderScriptTest, LeavesGapsThatMoveWhatFollowsByUpToAPage) {
  const auto gaps = gapsOf(orderScript(manySections(), 5));
  EXPECT_GE(gaps.size(), 20U);
  EXPECT_LE(gaps.size(), 90U);  // 50 are to be expected
  for (const std::uint64_t gap : gaps) {
    EXPECT_EQ(gap % 16, 0U);
    EXPECT_LE(gap, 4080U);
  }
  EXPECT_GE(*std::max_element(gaps.begin(), gaps.end()), 2048U);
}

TEST(CodeSectionsTest, AreThoseThatTheLinkTookIn) {
  constexpr const char* kMap =
      "Discarded input sections\n\n"
      " .text._Z4twicev\n                0x0000000000000000       0x10 b.o\n\n"
      "Linker script and memory map\n\n"
      ".text           0x0000000000001000      0x100\n"
      " *(.text.unlikely .text.*_unlikely .text.unlikely.*)\n"
      " .text.unlikely._Z4coldv\n                0x0000000000001000        0x8 a.o\n"
      " .text._Z4twicev\n                0x0000000000001010       0x10 a.o\n"
      " .text.short    0x0000000000001020       0x10 a.o\n"
      " .rodata._Z3tab 0x0000000000002000       0x10 a.o\n";
  EXPECT_THAT(codeSections(kMap),
              ElementsAre(".text._Z4twicev", ".text.short", ".text.unlikely._Z4coldv"));
  EXPECT_TRUE(codeSections("no map").empty());
}

TEST(LayoutTest, IsOfTheFunctionsAlone) {
  const std::string functions = "0000000000001000 t _Z4pushv\n0000000000001040 T entry\n";
  EXPECT_EQ(layoutIn(functions), layoutIn(functions + "0000000000003000 b counter\n"));
  EXPECT_NE(layoutIn(functions), layoutIn("0000000000001010 t _Z4pushv\n"));
  EXPECT_EQ(layoutIn("0000000000003000 b counter\n"), "");
}

}  // namespace
}  // namespace ringside::harness
