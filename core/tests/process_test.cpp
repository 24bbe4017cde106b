// The same rings between processes: every policy, forked producers and consumers, and what the
// death of one leaves to the others.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <vector>

#include "ringside/ringside.hpp"
#include "shm_name.hpp"

namespace ringside {
namespace {

/// Runs `work` in a child, which ends with what it returns.
::pid_t inChild(const std::function<int()>& work) {
  const ::pid_t child = ::fork();
  if (child == 0) ::_exit(work());
  return child;
}

/// The exit code of a child, or 1000 + the signal that killed it.
int resultOf(::pid_t child) {
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

/// Anonymous memory that children write their findings to.
template <class T>
class SharedArray {
 public:
  explicit SharedArray(std::size_t count)
      : bytes_(count * sizeof(T)),
        data_(static_cast<T*>(
            ::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))) {}
  SharedArray(const SharedArray&) = delete;
  SharedArray& operator=(const SharedArray&) = delete;
  ~SharedArray() { ::munmap(data_, bytes_); }
  T& operator[](std::size_t i) { return data_[i]; }
  T* begin() { return data_; }

 private:
  std::size_t bytes_;
  T* data_;
};

constexpr std::uint64_t kEach = 20000;
constexpr int kMaxProducers = 4;

/// One byte a (producer, count): how often it was received.
struct Findings {
  SharedArray<std::atomic<std::uint8_t>> received{kMaxProducers * kEach};
  SharedArray<std::atomic<std::uint64_t>> totals{2};  // received, out of order
};

template <class Policy>
int produce(const std::string& name, std::uint64_t size, int producer) {
  typename Policy::Producer ring(name, size, 16);
  if (ring.open() == -1) return 1;
  std::vector<std::uint64_t> element(size / 8);
  for (std::uint64_t i = 0; i < kEach; ++i) {
    std::fill(element.begin(), element.end(), static_cast<std::uint64_t>(producer) * kEach + i);
    if (ring.push(element.data()) == -1) return 2;
  }
  return 0;
}

template <class Policy>
int consume(const std::string& name, std::uint64_t size, std::uint64_t total, Findings& findings) {
  typename Policy::Consumer ring(name, size, 16);
  if (ring.open() == -1) return 1;
  std::vector<std::uint64_t> element(size / 8);
  std::vector<std::uint64_t> next(kMaxProducers);
  while (findings.totals[0].load() < total) {
    if (ring.timedPop(element.data(), std::chrono::milliseconds(20)) == -1) continue;
    const std::uint64_t stamp = element.front();
    if (std::count(element.begin(), element.end(), stamp) != static_cast<long>(element.size())) {
      return 2;  // torn
    }
    const std::uint64_t producer = stamp / kEach;
    if (stamp % kEach < next.at(producer)) findings.totals[1].fetch_add(1);
    next.at(producer) = stamp % kEach + 1;
    findings.received[stamp].fetch_add(1);
    findings.totals[0].fetch_add(1);
  }
  return 0;
}

template <class Policy>
class ProcessTest : public ::testing::Test {
 protected:
  static constexpr int kProducers = std::is_same_v<Policy, Spsc> ? 1 : 3;
  static constexpr int kConsumers = std::is_same_v<Policy, Mpmc> ? 3 : 1;
  ShmName name_;
};
using Policies = ::testing::Types<Spsc, Mpsc, Mpmc>;
TYPED_TEST_SUITE(ProcessTest, Policies);

TYPED_TEST(ProcessTest, ReceiveEachElementOnceWholeAndInOrder) {
  for (const std::uint64_t size : {8U, 64U, 1472U}) {
    const ShmName name;
    Findings findings;
    const std::uint64_t total = this->kProducers * kEach;
    std::vector<::pid_t> children;
    for (int p = 0; p < this->kProducers; ++p) {
      children.push_back(inChild([&] { return produce<TypeParam>(name.str(), size, p); }));
    }
    for (int c = 0; c < this->kConsumers; ++c) {
      children.push_back(
          inChild([&] { return consume<TypeParam>(name.str(), size, total, findings); }));
    }
    for (const ::pid_t child : children) EXPECT_EQ(resultOf(child), 0);
    EXPECT_EQ(findings.totals[0].load(), total);
    EXPECT_EQ(findings.totals[1].load(), 0U) << "out of order";
    for (std::uint64_t i = 0; i < total; ++i) ASSERT_EQ(findings.received[i].load(), 1) << i;
  }
}

TYPED_TEST(ProcessTest, AnyNumberOfCreatorsAgreeOnOneRing) {
  for (int round = 0; round < 50; ++round) {
    const ShmName name;
    std::vector<::pid_t> children;
    for (int i = 0; i < 6; ++i) {
      children.push_back(inChild([&] {
        typename TypeParam::Producer ring(name.str(), 64, 16);
        if (ring.open() == 0) return 0;
        return lastError == Errc::InUse ? 10 : 1;  // SPSC takes one producer at a time
      }));
    }
    int opened = 0;
    for (const ::pid_t child : children) {
      const int result = resultOf(child);
      EXPECT_TRUE(result == 0 || (result == 10 && std::is_same_v<TypeParam, Spsc>)) << result;
      opened += result == 0;
    }
    EXPECT_GE(opened, 1);
  }
}

TYPED_TEST(ProcessTest, AFreshProcessTakesThePlaceOfAKilledOne) {
  const ShmName& name = this->name_;
  SharedArray<std::atomic<std::uint64_t>> pushed(1);
  const ::pid_t producer = inChild([&] {
    typename TypeParam::Producer ring(name.str(), 8, 64);
    if (ring.open() == -1) return 1;
    for (std::uint64_t i = 0; i < 10; ++i) {
      if (ring.push(&i) == -1) return 2;
      pushed[0].fetch_add(1);
    }
    ::pause();
    return 0;
  });
  while (pushed[0].load() < 10) ::usleep(1000);
  ::kill(producer, SIGKILL);
  EXPECT_EQ(resultOf(producer), 1000 + SIGKILL);

  typename TypeParam::Producer successor(name.str(), 8, 64);
  typename TypeParam::Consumer consumer(name.str(), 8, 64);
  ASSERT_EQ(successor.open(), 0);
  ASSERT_EQ(consumer.open(), 0);
  const std::uint64_t more = 10;
  EXPECT_EQ(successor.push(&more), 0);
  for (std::uint64_t i = 0; i <= 10; ++i) {
    std::uint64_t value = 0;
    ASSERT_EQ(consumer.tryPop(&value), 0);
    EXPECT_EQ(value, i);
  }
}

TEST(ForkTest, AQueueMadeBeforeAForkCarriesElementsFromChildToParent) {
  const ShmName name;
  ShmMem::Spsc::Queue<int> queue(4, name.str());
  const ::pid_t child = inChild([&] { return queue.push(7) == 0 ? 0 : 1; });
  int seen = 0;
  EXPECT_EQ(queue.timedPop(seen, std::chrono::seconds(10)), 0);
  EXPECT_EQ(seen, 7);
  EXPECT_EQ(resultOf(child), 0);
}

TEST(ForkTest, AnExclusiveRoleIsOneProcessesAlsoAfterAFork) {
  const ShmName name;
  ShmMem::Spsc::Queue<int> queue(4, name.str());
  SharedArray<std::atomic<int>> pushed(1);
  const ::pid_t child = inChild([&] {
    pushed[0] = queue.push(1) == 0 ? 1 : 2;
    ::pause();
    return 0;
  });
  while (pushed[0] == 0) ::usleep(1000);
  EXPECT_EQ(pushed[0], 1);
  EXPECT_EQ(queue.tryPush(2), -1);
  EXPECT_EQ(lastError, Errc::InUse);
  ::kill(child, SIGKILL);
  resultOf(child);
  EXPECT_EQ(queue.tryPush(2), 0);
}

TEST(ForkTest, AClosedRoleIsFreeThoughAForkedChildLives) {
  const ShmName name;
  Spsc::Producer producer(name.str(), 8, 4);
  ASSERT_EQ(producer.open(), 0);
  const ::pid_t child = inChild([] {
    ::pause();
    return 0;
  });
  producer.close();
  EXPECT_EQ(producer.open(), 0);
  ::kill(child, SIGKILL);
  resultOf(child);
}

TEST(ForkTest, AChildThatEndsTakesNoAttachmentWithIt) {
  const ShmName name;
  auto producer = std::make_unique<Spsc::Producer>(name.str(), 8, 4);
  ASSERT_EQ(producer->open(), 0);
  EXPECT_EQ(resultOf(inChild([&] {
              producer.reset();
              return 0;
            })),
            0);
  Spsc::Producer second(name.str(), 8, 4);
  EXPECT_EQ(second.open(), -1);
  EXPECT_EQ(lastError, Errc::InUse);
}

TEST(ProcessRoleTest, AnExclusiveRoleIsRefusedWhileItsHolderLives) {
  const ShmName name;
  SharedArray<std::atomic<int>> opened(1);
  const ::pid_t holder = inChild([&] {
    Spsc::Producer ring(name.str(), 8, 4);
    opened[0] = ring.open() == 0 ? 1 : 2;
    ::pause();
    return 0;
  });
  while (opened[0] == 0) ::usleep(1000);
  ASSERT_EQ(opened[0], 1);
  Spsc::Producer second(name.str(), 8, 4);
  EXPECT_EQ(second.open(), -1);
  EXPECT_EQ(lastError, Errc::InUse);
  ::kill(holder, SIGKILL);
  resultOf(holder);
  EXPECT_EQ(second.open(), 0);
}

}  // namespace
}  // namespace ringside
