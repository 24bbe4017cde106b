#include "ringside/shared_object.hpp"

#include <gtest/gtest.h>

#include <atomic>

#include "forked.hpp"
#include "shm_name.hpp"

namespace ringside {
namespace {

struct Counter {
  std::atomic<int> value{40};
};
struct OtherCounter {
  std::atomic<int> value{1};
};

TEST(SharedObjectTest, IsConstructedOnceAndFoundByItsName) {
  const ShmName name;
  SharedObject<Counter> first(name.str());
  first->value += 1;
  EXPECT_EQ(resultOf(inChild([&] {
              SharedObject<Counter> second(name.str());
              return ++second->value;
            })),
            42);
  EXPECT_EQ(first->value, 42);
}

TEST(SharedObjectTest, WithoutANameItIsSharedOverAFork) {
  SharedObject<Counter, AnonMem> counter;
  EXPECT_EQ(resultOf(inChild([&] { return ++counter->value; })), 41);
  EXPECT_EQ(counter->value, 41);
}

TEST(SharedObjectTest, AnObjectOfAnotherTypeIsRefused) {
  const ShmName name;
  const SharedObject<Counter> counter(name.str());
  try {
    const SharedObject<OtherCounter> other(name.str());
    FAIL() << "a Counter was taken for an OtherCounter";
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code(), Errc::InvalidParam);
    EXPECT_NE(std::string(error.what()).find("type"), std::string::npos) << error.what();
  }
}

TEST(SharedObjectTest, MemoryThatHoldsNoneIsRefused) {
  const ShmName name;
  const ShmMem blank(4096, name.str());
  EXPECT_THROW(SharedObject<Counter>(name.str()), std::system_error);
}

}  // namespace
}  // namespace ringside
