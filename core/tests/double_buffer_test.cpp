// One value replaced as a whole, in one process: what a reader sees however slow it is. Deaths and
// readers that stand still at any instruction are in double_buffer_process_test.
#include "ringside/double_buffer.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <stdexcept>
#include <thread>
#include <vector>

#include "whole_sample.hpp"

namespace ringside {
namespace {

using namespace std::chrono_literals;
using Sample = WholeSample<32>;

TEST(DoubleBufferStateTest, AWriterTakesTheBuffersInTurn) {
  DoubleBufferState state(0);
  for (std::uint32_t i = 0; i < 9; ++i) {
    EXPECT_EQ(state.version(), i);
    EXPECT_EQ(state.current(), i % 3);
    EXPECT_EQ(state.freeBuffer(), (i + 1) % 3);
    state = state.withCurrent(state.freeBuffer());
  }
}

TEST(DoubleBufferStateTest, APinnedBufferIsPassedOverUntilThePinEnds) {
  for (std::uint32_t pinned = 0; pinned < 3; ++pinned) {
    DoubleBufferState state(0);
    for (std::uint32_t i = 0; i < pinned; ++i) state = state.withCurrent(state.freeBuffer());
    state = DoubleBufferState(state.word() | DoubleBufferState::kPin);
    for (int i = 0; i < 10; ++i) {
      EXPECT_NE(state.freeBuffer(), pinned);
      EXPECT_NE(state.freeBuffer(), state.current());
      state = state.withCurrent(state.freeBuffer());
    }
    state = DoubleBufferState(state.word() & ~DoubleBufferState::kPinAndHeld);
    bool taken_again = false;
    for (int i = 0; i < 3; ++i) {
      taken_again |= state.freeBuffer() == pinned;
      state = state.withCurrent(state.freeBuffer());
    }
    EXPECT_TRUE(taken_again);
    EXPECT_EQ(state.version(), pinned + 13);
  }
}

TEST(DoubleBufferStateTest, ABrokenWordLeadsOutOfNoBuffer) {
  for (std::uint64_t word = 0; word < 64; ++word) {
    EXPECT_LT(DoubleBufferState(word).current(), 3U);
    EXPECT_LT(DoubleBufferState(word).freeBuffer(), 3U);
  }
}

TEST(DoubleBufferTest, HoldsAtVersionZeroWhatItWasMadeWith) {
  DoubleBuffer<int> value(7);
  EXPECT_EQ(value.read(), 7);
  EXPECT_EQ(value.version(), 0U);
  EXPECT_EQ(DoubleBuffer<int>().read(), 0);
}

TEST(DoubleBufferTest, EachWriteIsReadUnderItsOwnVersion) {
  DoubleBuffer<Sample> value;
  for (std::uint64_t i = 1; i <= 20; ++i) {
    ASSERT_EQ(value.write(Sample::of(i)), 0);
    Versioned<Sample> seen{};
    ASSERT_EQ(value.read(seen), 0);
    EXPECT_TRUE(seen.value.consistsOf(i));
    EXPECT_EQ(seen.version, i);
    ASSERT_EQ(value.tryRead(seen), 0);
    EXPECT_EQ(seen.version, i);
    EXPECT_EQ(value.version(), i);
  }
}

template <std::size_t kBytes>
void expectEveryByteToArrive() {
  struct Bytes {
    std::array<unsigned char, kBytes> bytes;
  };
  Bytes sent{};
  for (std::size_t i = 0; i < kBytes; ++i) sent.bytes.at(i) = static_cast<unsigned char>(i + 1);
  struct {
    DoubleBuffer<Bytes> value;
    std::array<unsigned char, 64> beyond{};
  } place;
  ASSERT_EQ(place.value.write(sent), 0);
  EXPECT_EQ(place.value.read().bytes, sent.bytes) << kBytes;
  EXPECT_EQ(place.value.view()->bytes, sent.bytes) << kBytes;
  EXPECT_EQ(place.beyond, (std::array<unsigned char, 64>{})) << kBytes;
}

TEST(DoubleBufferTest, ValuesOfAnySizeArrive) {
  expectEveryByteToArrive<1>();
  expectEveryByteToArrive<7>();
  expectEveryByteToArrive<8>();
  expectEveryByteToArrive<9>();
  expectEveryByteToArrive<63>();
  expectEveryByteToArrive<1472>();
}

TEST(DoubleBufferTest, AnUpdateStartsFromTheCurrentValue) {
  DoubleBuffer<int> value(40);
  EXPECT_EQ(value.update([](int& number) { number += 2; }), 0);
  EXPECT_EQ(value.read(), 42);
  EXPECT_EQ(value.version(), 1U);
}

TEST(DoubleBufferTest, AnUpdateThatThrowsHasNotHappened) {
  DoubleBuffer<Sample> value(Sample::of(1));
  const auto fail_halfway = [](Sample& sample) {
    sample.words.front() = 99;
    throw std::runtime_error("halfway");
  };
  EXPECT_THROW(value.update(fail_halfway), std::runtime_error);
  EXPECT_TRUE(value.read().consistsOf(1));
  EXPECT_EQ(value.version(), 0U);
  EXPECT_EQ(value.write(Sample::of(2)), 0) << "the lock was left behind";
}

TEST(DoubleBufferTest, AWriteWithinAnUpdateIsRefusedAndAReadIsNot) {
  DoubleBuffer<int> value(1);
  EXPECT_EQ(value.update([&](int& number) {
    EXPECT_EQ(value.write(5), -1);
    EXPECT_EQ(lastError, Errc::InUse);
    number += value.read();
  }),
            0);
  EXPECT_EQ(value.read(), 2);
}

TEST(DoubleBufferViewTest, StaysAsItWasWhileThousandsAreWritten) {
  DoubleBuffer<Sample> value;
  for (std::uint64_t made_at = 0; made_at < 3; ++made_at) {  // in each of the three buffers
    ASSERT_EQ(value.version(), made_at * 5001);
    const auto view = value.view();
    ASSERT_TRUE(view);
    const std::uint64_t number = view->words.front();
    for (std::uint64_t i = 1; i <= 5000; ++i) {
      ASSERT_EQ(value.write(Sample::of(number + i)), 0);
      ASSERT_TRUE(view->consistsOf(number));
      ASSERT_TRUE(value.read().consistsOf(number + i)) << "another reader sees the new one";
    }
    EXPECT_EQ(view.version(), made_at * 5001);
    ASSERT_EQ(value.write(Sample::of(number + 5001)), 0);
  }
}

TEST(DoubleBufferViewTest, ThereIsOneAtATime) {
  DoubleBuffer<int> value(1);
  {
    const auto view = value.view();
    ASSERT_TRUE(view);
    EXPECT_FALSE(value.view());
    EXPECT_EQ(lastError, Errc::InUse) << "this thread has one";
    std::thread([&] {
      EXPECT_FALSE(value.view(1ms));
      EXPECT_EQ(lastError, Errc::TimedOut);
      EXPECT_EQ(value.read(), 1) << "a read needs no view";
    }).join();
  }
  EXPECT_TRUE(value.view(0ms));
}

TEST(DoubleBufferViewTest, GivesItsBufferBackToTheWritersWhenItEnds) {
  DoubleBuffer<int> value(0);
  const int* const place = &*value.view();
  for (int i = 1; i <= 3; ++i) ASSERT_EQ(value.write(i), 0);
  EXPECT_EQ(&*value.view(), place) << "the third write goes there";
}

TEST(DoubleBufferViewTest, EndsWithTheThreadThatForgotIt) {
  DoubleBuffer<Sample> value(Sample::of(1));
  using View = DoubleBuffer<Sample>::View;
  alignas(View) std::array<std::byte, sizeof(View)> place{};
  std::thread([&] { new (place.data()) View(value.view()); }).join();
  ASSERT_EQ(value.write(Sample::of(2)), 0);
  const auto view = value.view();
  ASSERT_TRUE(view);
  EXPECT_TRUE(view->consistsOf(2));
  for (std::uint64_t i = 3; i < 10; ++i) {
    ASSERT_EQ(value.write(Sample::of(i)), 0);
    EXPECT_TRUE(view->consistsOf(2));
  }
}

/// As textbooks have it: two buffers, the writer fills the one that is not active. Its words are
/// atomic, so that what goes wrong with it is not undefined.
class TextbookDoubleBuffer {
 public:
  std::size_t active() const { return active_; }
  std::uint64_t word(std::size_t buffer, std::size_t i) const { return buffers_[buffer][i]; }
  void write(const Sample& sample) {
    const std::size_t inactive = 1 - active_;
    for (std::size_t i = 0; i < sample.words.size(); ++i) buffers_[inactive][i] = sample.words[i];
    active_ = inactive;
  }

 private:
  std::atomic<std::size_t> active_{0};
  std::array<std::atomic<std::uint64_t>, Sample{}.words.size()> buffers_[2] = {};
};

/// A reader that is slower than two writes: they come when it has half of the words.
template <class ReadWord, class WriteTwice>
Sample readSlowly(ReadWord&& readWord, WriteTwice&& writeTwice) {
  Sample seen{};
  for (std::size_t i = 0; i < seen.words.size(); ++i) {
    if (i == seen.words.size() / 2) writeTwice();
    seen.words[i] = readWord(i);
  }
  return seen;
}

TEST(SlowReaderTest, IsGivenATornValueByTheTextbook) {
  TextbookDoubleBuffer textbook;
  textbook.write(Sample::of(1));
  const std::size_t active = textbook.active();
  const Sample seen = readSlowly([&](std::size_t i) { return textbook.word(active, i); },
                                 [&] {
                                   textbook.write(Sample::of(2));
                                   textbook.write(Sample::of(3));
                                 });
  EXPECT_FALSE(seen.whole());
  EXPECT_EQ(seen.words.front(), 1U);
  EXPECT_EQ(seen.words.back(), 3U);
}

TEST(SlowReaderTest, IsGivenAWholeValueByAView) {
  DoubleBuffer<Sample> value(Sample::of(1));
  const auto view = value.view();
  const Sample seen = readSlowly([&](std::size_t i) { return view->words[i]; },
                                 [&] {
                                   value.write(Sample::of(2));
                                   value.write(Sample::of(3));
                                 });
  EXPECT_TRUE(seen.consistsOf(1));
  EXPECT_TRUE(value.read().consistsOf(3));
}

TEST(SlowReaderTest, AThousandWritesBetweenEachTwoWordsLeaveAViewWhole) {
  DoubleBuffer<Sample> value(Sample::of(1));
  const auto view = value.view();
  std::uint64_t number = 1;
  for (std::size_t i = 0; i < view->words.size(); ++i) {
    EXPECT_EQ(view->words[i], 1U);
    for (int n = 0; n < 1000; ++n) ASSERT_EQ(value.write(Sample::of(++number)), 0);
  }
  EXPECT_TRUE(value.read().consistsOf(number));
}

/// Reads until `end` was seen: whole values only, under their versions, which only grow.
template <class Read>
void readUntil(std::uint64_t end, Read&& read) {
  std::uint64_t last = 0;
  while (last < end) {
    const Versioned<Sample> seen = read();
    ASSERT_TRUE(seen.value.consistsOf(seen.version));
    ASSERT_GE(seen.version, last);
    last = seen.version;
  }
}

TEST(DoubleBufferThreadsTest, ReadersInAStormOfWritesSeeWholeValuesInOrder) {
  constexpr std::uint64_t kEach = 20000;
  constexpr int kWriters = 2;
  constexpr int kReaders = 3;
  DoubleBuffer<Sample> value;
  std::latch start(kWriters + kReaders);
  std::vector<std::thread> threads;
  const auto startWriter = [&] {
    threads.emplace_back([&] {
      start.arrive_and_wait();
      for (std::uint64_t n = 0; n < kEach; ++n) {
        value.update([](Sample& sample) { sample = Sample::of(sample.words.front() + 1); });
      }
    });
  };
  const auto startReader = [&](auto read) {
    threads.emplace_back([&start, read] {
      start.arrive_and_wait();
      readUntil(kEach * kWriters, read);
    });
  };
  for (int i = 0; i < kWriters; ++i) startWriter();
  startReader([&] {
    Versioned<Sample> seen{};
    EXPECT_EQ(value.read(seen), 0);
    return seen;
  });
  startReader([&] {
    Versioned<Sample> seen{};
    while (value.tryRead(seen) == -1) EXPECT_EQ(lastError, Errc::TemporaryError);
    return seen;
  });
  startReader([&] {
    const auto view = value.view();
    return Versioned<Sample>{*view, view.version()};
  });
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace ringside
