// Two threads in one handle at once: outside of the contract, and noticed where asserts are on.
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <thread>

#include "ringside/ringside.hpp"
#include "shm_name.hpp"

namespace ringside {
namespace {

using namespace std::chrono_literals;

template <class Policy>
class OneThreadTest : public ::testing::Test {
 protected:
  void SetUp() override {
#ifdef NDEBUG
    GTEST_SKIP() << "this build has no asserts";
#endif
  }
  ShmName name_;
};
using Policies = ::testing::Types<Spsc, Mpsc, Mpmc>;
TYPED_TEST_SUITE(OneThreadTest, Policies);

/// Calls from two threads, each of which is nearly always in a call, until an assert ends the
/// process, or it ends well after 10 s.
template <class Call>
void callFromTwoThreads(Call&& call) {
  const auto until = std::chrono::steady_clock::now() + 10s;
  const auto repeat = [&] {
    while (std::chrono::steady_clock::now() < until) call();
  };
  std::thread other(repeat);
  repeat();
  other.join();
  ::_exit(0);
}

constexpr const char* kMessage = "used by one thread at a time";

TYPED_TEST(OneThreadTest, TwoThreadsInOneConsumerAreNoticed) {
  const auto use = [&] {
    typename TypeParam::Consumer consumer(this->name_.str(), 8, 4);
    if (consumer.open() == -1) ::_exit(1);
    callFromTwoThreads([&] {
      std::uint64_t value = 0;
      consumer.timedPop(&value, 10ms);
    });
  };
  EXPECT_DEATH(use(), kMessage);
}

TYPED_TEST(OneThreadTest, TwoThreadsInOneProducerAreNoticed) {
  const auto use = [&] {
    typename TypeParam::Producer producer(this->name_.str(), 8, 1);
    const std::uint64_t value = 1;
    if (producer.open() == -1 || producer.push(&value) == -1) ::_exit(1);
    callFromTwoThreads([&] { producer.timedPush(&value, 10ms); });
  };
  EXPECT_DEATH(use(), kMessage);
}

TYPED_TEST(OneThreadTest, TwoThreadsThatReceiveFromOneEndpointAreNoticed) {
  using Endpoint = typename TypeParam::Endpoint;
  const auto use = [&] {
    Endpoint endpoint(Endpoint::Side::A, this->name_.str(), 8, 4);
    if (endpoint.open() == -1) ::_exit(1);
    callFromTwoThreads([&] { static_cast<void>(endpoint.timedTake(1, 10ms)); });
  };
  EXPECT_DEATH(use(), kMessage);
}

}  // namespace
}  // namespace ringside
