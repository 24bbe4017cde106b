// Every call that the documents make, typed as they do: it compiles, and does what they say. Who
// comes from Join changes a namespace and nothing else.
#include <gtest/gtest.h>

#include <chrono>
#include <cstring>
#include <ringside/memory.hpp>
#include <ringside/shared.hpp>

#include "forked.hpp"

using namespace ringside;

namespace {

using std::uint64_t;

/// Takes the names away that the documents use.
class DocumentsTest : public ::testing::Test {
 protected:
  DocumentsTest() { clean(); }
  ~DocumentsTest() override { clean(); }

  static void clean() {
    for (const char* name : {"my_segment", "my_channel", "channel", "ipc_channel_AB",
                             "ipc_channel_BA", "imu", "counter", "lidar"}) {
      SharedMemory::unlink(name);
    }
  }
};

struct Message {
  uint64_t id;
  char data[1016];
};

TEST_F(DocumentsTest, LocalMemoryIsReachedByOffset) {
  LocalMem mem(4096);
  void* start = mem.get();
  void* ptr = mem.get(64);
  EXPECT_EQ(static_cast<char*>(ptr) - static_cast<char*>(start), 64);
  const LocalMem& unchanged = mem;
  const void* read_only = unchanged.get(0);
  EXPECT_EQ(read_only, start);
  LocalMem b = std::move(mem);
  EXPECT_THROW(mem.get(), std::runtime_error);
  EXPECT_THROW(b.get(b.size()), std::out_of_range);
}

TEST_F(DocumentsTest, SharedMemoryIsMadeOnceAndUnlinkedByHand) {
  ShmMem mem(4096, "/my_segment");
  std::strcpy(static_cast<char*>(mem.get()), "here");
  ShmMem again(4096, "/my_segment");
  EXPECT_STREQ(static_cast<char*>(again.get()), "here");
  EXPECT_EQ(ShmMem::unlink("/my_segment"), 0);
  EXPECT_EQ(ShmMem::unlink("/my_segment"), 0);
}

TEST_F(DocumentsTest, BindingAndLockingAnswerWithLastError) {
  LocalMem mem(4096);
  lastError = {};
  const bool bound = mem.mbind(0) == 0 && ringside::mbind(mem.get(), mem.size(), 0) == 0;
  EXPECT_EQ(bound, !ringside::lastError) << ringside::lastError.message();
  lastError = {};
  const bool locked = mem.mlock() == 0 && ringside::mlock(mem.get(), mem.size()) == 0;
  EXPECT_EQ(locked, !ringside::lastError) << ringside::lastError.message();
  EXPECT_EQ(mem.mbind(-1), -1);
  EXPECT_EQ(lastError, Errc::InvalidParam);
}

TEST_F(DocumentsTest, QueuesLiveInEitherMemory) {
  LocalMem::Spsc::Queue<Message> local_spsc(144);
  LocalMem::Mpsc::Queue<Message> local_mpsc(144);
  LocalMem::Mpmc::Queue<Message> local_mpmc(144);
  ShmMem::Spsc::Queue<Message> spsc(144, "/my_segment");
  EXPECT_THROW(ShmMem::Mpsc::Queue<Message>(144, "/my_segment"), std::system_error);
  EXPECT_EQ(spsc.tryPush({42, "Hello"}), 0);
  Message msg;
  EXPECT_EQ(spsc.pop(msg), 0);
  EXPECT_STREQ(msg.data, "Hello");
}

TEST_F(DocumentsTest, AProducerSendsToAConsumer) {
  Spsc::Producer producer("my_channel", 1024, 64);
  if (producer.open() == -1) FAIL() << lastError.message();
  Spsc::Consumer consumer("my_channel", 1024, 64);
  if (consumer.open() == -1) FAIL() << lastError.message();

  Message msg = {42, "Hello"};
  EXPECT_EQ(producer.tryPush(&msg), 0);
  EXPECT_EQ(producer.push(&msg), 0);
  EXPECT_EQ(producer.timedPush(&msg, std::chrono::milliseconds(100)), 0);
  uint64_t slots = producer.available();
  EXPECT_EQ(slots, 61U);
  EXPECT_FALSE(producer.full());
  uint64_t messages = consumer.pending();
  EXPECT_EQ(messages, 3U);
  EXPECT_FALSE(consumer.empty());
  EXPECT_EQ(consumer.tryPop(&msg), 0);
  EXPECT_EQ(consumer.pop(&msg), 0);
  EXPECT_EQ(consumer.timedPop(&msg, std::chrono::seconds(1)), 0);
  EXPECT_EQ(msg.id, 42U);
  EXPECT_EQ(consumer.tryPop(&msg), -1);
  EXPECT_EQ(lastError, Errc::TemporaryError);
  EXPECT_EQ(SharedMemory::unlink("my_channel"), 0);
}

TEST_F(DocumentsTest, EachPolicyHasProducerAndConsumer) {
  Mpsc::Producer producer("channel", 1472, 144);
  Mpsc::Consumer consumer("channel");
  EXPECT_EQ(producer.open(), 0);
  EXPECT_EQ(consumer.open(), 0);
  EXPECT_EQ(producer.open(), -1);
  EXPECT_EQ(lastError, Errc::InUse);
  Mpmc::Producer other("channel", 1472, 144);
  EXPECT_EQ(other.open(), -1);
  EXPECT_EQ(lastError, Errc::InvalidParam);
}

TEST_F(DocumentsTest, EndpointsOfTwoProcessesTalkBothWays) {
  const ::pid_t process_b = inChild([] {
    Spsc::Endpoint endpointB(Spsc::Endpoint::Side::B, "ipc_channel", 512, 128);
    if (endpointB.open() == -1) return 1;
    char text[512];
    if (endpointB.receive(text) == -1 || std::strcmp(text, "ping") != 0) return 2;
    std::strcpy(text, "pong");
    return endpointB.send(text) == 0 ? 0 : 3;
  });
  Spsc::Endpoint endpointA(Spsc::Endpoint::Side::A, "ipc_channel", 512, 128);
  ASSERT_EQ(endpointA.open(), 0);
  char text[512];
  std::strcpy(text, "ping");
  EXPECT_EQ(endpointA.send(text), 0);
  EXPECT_EQ(endpointA.receive(text), 0);
  EXPECT_STREQ(text, "pong");
  EXPECT_EQ(resultOf(process_b), 0);
  ASSERT_TRUE(endpointA.opened());
  EXPECT_EQ(endpointA.available(), 128U);
  EXPECT_EQ(endpointA.pending(), 0U);
  EXPECT_EQ(endpointA.trySend(text), 0);
  EXPECT_EQ(endpointA.tryReceive(text), -1);
  EXPECT_EQ(SharedMemory::unlink("ipc_channel_AB"), 0);
  EXPECT_EQ(SharedMemory::unlink("ipc_channel_BA"), 0);
}

TEST_F(DocumentsTest, ARegionHoldsAnInteger) {
  ShmRegion region = ShmRegion::create("counter", 4096);
  int* ptr = static_cast<int*>(region.data());
  *ptr = 42;
  const ::pid_t subscriber = inChild([] {
    std::atomic<bool> flag = true;
    if (!ShmRegion::exists("counter") || !ShmRegion::wait_until_exists("counter", flag)) return 0;
    ShmRegion opened = ShmRegion::open("counter");
    return *static_cast<int*>(opened.data());
  });
  EXPECT_EQ(resultOf(subscriber), 42);
  EXPECT_EQ(region.size(), 4096U);
  EXPECT_THROW(ShmRegion::create("counter", 4096), std::system_error);
  EXPECT_EQ(ShmRegion::unlink("counter"), 0);
}

struct PointCloud {
  float x[1000000];
  float y[1000000];
  float z[1000000];
};

TEST_F(DocumentsTest, APointCloudInARegionIsNeverCopied) {
  ShmRegion region = ShmRegion::create("lidar", 13'000'000);
  PointCloud* cloud = static_cast<PointCloud*>(region.data());
  cloud->x[0] = 1.5F;
  cloud->z[999'999] = 2.5F;
  ShmRegion subscriber = ShmRegion::open("lidar");
  const PointCloud* seen = static_cast<PointCloud*>(subscriber.data());
  EXPECT_EQ(seen->x[0], 1.5F);
  EXPECT_EQ(seen->z[999'999], 2.5F);
}

TEST_F(DocumentsTest, APointCloudGoesThroughARingWhereItLies) {
  const auto offsetIn = [](const auto& side, const void* place) {
    return static_cast<const char*>(place) - static_cast<const char*>(side.memory()->get());
  };
  Spsc::Producer producer("lidar", sizeof(PointCloud), 2);
  ASSERT_EQ(producer.open(), 0);
  const ::pid_t subscriber = inChild([&] {
    Spsc::Consumer consumer("lidar", sizeof(PointCloud), 2);
    if (consumer.open() == -1) return 1;
    for (int frame = 0; frame < 4; ++frame) {
      const auto taken = consumer.take();
      const auto* cloud = static_cast<const PointCloud*>(taken[0]);
      const auto place = static_cast<float>(offsetIn(consumer, cloud) / 64);
      if (cloud->x[0] != static_cast<float>(frame) || cloud->z[999'999] != place) return 2;
    }
    return 0;
  });
  for (int frame = 0; frame < 4; ++frame) {
    auto claimed = producer.claim();
    auto* cloud = static_cast<PointCloud*>(claimed[0]);
    cloud->x[0] = static_cast<float>(frame);
    cloud->z[999'999] = static_cast<float>(offsetIn(producer, cloud) / 64);
    claimed.commit();
  }
  EXPECT_EQ(resultOf(subscriber), 0);
}

}  // namespace
