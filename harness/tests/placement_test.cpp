#include "harness/placement.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace ringside::harness {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

Placing placed(const Topology& topology, const std::string& asked, Workers workers = {1, 1}) {
  const auto result = placeWorkers(topology, asked, workers);
  EXPECT_TRUE(std::holds_alternative<Placing>(result)) << asked;
  return std::get<Placing>(result);
}

NoPlacing refused(const Topology& topology, const std::string& asked, Workers workers = {1, 1}) {
  const auto result = placeWorkers(topology, asked, workers);
  EXPECT_TRUE(std::holds_alternative<NoPlacing>(result)) << asked;
  return std::get<NoPlacing>(result);
}

const Topology kBig = Topology::synthetic("pack:2 numa:2 l3:1 l2:2 core:2 pu:2");
const Topology kTwoCores = Topology::synthetic("l3:1 core:2 pu:1");
const Topology kOneCpu = Topology::synthetic("core:1 pu:1");

TEST(PlacementTest, EachRelationIsWhatItIsCalled) {
  for (const char* name : {"same_core", "same_l2", "same_l3", "cross_node", "cross_package"}) {
    const Placing placing = placed(kBig, name);
    EXPECT_EQ(placing.name, name);
    EXPECT_EQ(toString(kBig.relation(placing.producer_cpus[0], placing.consumer_cpus[0])), name);
    EXPECT_FALSE(placing.shares_cpus);
  }
}

TEST(PlacementTest, ARelationThatIsNotHereIsTheMachinesFault) {
  const NoPlacing none = refused(kTwoCores, "cross_node");
  EXPECT_EQ(none.fault, NoPlacing::Fault::Machine);
  EXPECT_THAT(none.reason, HasSubstr("cross_node"));
}

TEST(PlacementTest, AutoPrefersCoresOfTheirOwn) {
  const Placing placing = placed(kBig, "auto");
  EXPECT_EQ(placing.name, "same_l2");
  EXPECT_EQ(placed(kTwoCores, "auto").name, "same_l3");
}

TEST(PlacementTest, AutoGoesFurtherBeforeItShares) {
  const Topology pairs = Topology::synthetic("l2:8 core:2 pu:1");
  const Placing placing = placed(pairs, "auto", {2, 1});
  EXPECT_FALSE(placing.shares_cpus);
}

TEST(PlacementTest, AutoTakesCoresThatNobodyIsOnBeforeTheirSecondThreads) {
  const Topology threads = Topology::synthetic("numa:1 l3:1 core:4 pu:2");
  const Placing placing = placed(threads, "auto", {2, 2});
  std::vector<int> cpus = placing.producer_cpus;
  cpus.insert(cpus.end(), placing.consumer_cpus.begin(), placing.consumer_cpus.end());
  for (const int a : cpus) {
    for (const int b : cpus) EXPECT_NE(threads.relation(a, b), Relation::SameCore) << a << b;
  }
}

TEST(PlacementTest, AutoTakesTwoThreadsOfACoreBeforeItShares) {
  EXPECT_EQ(placed(Topology::synthetic("core:1 pu:2"), "auto").name, "same_core");
}

TEST(PlacementTest, AutoSharesTheOnlyCpuAndSaysSo) {
  const Placing placing = placed(kOneCpu, "auto", {2, 1});
  EXPECT_EQ(placing.name, "same_cpu");
  EXPECT_TRUE(placing.shares_cpus);
  EXPECT_THAT(placing.producer_cpus, ElementsAre(0, 0));
}

TEST(PlacementTest, EveryProducerHasTheRelationToItsConsumer) {
  const Placing placing = placed(kBig, "same_l2", {4, 4});
  EXPECT_FALSE(placing.shares_cpus);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_EQ(kBig.relation(placing.producer_cpus[i], placing.consumer_cpus[i]), Relation::SameL2);
  }
}

TEST(PlacementTest, MoreWorkersThanCpusShareAndAreMarked) {
  const Placing placing = placed(kTwoCores, "auto", {2, 2});
  EXPECT_TRUE(placing.shares_cpus);
  EXPECT_THAT(placing.producer_cpus, ElementsAre(0, 0));
  EXPECT_THAT(placing.consumer_cpus, ElementsAre(1, 1));
}

TEST(PlacementTest, UnevenGroupsGetTheirWorkers) {
  const Placing placing = placed(kBig, "same_l3", {3, 1});
  EXPECT_EQ(placing.producer_cpus.size(), 3U);
  EXPECT_EQ(placing.consumer_cpus.size(), 1U);
  EXPECT_FALSE(placing.shares_cpus);
}

TEST(PlacementTest, ExplicitCpusAreTakenProducersFirst) {
  const Placing placing = placed(kBig, "cpus:9,3,5", {2, 1});
  EXPECT_THAT(placing.producer_cpus, ElementsAre(9, 3));
  EXPECT_THAT(placing.consumer_cpus, ElementsAre(5));
}

TEST(PlacementTest, ExplicitCpusThatCannotBeAreTheUsersFault) {
  for (const char* asked : {"cpus:0,99", "cpus:0", "cpus:0,1,2", "cpus:", "cpus:a,b", "cpus:0,-1",
                            "cpus:0,,1", "beside", "same_cpu", ""}) {
    EXPECT_EQ(refused(kTwoCores, asked).fault, NoPlacing::Fault::User) << asked;
  }
  EXPECT_THAT(refused(kTwoCores, "cpus:0,99").reason, HasSubstr("0-1"));
}

TEST(PlacementTest, UnpinnedBindsNobody) {
  const Placing placing = placed(kTwoCores, "unpinned", {2, 1});
  EXPECT_TRUE(placing.producer_cpus.empty());
  EXPECT_TRUE(placing.shares_cpus);
}

}  // namespace
}  // namespace ringside::harness
