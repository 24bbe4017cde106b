// Memory that somebody has written into: every call ends, nothing outside of it is touched, and
// what no ring writes is an error that says what was found and where.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <memory>
#include <random>
#include <thread>

#include "forked.hpp"
#include "lock_file.hpp"
#include "ring_kinds.hpp"
#include "ringside/ringside.hpp"
#include "shm_name.hpp"

namespace ringside {
namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t kCapacity = 4;
/// After so many tries a side has looked at least once, wherever it stands.
constexpr int kTriesUntilItLooks = 10'000;

template <class P>
Geometry geometryOf(std::uint64_t capacity, Delivery delivery = Delivery::AtMostOnce) {
  return makeGeometry(P::kKind, 8, capacity, delivery, kTuningOf<P>);
}

template <class P>
class DamageTest : public ::testing::Test {
 protected:
  static constexpr bool kHasWords = !std::is_same_v<P, SpscWithoutWords>;
  static constexpr bool kFreesSlots = P::kKind != PolicyKind::Spsc;

  void SetUp() override {
    ASSERT_EQ(producer_.open(), 0);
    ASSERT_EQ(consumer_.open(), 0);
    for (std::uint64_t i = 0; i < 2; ++i) ASSERT_EQ(producer_.push(&i), 0);
    auto* const memory = const_cast<std::byte*>(  // the test is the one who damages
        static_cast<const std::byte*>(producer_.memory()->get()));
    view_ = RingView(memory, geometryOf<P>(kCapacity));
  }

  /// Pushes and pops until both sides have noticed.
  void expectDamaged(const std::string& what) {
    std::uint64_t value = 9;
    bool push_failed = false;
    bool pop_failed = false;
    for (int i = 0; i < kTriesUntilItLooks && !push_failed; ++i) {
      push_failed = producer_.tryPush(&value) == -1 && lastError == Errc::OperationFailed;
    }
    for (int i = 0; i < kTriesUntilItLooks && !pop_failed; ++i) {
      pop_failed = consumer_.tryPop(&value) == -1 && lastError == Errc::OperationFailed;
    }
    EXPECT_TRUE(push_failed);
    EXPECT_TRUE(pop_failed);
    EXPECT_NE(producer_.describeDamage().find(what), std::string::npos)
        << producer_.describeDamage();
    expectEveryCallFails();
    consumer_.close();
    EXPECT_EQ(consumer_.open(), -1);
    EXPECT_EQ(lastError, Errc::OperationFailed);
  }
  void expectEveryCallFails() {
    std::uint64_t value = 9;
    const auto failed = [](bool refused) { return refused && lastError == Errc::OperationFailed; };
    EXPECT_TRUE(failed(producer_.push(&value) == -1));
    EXPECT_TRUE(failed(producer_.timedPush(&value, 1h) == -1));
    EXPECT_TRUE(failed(producer_.tryPush(&value, 1) == 0));
    EXPECT_TRUE(failed(!producer_.tryClaim(1)));
    EXPECT_TRUE(failed(!producer_.claim(1)));
    EXPECT_TRUE(failed(consumer_.pop(&value) == -1));
    EXPECT_TRUE(failed(consumer_.timedPop(&value, 1h) == -1));
    EXPECT_TRUE(failed(consumer_.tryPop(&value, 1) == 0));
    EXPECT_TRUE(failed(!consumer_.tryTake(1)));
    EXPECT_TRUE(failed(!consumer_.take(1)));
  }

  ShmName name_;
  RingOptions options_{.tuning = kTuningOf<P>};
  typename P::Producer producer_{name_.str(), 8, kCapacity, options_};
  typename P::Consumer consumer_{name_.str(), 8, kCapacity, options_};
  RingView view_;
};
using Policies = ::testing::Types<Spsc, SpscWithoutWords, Mpsc, Mpmc>;
TYPED_TEST_SUITE(DamageTest, Policies);

TYPED_TEST(DamageTest, AWritePositionThatIsTooFarIsFound) {
  this->view_.producer_page->write_position = 1000;
  std::uint64_t value = 0;
  bool noticed = false;
  for (int i = 0; i < kTriesUntilItLooks && !noticed; ++i) {
    noticed = this->consumer_.tryPop(&value) == -1 && lastError == Errc::OperationFailed;
  }
  EXPECT_TRUE(noticed);
  this->expectDamaged("write position 1000");
}

TYPED_TEST(DamageTest, AReadPositionPastWhatWasWrittenIsFound) {
  this->view_.consumer_page->read_position = 1000;
  this->expectDamaged("read position is 1000");
}

TYPED_TEST(DamageTest, AWordThatNoPositionHasIsFoundByWhoWantsToRead) {
  if (!this->kHasWords) GTEST_SKIP() << "no slot words";
  std::uint64_t value = 0;
  SequencedSlots(this->view_).word(0) = 0xdeadbeef;
  bool noticed = false;
  for (int i = 0; i < kTriesUntilItLooks && !noticed; ++i) {
    noticed = this->consumer_.tryPop(&value) == -1 && lastError == Errc::OperationFailed;
  }
  EXPECT_TRUE(noticed);
  this->expectDamaged("the slot of position 0 has the word 3735928559");
}

TYPED_TEST(DamageTest, AWordThatNoPositionHasIsFoundByWhoWantsToWrite) {
  if (!this->kFreesSlots) GTEST_SKIP() << "its producer does not read words";
  SequencedSlots(this->view_).word(2) = fullWord(2);
  this->expectDamaged("the slot of position 2 has the word 9");
}

TYPED_TEST(DamageTest, AStateThatNobodyWritesIsDamage) {
  this->view_.shared_page->state = 77;
  this->expectDamaged("its state was overwritten");
}

TYPED_TEST(DamageTest, ParticipantsThatWereOverwrittenDelayAtMost) {
  std::mt19937_64 random(5);
  auto* const words = reinterpret_cast<std::uint64_t*>(this->view_.participants);
  for (std::size_t i = 0; i < kMaxParticipants * sizeof(Participant) / 8; ++i) words[i] = random();
  std::uint64_t value = 0;
  for (std::uint64_t i = 0; i < 100; ++i) {
    ASSERT_EQ(this->producer_.tryPush(&i), 0);
    ASSERT_EQ(this->consumer_.tryPop(&value), 0);
  }
  EXPECT_EQ(this->producer_.describeDamage(), "");
  typename TypeParam::Producer another(this->name_.str(), 8, kCapacity, this->options_);
  this->producer_.close();
  EXPECT_EQ(another.open(), 0);
}

/// A process that waits for an element, or for room, without bound.
template <class P, class Work>
::pid_t waitIn(const ShmName& name, Wait wait, std::atomic<int>& ready, Work&& work) {
  const ::pid_t child = inChild([&] {
    const RingOptions options{.wait = wait, .tuning = kTuningOf<P>};
    typename P::Consumer consumer(name.str(), 8, kCapacity, options);
    if (consumer.open() == -1) return 1;
    ready = 1;
    return work(consumer);
  });
  while (ready == 0) ::usleep(1000);
  return child;
}

TYPED_TEST(DamageTest, APoisonedRingEndsTheWaitsOfOtherProcesses) {
  for (const Wait wait : {Wait::Spin, Wait::Yield, Wait::Block}) {
    const ShmName name;
    SharedArray<std::atomic<int>> ready(1);
    typename TypeParam::Producer producer(name.str(), 8, kCapacity, this->options_);
    ASSERT_EQ(producer.open(), 0);
    const ::pid_t waiter = waitIn<TypeParam>(name, wait, ready[0], [](auto& consumer) {
      std::uint64_t value = 0;
      const int result = consumer.pop(&value);
      return result == -1 && lastError == Errc::OperationFailed ? 0 : 2;
    });
    auto* const memory =
        const_cast<std::byte*>(static_cast<const std::byte*>(producer.memory()->get()));
    const RingView view(memory, geometryOf<TypeParam>(kCapacity));
    view.shared_page->state = static_cast<std::uint64_t>(Damage::SlotWord);
    EXPECT_EQ(resultOf(waiter), 0);
  }
}

/// A ring between two pages that nobody may touch, in memory that children share.
class GuardedRing {
 public:
  explicit GuardedRing(const Geometry& geometry) : geometry_(geometry) {
    const std::size_t bytes = geometry.total_bytes + 2 * kPageBytes;
    begin_ = static_cast<std::byte*>(
        ::mmap(nullptr, bytes, PROT_NONE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    ::mprotect(begin_ + kPageBytes, geometry.total_bytes, PROT_READ | PROT_WRITE);
    initialiseSegment(begin_ + kPageBytes, geometry);
    ::mprotect(begin_ + kPageBytes, kPageBytes, PROT_READ);
    // Half of the participants live.
    for (int entry = 0; entry < 64; ++entry) {
      tryLock(alive_.get(), kFirstParticipantLock + entry);
    }
  }
  GuardedRing(const GuardedRing&) = delete;
  GuardedRing& operator=(const GuardedRing&) = delete;
  ~GuardedRing() { ::munmap(begin_, geometry_.total_bytes + 2 * kPageBytes); }

  RingView view() const { return {begin_ + kPageBytes, geometry_}; }
  Attachment attachment(int entry) const {
    return {&view().participants[entry].intent, probe_.get()};
  }
  std::uint64_t words() const { return (geometry_.total_bytes - kPageBytes) / 8; }
  std::atomic<std::uint64_t>& word(std::uint64_t i) const {
    return reinterpret_cast<std::atomic<std::uint64_t>*>(begin_ + 2 * kPageBytes)[i];
  }

 private:
  Geometry geometry_;
  std::byte* begin_ = nullptr;
  UniqueFd probe_ = makeCompanion();
  UniqueFd alive_ = openAgain(probe_.get(), O_RDWR);
};

/// Writes words at random places: any value, or one that might stand there.
class Vandal {
 public:
  Vandal(const GuardedRing& ring, unsigned seed) : ring_(ring), random_(seed) {}

  void strike() {
    const RingView view = ring_.view();
    const std::uint64_t near = view.producer_page->write_position + random_() % 17 - 8;
    const std::uint64_t values[] = {random_(),
                                    near,
                                    near << 2 | random_() % 4,
                                    0,
                                    intentWord(Claiming::ToWrite, near, 1 + random_() % 8),
                                    intentWord(Claiming::ToRead, near, 1 + random_() % 1024)};
    const std::uint64_t value = values[random_() % std::size(values)];
    switch (random_() % 6) {
      case 0:
        view.producer_page->write_position = value;
        break;
      case 1:
        view.consumer_page->read_position = value;
        break;
      case 2:
        view.participants[random_() % kMaxParticipants].intent = value;
        break;
      case 3:
        if (view.geometry.has_words) {
          SlotCursor(view, 0).word(random_() % view.geometry.slot_count) = value;
        }
        break;
      case 4:
        view.shared_page->state = random_() % 8 == 0 ? value : 0;
        break;
      default:
        ring_.word(random_() % ring_.words()) = value;
    }
  }
  std::uint64_t choose(std::uint64_t below) { return random_() % below; }

 private:
  const GuardedRing& ring_;
  std::mt19937_64 random_;
};

template <class P>
using PushSideOf = PushSide<typename P::Writer>;
template <class P>
using PopSideOf = PopSide<typename P::Reader>;

constexpr std::uint64_t kMostElements = 6;

template <class P>
void operate(PushSideOf<P>& push, PopSideOf<P>& pop, std::uint64_t choice) {
  std::uint64_t values[kMostElements] = {1, 2, 3, 4, 5, 6};
  const Deadline soon = std::chrono::steady_clock::now() + 10us;
  const std::uint64_t count = 1 + choice % kMostElements;
  if (choice % 2 == 0 && push.state() == SideState::Usable) {
    if (choice % 7 == 0) {
      push.pushUntil(values, soon);
    } else if (choice % 3 == 0) {
      const Claim claim = push.tryClaim(count);
      for (std::uint64_t i = 0; i < claim.count; ++i) std::memcpy(push.slot(claim, i), values, 8);
      if (claim.count > 0) push.commit(claim, claim.count / 2);
    } else {
      push.tryPush(values, count);
    }
  } else if (pop.state() == SideState::Usable) {
    if (choice % 7 == 0) {
      pop.popUntil(values, soon);
    } else if (choice % 3 == 0) {
      const Claim claim = pop.tryTake(count);
      for (std::uint64_t i = 0; i < claim.count; ++i) std::memcpy(values, pop.slot(claim, i), 8);
      if (claim.count > 0) pop.release(claim);
    } else {
      pop.tryPop(values, count);
    }
  }
}

/// Uses the ring, with a blow before every few operations; attaches anew when it is poisoned.
template <class P>
int useUnderBlows(const GuardedRing& ring, unsigned seed, int operations) {
  Vandal vandal(ring, seed);
  for (int done = 0; done < operations;) {
    PushSideOf<P> push(ring.view(), ring.attachment(0), Wait::Block);
    PopSideOf<P> pop(ring.view(), ring.attachment(1), Wait::Block);
    for (int i = 0; i < 500 && done < operations; ++i, ++done) {
      if (vandal.choose(8) == 0) vandal.strike();
      operate<P>(push, pop, vandal.choose(1000));
      if (push.state() == SideState::Damaged && pop.state() == SideState::Damaged) break;
    }
    ring.view().shared_page->state = 0;
  }
  return 0;
}

template <class P>
class VandalismTest : public ::testing::Test {};
TYPED_TEST_SUITE(VandalismTest, Policies);

constexpr unsigned kWatchdogSeconds = 120;

TYPED_TEST(VandalismTest, BlowsBetweenOperationsEndNone) {
  for (const std::uint64_t capacity : {1U, 3U, 4U, 16U}) {
    for (const Delivery delivery : {Delivery::AtMostOnce, Delivery::AtLeastOnce}) {
      const GuardedRing ring(geometryOf<TypeParam>(capacity, delivery));
      const ::pid_t user = inChild([&] {
        ::alarm(kWatchdogSeconds);
        return useUnderBlows<TypeParam>(ring, static_cast<unsigned>(capacity), 100'000);
      });
      EXPECT_EQ(resultOf(user), 0) << "capacity " << capacity;
    }
  }
}

TYPED_TEST(VandalismTest, BlowsFromAnotherProcessEndNone) {
  for (const std::uint64_t capacity : {1U, 3U, 16U}) {
    const GuardedRing ring(geometryOf<TypeParam>(capacity, Delivery::AtLeastOnce));
    const ::pid_t vandal = inChild([&] {
      for (Vandal hand(ring, 7);;) hand.strike();
      return 0;
    });
    const ::pid_t user = inChild([&] {
      ::alarm(kWatchdogSeconds);
      return useUnderBlows<TypeParam>(ring, 8, 100'000);
    });
    EXPECT_EQ(resultOf(user), 0) << "capacity " << capacity;
    killAndWait(vandal);
  }
}

}  // namespace
}  // namespace ringside
