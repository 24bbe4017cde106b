// The ring under a mutex, in one process; killed users are in mutex_ring_process_test.
#include "ringside/mutex_ring.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <thread>
#include <vector>

#include "ringside/error.hpp"
#include "ringside/segment.hpp"

namespace ringside {
namespace {

using namespace std::chrono_literals;

/// Memory of the right size, on a cache line.
class RingMemory {
 public:
  RingMemory(std::uint64_t element_size_bytes, std::uint64_t capacity)
      : lines_(MutexRing::bytesNeeded(element_size_bytes, capacity) / kCacheLineBytes + 1) {
    MutexRing::create(get(), size(), element_size_bytes, capacity);
  }
  void* get() { return lines_.data(); }
  std::uint64_t size() const { return lines_.size() * sizeof(Line); }
  /// The 64-bit word at that offset: the format is the memory's, so a test may break it.
  std::uint64_t& word(std::size_t offset) {
    return *reinterpret_cast<std::uint64_t*>(reinterpret_cast<std::byte*>(lines_.data()) + offset);
  }

 private:
  struct alignas(kCacheLineBytes) Line {
    std::byte bytes[kCacheLineBytes];
  };
  std::vector<Line> lines_;
};

struct Ring {
  RingMemory memory;
  MutexRing ring;
  Ring(std::uint64_t element_size_bytes, std::uint64_t capacity)
      : memory(element_size_bytes, capacity), ring(memory.get(), memory.size()) {}
  MutexRing* operator->() { return &ring; }
};

TEST(MutexRingTest, HoldsExactlyItsCapacityInOrder) {
  for (const std::uint64_t capacity : {1U, 2U, 3U, 7U, 144U}) {
    Ring ring(8, capacity);
    EXPECT_EQ(ring->capacity(), capacity);
    for (std::uint64_t lap = 0; lap < 5; ++lap) {
      for (std::uint64_t i = 0; i < capacity; ++i) {
        EXPECT_EQ(ring->pending(), i);
        EXPECT_EQ(ring->available(), capacity - i);
        ASSERT_EQ(ring->tryPush(&i), 0);
      }
      EXPECT_TRUE(ring->full());
      EXPECT_EQ(ring->tryPush(&lap), -1);
      EXPECT_EQ(lastError, Errc::TemporaryError);
      std::uint64_t seen = 0;
      for (std::uint64_t i = 0; i < capacity; ++i) {
        ASSERT_EQ(ring->tryPop(&seen), 0);
        ASSERT_EQ(seen, i);
      }
      EXPECT_TRUE(ring->empty());
      EXPECT_EQ(ring->tryPop(&seen), -1);
      EXPECT_EQ(lastError, Errc::TemporaryError);
    }
  }
}

TEST(MutexRingTest, ElementsOfAnySizeArriveWhole) {
  for (const std::uint64_t size : {1U, 7U, 8U, 63U, 64U, 65U, 1472U}) {
    Ring ring(size, 3);
    for (int lap = 0; lap < 5; ++lap) {
      std::vector<unsigned char> sent(size);
      for (std::size_t i = 0; i < size; ++i) sent[i] = static_cast<unsigned char>(i * 7 + size);
      std::vector<unsigned char> seen(size + 1);
      ASSERT_EQ(ring->tryPush(sent.data()), 0);
      ASSERT_EQ(ring->tryPop(seen.data()), 0);
      EXPECT_TRUE(std::equal(sent.begin(), sent.end(), seen.begin())) << size;
      EXPECT_EQ(seen.back(), 0) << size;
    }
  }
}

TEST(MutexRingTest, TimedOperationsGiveUpAtTheDeadline) {
  Ring ring(8, 1);
  std::uint64_t element = 7;
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(ring->timedPop(&element, 15ms), -1);
  EXPECT_EQ(lastError, Errc::TimedOut);
  EXPECT_EQ(ring->timedPush(&element, 0ms), 0);
  EXPECT_EQ(ring->timedPush(&element, 15ms), -1);
  EXPECT_EQ(lastError, Errc::TimedOut);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, 30ms);
  EXPECT_EQ(ring->timedPop(&element, std::chrono::nanoseconds::max()), 0);
  EXPECT_EQ(element, 7U);
}

TEST(MutexRingTest, ANullPointerIsNoElement) {
  Ring ring(8, 1);
  const auto refuse = [](int result) {
    EXPECT_EQ(result, -1);
    EXPECT_EQ(lastError, Errc::InvalidParam);
  };
  refuse(ring->tryPush(nullptr));
  refuse(ring->push(nullptr));
  refuse(ring->timedPush(nullptr, 1ms));
  refuse(ring->tryPop(nullptr));
  refuse(ring->pop(nullptr));
  refuse(ring->timedPop(nullptr, 1ms));
}

TEST(MutexRingTest, ASuccessLeavesLastErrorAlone) {
  Ring ring(8, 1);
  std::uint64_t element = 7;
  lastError = make_error_code(Errc::NotFound);
  EXPECT_EQ(ring->tryPush(&element), 0);
  EXPECT_EQ(ring->tryPop(&element), 0);
  EXPECT_EQ(lastError, Errc::NotFound);
}

TEST(MutexRingTest, AnotherAttachmentGoesOnWhereTheRingStands) {
  RingMemory memory(8, 4);
  std::uint64_t element = 7;
  ASSERT_EQ(MutexRing(memory.get(), memory.size()).push(&element), 0);
  element = 0;
  ASSERT_EQ(MutexRing(memory.get(), memory.size()).pop(&element), 0);
  EXPECT_EQ(element, 7U);
}

TEST(MutexRingTest, ThreadsReceiveEachElementOnceAndInOrderOfItsProducer) {
  constexpr std::uint64_t kEach = 4000;
  constexpr std::uint64_t kProducers = 2;
  constexpr int kConsumers = 2;
  for (const std::uint64_t capacity : {1U, 3U, 64U}) {
    Ring ring(8, capacity);
    std::vector<std::thread> threads;
    std::vector<std::vector<std::uint64_t>> received(kConsumers);
    std::atomic<std::uint64_t> taken{0};
    for (std::uint64_t p = 0; p < kProducers; ++p) {
      threads.emplace_back([&, p] {
        for (std::uint64_t i = p * kEach; i < (p + 1) * kEach; ++i) ring->push(&i);
      });
    }
    for (auto& mine : received) {
      threads.emplace_back([&] {
        std::uint64_t element = 0;
        while (taken.fetch_add(1) < kProducers * kEach) {
          ring->pop(&element);
          mine.push_back(element);
        }
      });
    }
    for (std::thread& thread : threads) thread.join();
    std::vector<std::uint64_t> all;
    for (const auto& mine : received) {
      std::vector<std::uint64_t> next(kProducers);
      for (const std::uint64_t element : mine) {
        ASSERT_GE(element, next[element / kEach]);
        next[element / kEach] = element + 1;
      }
      all.insert(all.end(), mine.begin(), mine.end());
    }
    std::sort(all.begin(), all.end());
    ASSERT_EQ(all.size(), kProducers * kEach);
    for (std::uint64_t i = 0; i < all.size(); ++i) ASSERT_EQ(all[i], i);
  }
}

TEST(MutexRingFormatTest, ElementsFromOneCacheLineUpBeginOnALine) {
  const auto stride = [](std::uint64_t size) {
    return MutexRing::bytesNeeded(size, 2) - MutexRing::bytesNeeded(size, 1);
  };
  EXPECT_EQ(stride(1), 8U);
  EXPECT_EQ(stride(63), 64U);
  EXPECT_EQ(stride(64), 64U);
  EXPECT_EQ(stride(65), 128U);
  EXPECT_EQ(MutexRing::bytesNeeded(64, 4) % kCacheLineBytes, 0U);
}

/// The words of the InvalidParam that `action` throws.
template <class Action>
std::string refusalOf(Action&& action) {
  try {
    action();
  } catch (const std::system_error& error) {
    EXPECT_EQ(error.code(), Errc::InvalidParam);
    return error.what();
  }
  return "nothing was thrown";
}

TEST(MutexRingFormatTest, ImpossibleSizesAreRefusedByName) {
  const auto sizes = [](std::uint64_t size, std::uint64_t capacity) {
    return refusalOf([=] { MutexRing::bytesNeeded(size, capacity); });
  };
  constexpr std::uint64_t kHuge = std::numeric_limits<std::uint64_t>::max();
  EXPECT_NE(sizes(0, 1).find("element size is 0; it must be 1 to"), std::string::npos);
  EXPECT_NE(sizes(kHuge, 1).find("element size is 18446744073709551615"), std::string::npos);
  EXPECT_NE(sizes(1, 0).find("capacity is 0; it must be 1 to"), std::string::npos);
  EXPECT_NE(sizes(1, kHuge).find("capacity is"), std::string::npos);
  EXPECT_NE(sizes(kMaxElementSizeBytes, kMaxCapacity).find("size of it all"), std::string::npos);
}

TEST(MutexRingFormatTest, MemoryThatCannotHoldItIsRefused) {
  RingMemory memory(64, 4);
  const std::uint64_t needed = MutexRing::bytesNeeded(64, 4);
  EXPECT_NE(refusalOf([&] { MutexRing::create(nullptr, needed, 64, 4); }).find("null pointer"),
            std::string::npos);
  EXPECT_NE(refusalOf([&] { MutexRing::create(memory.get(), needed - 1, 64, 4); })
                .find("memory in bytes is " + std::to_string(needed - 1) + "; it must be " +
                      std::to_string(needed)),
            std::string::npos);
  auto* unaligned = static_cast<std::byte*>(memory.get()) + 8;
  EXPECT_NE(refusalOf([&] { MutexRing::create(unaligned, needed, 64, 4); }).find("is 8"),
            std::string::npos);
}

TEST(MutexRingFormatTest, AForeignHeaderIsRefusedFieldByField) {
  struct Field {
    std::size_t offset;
    std::uint64_t value;
    const char* words;
  };
  for (const Field& field : {Field{0, 0, "magic number is 0"}, Field{8, 12, "header size"},
                             Field{16, 0, "element size is 0"}, Field{16, 1 << 20, "memory in"},
                             Field{24, 0, "capacity is 0"}, Field{24, 1000, "memory in"}}) {
    RingMemory memory(64, 4);
    memory.word(field.offset) = field.value;
    const std::string words = refusalOf([&] { MutexRing(memory.get(), memory.size()); });
    EXPECT_NE(words.find(field.words), std::string::npos) << words;
  }
}

TEST(MutexRingFormatTest, LessMemoryThanTheRingNeedsIsRefused) {
  RingMemory memory(64, 4);
  const std::uint64_t needed = MutexRing::bytesNeeded(64, 4);
  for (const std::uint64_t bytes : {std::uint64_t{0}, std::uint64_t{8}, needed - 1}) {
    EXPECT_NE(refusalOf([&] { MutexRing(memory.get(), bytes); }).find("memory in bytes"),
              std::string::npos);
  }
  EXPECT_NO_THROW(MutexRing(memory.get(), needed));
}

TEST(MutexRingFormatTest, ImpossiblePositionsAreAFaultAndNoIndex) {
  constexpr std::size_t kWritePosition = 2 * kCacheLineBytes;
  RingMemory memory(8, 4);
  MutexRing ring(memory.get(), memory.size());
  std::uint64_t element = 1;
  ASSERT_EQ(ring.push(&element), 0);
  ASSERT_EQ(memory.word(kWritePosition), 1U) << "the format has changed, this test has not";
  memory.word(kWritePosition) = std::uint64_t{1} << 62;
  EXPECT_EQ(ring.pending(), 4U);
  const auto refuse = [](int result) {
    EXPECT_EQ(result, -1);
    EXPECT_EQ(lastError, Errc::OperationFailed);
  };
  refuse(ring.tryPush(&element));
  refuse(ring.push(&element));
  refuse(ring.tryPop(&element));
  refuse(ring.pop(&element));
}

}  // namespace
}  // namespace ringside
