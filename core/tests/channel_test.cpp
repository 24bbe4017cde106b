// Producer, Consumer and Endpoint as the documents describe them, for every policy.
#include <gtest/gtest.h>

#include <chrono>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

#include "ringside/ringside.hpp"
#include "shm_name.hpp"

namespace ringside {
namespace {

using namespace std::chrono_literals;

template <class Policy>
class ChannelTest : public ::testing::Test {
 protected:
  ShmName name_;
};
using Policies = ::testing::Types<Spsc, Mpsc, Mpmc>;
TYPED_TEST_SUITE(ChannelTest, Policies);

TYPED_TEST(ChannelTest, HasTheDocumentsDefaults) {
  typename TypeParam::Producer producer(this->name_.str());
  ASSERT_EQ(producer.open(), 0);
  EXPECT_EQ(producer.available(), 144U);
  typename TypeParam::Consumer consumer(this->name_.str(), 1472, 144);
  EXPECT_EQ(consumer.open(), 0);
}

TYPED_TEST(ChannelTest, CarriesElementsFromProducerToConsumer) {
  typename TypeParam::Producer producer(this->name_.str(), 100, 3);
  typename TypeParam::Consumer consumer(this->name_.str(), 100, 3);
  ASSERT_EQ(producer.open(), 0);
  ASSERT_EQ(consumer.open(), 0);
  char sent[100] = "Hello";
  char received[100] = {};
  EXPECT_EQ(producer.tryPush(sent), 0);
  EXPECT_EQ(consumer.pending(), 1U);
  EXPECT_EQ(consumer.timedPop(received, 1s), 0);
  EXPECT_EQ(std::memcmp(sent, received, sizeof sent), 0);
  EXPECT_TRUE(consumer.empty());
}

TYPED_TEST(ChannelTest, EachCallSaysWhyItCannot) {
  typename TypeParam::Producer producer(this->name_.str(), 8, 2);
  std::uint64_t value = 1;
  EXPECT_EQ(producer.tryPush(&value), -1);
  EXPECT_EQ(lastError, Errc::OperationFailed);
  EXPECT_FALSE(producer.opened());
  ASSERT_EQ(producer.open(), 0);
  EXPECT_EQ(producer.open(), -1);
  EXPECT_EQ(lastError, Errc::InUse);
  EXPECT_EQ(producer.push(nullptr), -1);
  EXPECT_EQ(lastError, Errc::InvalidParam);
  EXPECT_EQ(producer.push(&value), 0);
  EXPECT_EQ(producer.push(&value), 0);
  EXPECT_TRUE(producer.full());
  EXPECT_EQ(producer.tryPush(&value), -1);
  EXPECT_EQ(lastError, Errc::TemporaryError);
  EXPECT_EQ(producer.timedPush(&value, 1ms), -1);
  EXPECT_EQ(lastError, Errc::TimedOut);
}

TYPED_TEST(ChannelTest, ATimeoutOfAnyDurationIsUnderstood) {
  typename TypeParam::Producer producer(this->name_.str(), 8, 1);
  typename TypeParam::Consumer consumer(this->name_.str(), 8, 1);
  ASSERT_EQ(producer.open(), 0);
  ASSERT_EQ(consumer.open(), 0);
  std::uint64_t value = 1;
  std::thread late([&] { producer.push(&value); });
  std::uint64_t seen = 0;
  EXPECT_EQ(consumer.timedPop(&seen, std::chrono::seconds::max()), 0);  // for ever
  late.join();
  EXPECT_EQ(consumer.timedPop(&seen, std::chrono::seconds::min()), -1);
  EXPECT_EQ(lastError, Errc::TimedOut);
  EXPECT_EQ(consumer.timedPop(&seen, std::chrono::duration<double, std::milli>(0.5)), -1);
  EXPECT_EQ(lastError, Errc::TimedOut);
}

TYPED_TEST(ChannelTest, RefusesARingOfAnotherKind) {
  typename TypeParam::Producer producer(this->name_.str(), 64, 16);
  ASSERT_EQ(producer.open(), 0);
  typename TypeParam::Consumer other_size(this->name_.str(), 65, 16);
  typename TypeParam::Consumer other_capacity(this->name_.str(), 64, 17);
  EXPECT_EQ(other_size.open(), -1);
  EXPECT_EQ(lastError, Errc::InvalidParam);
  EXPECT_EQ(other_capacity.open(), -1);
  EXPECT_EQ(lastError, Errc::InvalidParam);
}

TYPED_TEST(ChannelTest, RefusesARingOfAnotherPolicy) {
  using Other = std::conditional_t<std::is_same_v<TypeParam, Spsc>, Mpmc, Spsc>;
  typename TypeParam::Producer producer(this->name_.str(), 64, 16);
  ASSERT_EQ(producer.open(), 0);
  typename Other::Consumer other(this->name_.str(), 64, 16);
  EXPECT_EQ(other.open(), -1);
  EXPECT_EQ(lastError, Errc::InvalidParam);
}

TYPED_TEST(ChannelTest, WhoAttachesToAUsedRingGoesOnWhereItStands) {
  std::uint64_t received = 0;
  std::uint64_t next = 0;
  for (int generation = 0; generation < 7; ++generation) {
    typename TypeParam::Producer producer(this->name_.str(), 8, 5);
    ASSERT_EQ(producer.open(), 0);
    while (producer.available() > 0) {
      const std::uint64_t value = next++;
      ASSERT_EQ(producer.tryPush(&value), 0);
    }
    producer.close();
    typename TypeParam::Consumer consumer(this->name_.str(), 8, 5);
    ASSERT_EQ(consumer.open(), 0);
    for (int i = 0; i < 3; ++i) {
      std::uint64_t value = 0;
      ASSERT_EQ(consumer.tryPop(&value), 0);
      EXPECT_EQ(value, received++);
    }
  }
}

TYPED_TEST(ChannelTest, BatchesGoThroughInOneCall) {
  typename TypeParam::Producer producer(this->name_.str(), 4, 5);
  typename TypeParam::Consumer consumer(this->name_.str(), 4, 5);
  ASSERT_EQ(producer.open(), 0);
  ASSERT_EQ(consumer.open(), 0);
  const std::uint32_t sent[6] = {1, 2, 3, 4, 5, 6};
  std::uint32_t received[6] = {};
  EXPECT_EQ(producer.tryPush(sent, 6), 5U);
  EXPECT_EQ(consumer.tryPop(received, 6), 5U);
  EXPECT_EQ(std::memcmp(sent, received, 5 * sizeof(std::uint32_t)), 0);
}

TYPED_TEST(ChannelTest, EndpointsTalkBothWays) {
  using Endpoint = typename TypeParam::Endpoint;
  Endpoint a(Endpoint::Side::A, this->name_.str(), 512, 128);
  Endpoint b(Endpoint::Side::B, this->name_.str(), 512, 128);
  ASSERT_EQ(a.open(), 0);
  ASSERT_EQ(b.open(), 0);
  EXPECT_TRUE(a.opened());
  char text[512] = "ping";
  EXPECT_EQ(a.send(text), 0);
  EXPECT_EQ(b.pending(), 1U);
  char reply[512] = {};
  EXPECT_EQ(b.receive(reply), 0);
  EXPECT_STREQ(reply, "ping");
  std::strcpy(reply, "pong");
  EXPECT_EQ(b.timedSend(reply, 1s), 0);
  EXPECT_EQ(a.timedReceive(text, 1s), 0);
  EXPECT_STREQ(text, "pong");
  EXPECT_EQ(a.tryReceive(text), -1);
  EXPECT_EQ(lastError, Errc::TemporaryError);
  EXPECT_EQ(a.available(), 128U);
  EXPECT_EQ(a.trySend(text), 0);
  a.close();
  EXPECT_FALSE(a.opened());
}

TYPED_TEST(ChannelTest, AnEndpointOpensBothRingsOrNone) {
  using Endpoint = typename TypeParam::Endpoint;
  typename TypeParam::Producer wrong(this->name_.str() + "_BA", 64, 16);
  ASSERT_EQ(wrong.open(), 0);
  Endpoint a(Endpoint::Side::A, this->name_.str(), 512, 128);
  EXPECT_EQ(a.open(), -1);
  EXPECT_EQ(lastError, Errc::InvalidParam);
  EXPECT_FALSE(a.opened());
}

TEST(ChannelRoleTest, SpscHasOneProducerAndOneConsumerAtATime) {
  const ShmName name;
  Spsc::Producer producer(name.str(), 8, 4);
  Spsc::Producer second(name.str(), 8, 4);
  ASSERT_EQ(producer.open(), 0);
  EXPECT_EQ(second.open(), -1);
  EXPECT_EQ(lastError, Errc::InUse);
  producer.close();
  EXPECT_EQ(second.open(), 0);
}

TEST(ChannelRoleTest, MpscHasManyProducersAndOneConsumer) {
  const ShmName name;
  Mpsc::Producer producer(name.str(), 8, 4);
  Mpsc::Producer second(name.str(), 8, 4);
  Mpsc::Consumer consumer(name.str(), 8, 4);
  Mpsc::Consumer other(name.str(), 8, 4);
  EXPECT_EQ(producer.open(), 0);
  EXPECT_EQ(second.open(), 0);
  EXPECT_EQ(consumer.open(), 0);
  EXPECT_EQ(other.open(), -1);
  EXPECT_EQ(lastError, Errc::InUse);
}

TEST(ChannelRoleTest, TheParticipantsHaveALimitThatIsTold) {
  const ShmName name;
  std::vector<std::unique_ptr<Mpmc::Producer>> producers;
  for (std::uint32_t i = 0; i < kMaxParticipants; ++i) {
    producers.push_back(std::make_unique<Mpmc::Producer>(name.str(), 8, 4));
    ASSERT_EQ(producers.back()->open(), 0) << i;
  }
  Mpmc::Producer one_more(name.str(), 8, 4);
  EXPECT_EQ(one_more.open(), -1);
  EXPECT_EQ(lastError, Errc::OutOfMemory);
  producers.pop_back();
  EXPECT_EQ(one_more.open(), 0);
}

TEST(ChannelRoleTest, AnAttachmentThatFailedKeepsNoRole) {
  const ShmName name;
  ShmMem::Mpsc::Queue<std::uint64_t> late(4, name.str());
  std::vector<std::unique_ptr<Mpsc::Producer>> producers;
  for (std::uint32_t i = 0; i < kMaxParticipants; ++i) {
    producers.push_back(std::make_unique<Mpsc::Producer>(name.str(), 8, 4));
    ASSERT_EQ(producers.back()->open(), 0) << i;
  }
  std::uint64_t value = 0;
  EXPECT_EQ(late.tryPop(value), -1);
  EXPECT_EQ(lastError, Errc::OutOfMemory);
  producers.clear();
  Mpsc::Consumer consumer(name.str(), 8, 4);
  EXPECT_EQ(consumer.open(), 0);
}

}  // namespace
}  // namespace ringside
