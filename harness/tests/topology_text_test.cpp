#include "harness/topology_text.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

namespace ringside::harness {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;

constexpr const char* kLargest = "pack:2 numa:2 l3:9 l2:8 core:1 pu:2";  // 576 CPUs

std::vector<std::string> linesOf(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

std::size_t charactersIn(const std::string& line) {
  return static_cast<std::size_t>(std::count_if(line.begin(), line.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

TEST(TopologyTextTest, DrawsEveryCoreOfASmallMachine) {
  const auto lines = linesOf(drawTopology(Topology::synthetic("pack:1 l3:1 core:2 pu:1")));
  ASSERT_THAT(lines, SizeIs(3));
  EXPECT_THAT(lines[0], HasSubstr("package 0, NUMA node 0"));
  EXPECT_THAT(lines[0], HasSubstr("CPUs 0-1"));
  EXPECT_THAT(lines[1], HasSubstr("├─ core 0"));
  EXPECT_THAT(lines[2], HasSubstr("└─ core 1"));
  EXPECT_THAT(lines[2], HasSubstr("CPU 1"));
}

TEST(TopologyTextTest, IsReadableFromTwoCpusToHundreds) {
  for (const char* machine :
       {"core:1 pu:1", "pack:1 l3:1 core:2 pu:1", "pack:2 numa:2 l3:1 l2:2 core:2 pu:2",
        "pack:2 numa:4 l3:1 l2:16 core:1 pu:2", kLargest, "pack:2 numa:1 l3:1 core:144 pu:2",
        "numa:2 pack:1 core:288 pu:1", "core:576 pu:1"}) {
    const auto lines = linesOf(drawTopology(Topology::synthetic(machine)));
    EXPECT_FALSE(lines.empty()) << machine;
    EXPECT_LE(lines.size(), 48U) << machine;
    for (const std::string& line : lines) EXPECT_LE(charactersIn(line), 80U) << line;
  }
}

TEST(TopologyTextTest, CountsWhatItDoesNotDraw) {
  const std::string text = drawTopology(Topology::synthetic(kLargest));
  EXPECT_THAT(text, HasSubstr("L3 35"));
  EXPECT_THAT(text, Not(HasSubstr("core 0")));
  EXPECT_THAT(text, HasSubstr("in each L3: 8 L2"));
  EXPECT_THAT(text, HasSubstr("8 cores"));
  EXPECT_THAT(text, HasSubstr("16 CPUs"));
}

TEST(TopologyTextTest, LosesNoCpu) {
  for (const char* machine : {"pack:2 numa:2 l3:1 l2:2 core:2 pu:2", kLargest}) {
    const Topology topology = Topology::synthetic(machine);
    const auto parsed = nlohmann::json::parse(renderTopology(topology, Format::Json));
    EXPECT_EQ(parsed["cpus"].size(), topology.cpus().size());
    EXPECT_THAT(linesOf(renderTopology(topology, Format::Csv)), SizeIs(topology.cpus().size() + 1));
  }
}

TEST(TopologyTextTest, NamesEachPlacementAndWhoRepresentsIt) {
  const Topology topology = Topology::synthetic("pack:2 numa:2 l3:1 l2:2 core:2 pu:2");
  const std::string text = renderTopology(topology, Format::Table);
  EXPECT_THAT(text, HasSubstr("same_core      CPUs 0 and 1"));
  EXPECT_THAT(text, HasSubstr("cross_node     CPUs 0 and 8"));
  EXPECT_THAT(text, HasSubstr("cross_package  CPUs 0 and 16"));
  EXPECT_THAT(text, HasSubstr("same_node      none that this process may use"));
  const auto parsed = nlohmann::json::parse(renderTopology(topology, Format::Json));
  EXPECT_EQ(parsed["placements"]["cross_node"], nlohmann::json({0, 8}));
  EXPECT_TRUE(parsed["placements"]["same_node"].is_null());
}

TEST(ShortCpuListTest, KeepsToTheWidth) {
  EXPECT_EQ(shortCpuList({3}, 20), "CPU 3");
  EXPECT_EQ(shortCpuList({0, 1, 2, 7}, 20), "CPUs 0-2,7");
  std::vector<int> even;
  for (int cpu = 0; cpu < 576; cpu += 2) even.push_back(cpu);
  EXPECT_EQ(shortCpuList(even, 30), "CPUs 0,2,…,574 (288)");
  EXPECT_EQ(shortCpuList({0, 2, 5, 9, 14, 20, 27, 35, 44}, 20), "CPUs 0,2,5,9,… (9)");
}

}  // namespace
}  // namespace ringside::harness
