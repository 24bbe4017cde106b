// The hand-off of a cache line, measured here and drawn of made-up machines.
#include "harness/handoff.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "harness/floor.hpp"
#include "harness/handoff_report.hpp"
#include "harness/heat_map.hpp"
#include "results/metrics.hpp"

namespace ringside::harness {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

const Topology kTwoPackages = Topology::synthetic("pack:2 numa:1 l3:1 core:2 pu:1");

/// As a machine of two packages would answer: 50 ns within, 200 ns across.
std::vector<Handoff> handoffsOf(const Topology& topology) {
  std::vector<Handoff> handoffs;
  for (const CpuPair& pair : allPairs(topology)) {
    const Relation relation = topology.relation(pair.first, pair.second);
    const double ns = relation == Relation::CrossPackage ? 200 + pair.second : 50 + pair.second;
    handoffs.push_back({pair, relation, ns, 1.5 * ns, 80});
  }
  return handoffs;
}

TEST(HandoffTest, IsMeasuredOfEveryPairThatIsAskedFor) {
  const Topology topology = Topology::ofThisMachine();
  if (topology.cpus().size() < 2) GTEST_SKIP() << "a hand-off needs two CPUs";
  const auto handoffs =
      measureHandoffs(topology, calibrateClock(), representativePairs(topology), {.rounds = 2});
  ASSERT_FALSE(handoffs.empty());
  for (const Handoff& handoff : handoffs) {
    EXPECT_GT(handoff.min_ns, 0.0);
    EXPECT_GE(handoff.median_ns, handoff.min_ns);
    EXPECT_EQ(handoff.groups, 2 * kGroupsPerVisit);
    EXPECT_EQ(handoff.relation, topology.relation(handoff.cpus.first, handoff.cpus.second));
  }
}

TEST(HandoffTest, VisitsThePairsInTurnAndStopsWhenAsked) {
  const Topology topology = Topology::ofThisMachine();
  if (topology.cpus().size() < 2) GTEST_SKIP() << "a hand-off needs two CPUs";
  const CpuPair pair{topology.cpus()[0].cpu, topology.cpus()[1].cpu};
  std::vector<std::uint64_t> visits;
  const auto stopped =
      measureHandoffs(topology, calibrateClock(), {pair, pair},
                      {.rounds = 10, .go_on = [&](std::uint64_t done, std::uint64_t all) {
                         EXPECT_EQ(all, 20U);
                         visits.push_back(done);
                         return done < 3;
                       }});
  EXPECT_THAT(stopped, IsEmpty());
  EXPECT_EQ(visits, (std::vector<std::uint64_t>{1, 2, 3}));
}

TEST(HandoffTest, SaysWhichCpuCannotBeUsed) {
  const Topology topology = Topology::ofThisMachine();
  const int here = topology.cpus()[0].cpu;
  try {
    measureHandoffs(topology, calibrateClock(), {{here, 4000}}, {.rounds = 1});
    ADD_FAILURE() << "CPU 4000 was used";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), HasSubstr("asked for CPU 4000"));
  }
}

TEST(HandoffTest, OfNothingIsNothing) {
  EXPECT_THAT(measureHandoffs(Topology::ofThisMachine(), calibrateClock(), {}), IsEmpty());
  EXPECT_THAT(allPairs(Topology::synthetic("core:1 pu:1")), IsEmpty());
}

TEST(HandoffTest, HasEachPairOnceAndARepresentativeOfEachClass) {
  EXPECT_THAT(allPairs(kTwoPackages), SizeIs(6));
  std::set<Relation> relations;
  for (const CpuPair& pair : representativePairs(kTwoPackages)) {
    relations.insert(kTwoPackages.relation(pair.first, pair.second));
  }
  EXPECT_EQ(relations, (std::set<Relation>{Relation::SameL3, Relation::CrossPackage}));
}

TEST(FloorsTest, AreTheLowestOfEachClass) {
  const Floors floors = floorsOf(handoffsOf(kTwoPackages));
  EXPECT_EQ(floors.at(Relation::SameL3), 51.0);
  EXPECT_EQ(floors.at(Relation::CrossPackage), 202.0);
  EXPECT_EQ(floorsToJson(floors)["same_l3"], 51.0);
}

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

TEST(HeatMapTest, HasNumbersWhereThereIsRoom) {
  const auto lines = linesOf(drawHeatMap(kTwoPackages, handoffsOf(kTwoPackages), Colour::No, 80));
  ASSERT_THAT(lines, SizeIs(5));
  EXPECT_EQ(lines[1], "CPU 0       -   51  202  203");
  EXPECT_EQ(lines[4], "CPU 3     203  203   53    -");
}

TEST(HeatMapTest, HasShadesAndALegendWhereNumbersDoNotFit) {
  const Topology many = Topology::synthetic("pack:2 numa:1 l3:1 core:16 pu:1");
  const std::string text = drawHeatMap(many, handoffsOf(many), Colour::No, 80);
  EXPECT_THAT(text, HasSubstr("██"));
  EXPECT_THAT(text, HasSubstr("·· from 51 ns"));
  for (const std::string& line : linesOf(text)) EXPECT_LE(charactersIn(line), 80U) << line;
}

TEST(HeatMapTest, TakesCachesOrPackagesForCpusWhereTheyAreTooMany) {
  const Topology largest = Topology::synthetic("pack:2 numa:2 l3:9 l2:8 core:1 pu:2");
  const std::string text = drawHeatMap(largest, handoffsOf(largest), Colour::No, 80);
  EXPECT_THAT(text, HasSubstr("L3 35"));
  EXPECT_THAT(linesOf(text), SizeIs(1 + 36 + 1));
  const Topology flat = Topology::synthetic("pack:2 core:200 pu:1");
  EXPECT_THAT(drawHeatMap(flat, handoffsOf(flat), Colour::No, 80), HasSubstr("package 1"));
}

TEST(HeatMapTest, IsColouredOnlyWhenAsked) {
  const auto handoffs = handoffsOf(kTwoPackages);
  EXPECT_THAT(drawHeatMap(kTwoPackages, handoffs, Colour::Yes, 80), HasSubstr("\x1b[48;5;"));
  EXPECT_THAT(drawHeatMap(kTwoPackages, handoffs, Colour::No, 80), Not(HasSubstr("\x1b")));
}

TEST(HandoffReportTest, HasARowForEachClassAndAnObjectForEachPair) {
  const auto handoffs = handoffsOf(kTwoPackages);
  const std::string table = renderHandoffs(kTwoPackages, handoffs, {});
  EXPECT_THAT(table, HasSubstr("same_l3            2   51.0 ns       53.0 ns"));
  EXPECT_THAT(table, HasSubstr("cross_package      4  202.0 ns"));
  const auto json =
      nlohmann::json::parse(renderHandoffs(kTwoPackages, handoffs, {.format = Format::Json}));
  ASSERT_EQ(json.size(), 6U);
  EXPECT_EQ(json[0]["relation"], "same_l3");
  EXPECT_EQ(json[0]["min_ns"], 51.0);
  EXPECT_THAT(linesOf(renderHandoffs(kTwoPackages, handoffs, {.format = Format::Csv})), SizeIs(7));
}

TEST(HandoffReportTest, KeepsWhatAFigureNeeds) {
  const auto json = nlohmann::json::parse(handoffJson(kTwoPackages, handoffsOf(kTwoPackages)));
  EXPECT_EQ(json["schema"], 1);
  EXPECT_EQ(json["cpus"].size(), 4U);
  EXPECT_EQ(json["cpus"][3]["package"], 1);
  EXPECT_EQ(json["pairs"].size(), 6U);
  EXPECT_EQ(json["floor_ns"]["cross_package"], 202.0);
}

Cell cellOn(std::vector<int> producers, std::vector<int> consumers) {
  Cell cell;
  cell.placing.producer_cpus = std::move(producers);
  cell.placing.consumer_cpus = std::move(consumers);
  return cell;
}

TEST(FloorOfAPlanTest, HasNoneForWorkersThatAreNotPinnedOrShareACpu) {
  const Topology topology = Topology::ofThisMachine();
  const int cpu = topology.cpus().front().cpu;
  Plan plan;
  plan.cells = {cellOn({}, {}), cellOn({cpu}, {cpu}), cellOn({cpu}, {4000})};
  plan.cells.back().skip_reason = "there is no CPU 4000";
  EXPECT_THAT(measureFloors(plan, topology, calibrateClock()), IsEmpty());
}

TEST(FloorOfAPlanTest, StandsInTheRecordWithTheMultipleOfIt) {
  Session session(Topology::ofThisMachine());
  if (session.topology().cpus().size() < 2) GTEST_SKIP() << "a hand-off needs two CPUs";
  const int first = session.topology().cpus()[0].cpu;
  const int second = session.topology().cpus()[1].cpu;
  session.setFloors({{session.topology().relation(first, second), 50.0}});
  results::Record record;
  record.histograms["rtt_ns"] = std::make_shared<results::Histogram>();
  record.histograms["rtt_ns"]->record(300);
  noteFloor(cellOn({first}, {second}), session, record);
  EXPECT_EQ(record.metrics.at("floor_ns"), 50.0);
  EXPECT_EQ(record.metrics.at("rtt_over_floor"), 3.0);
  results::Record without;
  noteFloor(cellOn({first}, {first}), session, without);
  EXPECT_THAT(without.metrics, IsEmpty());
}

}  // namespace
}  // namespace ringside::harness
