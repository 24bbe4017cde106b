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

// The largest machines that are planned for, here only as descriptions.
constexpr const char* kLargeMachines[] = {"pack:2 numa:4 l3:1 l2:16 core:1 pu:2",  // 256 CPUs
                                          "pack:2 numa:2 l3:9 l2:8 core:1 pu:2",   // 576 CPUs
                                          "pack:2 numa:4 core:72 pu:1"};           // no caches

TEST(LargeMachineTest, EveryPlacementThatExistsIsWhatItIsCalledForAnyNumberOfWorkers) {
  for (const char* description : kLargeMachines) {
    const Topology machine = Topology::synthetic(description);
    for (const Relation relation : kPlaceableRelations) {
      if (!machine.representative(relation)) continue;
      const std::string name(toString(relation));
      for (const Workers workers : {Workers{1, 1}, Workers{4, 4}, Workers{5, 2}}) {
        const Placing placing = placed(machine, name, workers);
        ASSERT_EQ(placing.producer_cpus.size(), workers.producers);
        ASSERT_EQ(placing.consumer_cpus.size(), workers.consumers);
        for (std::size_t i = 0; i < workers.consumers; ++i) {
          EXPECT_EQ(machine.relation(placing.producer_cpus[i], placing.consumer_cpus[i]), relation)
              << description << " " << name;
        }
      }
    }
  }
}

TEST(LargeMachineTest, NobodySharesACpuAsLongAsThereAreEnough) {
  for (const char* description : kLargeMachines) {
    const Topology machine = Topology::synthetic(description);
    EXPECT_FALSE(placed(machine, "auto", {64, 64}).shares_cpus) << description;
  }
}

TEST(LargeMachineTest, ARelationThatIsNotThereIsSaidToBeMissing) {
  const Topology machine = Topology::synthetic(kLargeMachines[2]);
  EXPECT_EQ(refused(machine, "same_l3").fault, NoPlacing::Fault::Machine);
}

TEST(PlacerTest, AsksEachQuestionOnceAndAnswersAsBefore) {
  Placer placer(kBig);
  for (int i = 0; i < 100; ++i) {
    for (const std::string asked : {"auto", "same_l2", "cpus:0,1", "cpus:0,99"}) {
      const auto fresh = placeWorkers(kBig, asked, {1, 1});
      const auto& known = placer.place(asked, {1, 1});
      ASSERT_EQ(known.index(), fresh.index());
      if (known.index() != 0) continue;
      EXPECT_EQ(std::get<Placing>(known).producer_cpus, std::get<Placing>(fresh).producer_cpus);
      EXPECT_EQ(std::get<Placing>(known).consumer_cpus, std::get<Placing>(fresh).consumer_cpus);
    }
  }
  EXPECT_EQ(placer.searches(), 4U);
}

}  // namespace
}  // namespace ringside::harness
