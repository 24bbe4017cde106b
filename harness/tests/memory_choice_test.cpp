// What is asked of memory, waiting and batches, planned on machines that need not be there.
#include "harness/memory_choice.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/usage_error.hpp"
#include "scratch_suite.hpp"

namespace ringside::harness {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const Topology kOneNode = Topology::synthetic("numa:1 l3:1 core:2 pu:1");
const Topology kTwoNodes = Topology::synthetic("pack:1 numa:2 l3:1 core:2 pu:1");

Cell cellOf(const std::string& sweep, const Topology& topology = kOneNode,
            const std::string& workload = "throughput") {
  const ScratchSuite file(suiteWith(sweep, workload));
  return makePlan(file.read(), topology, kPlenty).cells.at(0);
}

std::string skipOf(const std::string& sweep, const Topology& topology = kOneNode,
                   const std::string& workload = "throughput") {
  return cellOf(sweep, topology, workload).skip_reason.value_or("it runs");
}

std::string refusalOf(const std::string& sweep) {
  try {
    cellOf(sweep);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "accepted";
}

TEST(MemoryChoiceTest, EveryBackingIsOneForTheRingsAndForMemoryOfTheHarness) {
  for (const char* queue : {"spsc", "mpsc", "mpmc", "mpmc_at_least_once", "robust_mutex"}) {
    for (const char* memory : {"posix_shm", "anon", "memfd", "file", "sysv"}) {
      const Cell cell =
          cellOf(std::string("queue = \"") + queue + "\"\nmemory = \"" + memory + "\"");
      EXPECT_FALSE(cell.skip_reason) << queue << " " << *cell.skip_reason;
      EXPECT_EQ(toString(cell.backing), memory);
      EXPECT_EQ(cell.axes.memory, memory);
    }
  }
}

TEST(MemoryChoiceTest, AQueueWithMemoryOfItsOwnTakesNoOther) {
  EXPECT_THAT(skipOf("queue = \"pipe\"\nmemory = \"memfd\""), HasSubstr("memory of the kernel"));
  EXPECT_EQ(cellOf("queue = \"pipe\"").axes.memory, "kernel");
  if (findQueue("boost_message_queue") == nullptr) return;
  EXPECT_THAT(skipOf("queue = \"boost_message_queue\"\nmemory = \"anon\""),
              HasSubstr("makes its own memory"));
}

TEST(MemoryChoiceTest, AQueueWithoutANameIsInheritedWhateverIsAskedFor) {
  const Cell ring = cellOf("queue = \"eventfd_ring\"");
  EXPECT_EQ(ring.backing, Backing::Anon);
  EXPECT_EQ(ring.axes.memory, "anon");
  const Cell socket = cellOf("queue = \"seqpacket\"");
  EXPECT_EQ(socket.backing, Backing::Anon);
  EXPECT_EQ(socket.axes.memory, "kernel");
  EXPECT_THAT(skipOf("queue = \"eventfd_ring\"\nmemory = \"memfd\""),
              HasSubstr("eventfd_ring has no name: it lies in anon memory"));
}

TEST(MemoryChoiceTest, AnUnknownBackingIsRefusedWithTheKnownOnes) {
  EXPECT_THAT(refusalOf("queue = \"spsc\"\nmemory = \"memdf\""),
              AllOf(HasSubstr(".toml:9:"), HasSubstr("'memdf'"), HasSubstr("memfd"),
                    HasSubstr("posix_shm")));
}

TEST(MemoryChoiceTest, TheNameSaysWhatIsNotTheDefault) {
  const Cell cell = cellOf(
      "queue = \"spsc\"\nmemory = \"memfd\"\nprefault = false\nnuma_node = 0\nbatch = 16\n"
      "validate = \"sequence\"\nwait = \"block\"");
  EXPECT_EQ(cell.name,
            "s/one/spsc/1p1c/el=64/cap=144/same_l3/mem=memfd/prefault=false/node=0/wait=block/"
            "batch=16/validate=sequence");
}

TEST(NodeChoiceTest, TheRingLiesWhereTheWorkerRuns) {
  const std::string crossing = "queue = \"spsc\"\nplacement = \"cross_node\"\nnuma_node = ";
  const Cell producer = cellOf(crossing + "\"producer\"", kTwoNodes);
  const Cell consumer = cellOf(crossing + "\"consumer\"", kTwoNodes);
  ASSERT_FALSE(producer.skip_reason) << *producer.skip_reason;
  EXPECT_THAT(producer.shape.memory.numa_nodes, ElementsAre(0));
  EXPECT_THAT(consumer.shape.memory.numa_nodes, ElementsAre(1));
  EXPECT_EQ(consumer.axes.numa_node, 1);
  EXPECT_EQ(consumer.axes.numa_policy, "consumer");
}

TEST(NodeChoiceTest, ANumberMayBeWrittenAsOne) {
  EXPECT_EQ(cellOf("queue = \"spsc\"\nnuma_node = 1", kTwoNodes).axes.numa_node, 1);
  EXPECT_EQ(cellOf("queue = \"spsc\"\nnuma_node = \"1\"", kTwoNodes).axes.numa_node, 1);
}

TEST(NodeChoiceTest, InterleavingTakesAllNodes) {
  const Cell cell = cellOf("queue = \"spsc\"\nnuma_node = \"interleave\"", kTwoNodes);
  EXPECT_THAT(cell.shape.memory.numa_nodes, ElementsAre(0, 1));
  EXPECT_EQ(cell.shape.memory.numa_policy, NumaPolicy::Interleave);
  EXPECT_FALSE(cell.axes.numa_node.has_value());
}

TEST(NodeChoiceTest, WhatOneNodeCannotDoIsSkipped) {
  EXPECT_THAT(skipOf("queue = \"spsc\"\nnuma_node = \"interleave\""), HasSubstr("here is one"));
  EXPECT_THAT(skipOf("queue = \"spsc\"\nnuma_node = 1"), HasSubstr("no NUMA node 1"));
  EXPECT_EQ(skipOf("queue = \"spsc\"\nnuma_node = 0"), "it runs");
}

TEST(NodeChoiceTest, AWorkerThatIsNotPinnedHasNoNode) {
  EXPECT_THAT(skipOf("queue = \"spsc\"\nplacement = \"unpinned\"\nnuma_node = \"producer\""),
              HasSubstr("pinned to no CPU"));
}

TEST(NodeChoiceTest, AnUnknownWordIsRefused) {
  EXPECT_THAT(refusalOf("queue = \"spsc\"\nnuma_node = \"prodcer\""),
              AllOf(HasSubstr("'prodcer'"), HasSubstr("did you mean 'producer'"),
                    HasSubstr("a whole number")));
  EXPECT_THAT(refusalOf("queue = \"spsc\"\nnuma_node = true"),
              HasSubstr("a string or a whole number"));
}

TEST(NodeChoiceTest, PagesOnAnotherNodeAreNotAsAsked) {
  const MemoryOptions asked{.numa_nodes = {1}, .numa_policy = NumaPolicy::Bind};
  EXPECT_EQ(complaintAboutNodes(asked, {{1, 17}}), "");
  EXPECT_EQ(complaintAboutNodes(asked, {}), "");
  EXPECT_THAT(complaintAboutNodes(asked, {{0, 3}, {1, 14}}), HasSubstr("3 pages lie on node 0"));
  EXPECT_EQ(complaintAboutNodes({}, {{0, 3}}), "");
}

TEST(NodeChoiceTest, PagesOnOneNodeAreNotInterleaved) {
  const MemoryOptions asked{.numa_nodes = {0, 1}, .numa_policy = NumaPolicy::Interleave};
  EXPECT_EQ(complaintAboutNodes(asked, {{0, 9}, {1, 8}}), "");
  EXPECT_EQ(complaintAboutNodes(asked, {{1, 1}}), "");  // one page lies on one node
  EXPECT_THAT(complaintAboutNodes(asked, {{1, 17}}), HasSubstr("lies on node 1 alone"));
}

TEST(CallsTest, WhoHasNoCallsThatBlockIsSkipped) {
  EXPECT_THAT(skipOf("queue = \"pipe\"\nwait = \"block\""),
              HasSubstr("pipe has no calls that block"));
  const Cell cell = cellOf("queue = \"mpmc\"\nwait = \"block\"");
  EXPECT_FALSE(cell.skip_reason);
  EXPECT_EQ(cell.wait, Wait::Block);
  EXPECT_EQ(cell.axes.wait, "block");
}

TEST(CallsTest, BatchesNeedTheCallsAndTheWorkload) {
  EXPECT_THAT(skipOf("queue = \"pipe\"\nbatch = 2"), HasSubstr("several elements at once"));
  EXPECT_THAT(skipOf("queue = \"spsc\"\nbatch = 2", kOneNode, "ping_pong"),
              HasSubstr("batches belong to throughput"));
  EXPECT_THAT(skipOf("queue = \"spsc\"\nbatch = 4096\nelement_size_bytes = 1048576"),
              HasSubstr("over 256 MiB"));
  EXPECT_EQ(cellOf("queue = \"spsc\"\nbatch = 16").axes.batch, 16U);
  EXPECT_THAT(refusalOf("queue = \"spsc\"\nbatch = 0"), HasSubstr("1 to 4096"));
}

}  // namespace
}  // namespace ringside::harness
