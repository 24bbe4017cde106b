// Producers and consumers that are killed, stopped and replaced at random moments while the others
// go on: afterwards each confirmed element was received once, but for what died with a consumer.
#include <random>

#include "survivors.hpp"

namespace ringside {
namespace {

using namespace std::chrono_literals;

using Message = WholeSample<184>;  ///< 1472 bytes: deaths in the middle of a copy

constexpr std::uint64_t kMostNumbers = 1'000'000;
constexpr auto kShortWait = 20ms;

/// What all processes know, however they end.
struct Log {
  SharedArray<std::atomic<std::uint8_t>> confirmed{kMostNumbers};
  SharedArray<std::atomic<std::uint8_t>> received{kMostNumbers};
  SharedArray<std::atomic<std::uint8_t>> received_again{kMostNumbers};
  Shared<std::atomic<std::uint64_t>> next{1U};
  Shared<std::atomic<std::uint64_t>> torn{0U};
  Shared<std::atomic<std::uint64_t>> failures{0U};
  Shared<std::atomic<bool>> goes_on{true};
};

template <class K>
class Storm {
 public:
  using Producer = typename K::Policy::Producer;
  using Consumer = typename K::Policy::Consumer;
  static constexpr int kProducers = K::kOneProducer ? 1 : 3;
  static constexpr int kConsumers = K::kOneConsumer ? 1 : 3;

  Storm(std::uint64_t capacity, unsigned seed) : capacity_(capacity), random_(seed) {
    for (int i = 0; i < kProducers + kConsumers; ++i) children_.push_back(start(i));
  }

  /// Kills, and now and then stops, one after the other.
  void rage(int blows) {
    for (int i = 0; i < blows; ++i) {
      const auto who = static_cast<std::size_t>(random_()) % children_.size();
      ::usleep(static_cast<::useconds_t>(random_() % 3000));
      if (random_() % 4 == 0) {
        ::kill(children_[who], SIGSTOP);
        ::usleep(static_cast<::useconds_t>(random_() % 5000));
        if (random_() % 2 == 0) {
          ::kill(children_[who], SIGCONT);
          continue;
        }
      }
      killAndWait(children_[who]);
      (static_cast<int>(who) < kProducers ? dead_producers_ : dead_consumers_) += 1;
      children_[who] = start(static_cast<int>(who));
    }
  }

  void check() {
    *log_.goes_on = false;
    for (const ::pid_t child : children_) EXPECT_EQ(resultOf(child), 0);
    auto consumer = std::make_unique<Consumer>(name_.str(), sizeof(Message), capacity_, options());
    ASSERT_EQ(consumer->open(), 0);
    for (int tries = 0; tries < kTriesWithTwoLooks; ++tries) {
      if (receive(*consumer, [](auto& from, Message& to) { return from.tryPop(&to); })) tries = 0;
    }
    EXPECT_EQ(*log_.torn, 0U);
    EXPECT_EQ(*log_.failures, 0U);
    std::uint64_t lost = 0;
    std::uint64_t confirmed = 0;
    for (std::uint64_t n = 1; n < std::min(kMostNumbers, log_.next->load()); ++n) {
      ASSERT_LE(log_.received[n], 1) << n << " was delivered twice";
      if (log_.confirmed[n] == 0) continue;
      ++confirmed;
      lost += log_.received[n] + log_.received_again[n] == 0;
    }
    const RepairCounts counts = consumer->repairCounts();
    EXPECT_GT(confirmed, 1000U);
    EXPECT_LE(lost, dead_consumers_) << counts.drops << " were counted as dropped";
    EXPECT_LE(counts.drops, dead_consumers_);
    EXPECT_EQ(consumer->describeDamage(), "");
    Producer producer(name_.str(), sizeof(Message), capacity_, options());
    ASSERT_EQ(producer.open(), 0);
    const Message message = Message::of(0);
    for (std::uint64_t i = 0; i < capacity_; ++i) {
      ASSERT_EQ(producer.timedPush(&message, kNeverReached), 0) << "of " << capacity_;
    }
  }

 private:
  static RingOptions options() {
    return {
        .memory = {.huge_pages = HugePages::Never}, .delivery = K::kDelivery, .tuning = K::kTuning};
  }

  ::pid_t start(int who) {
    return inChild([this, who] { return who < kProducers ? produce() : consume(); });
  }
  int produce() {
    Producer producer(name_.str(), sizeof(Message), capacity_, options());
    if (producer.open() == -1) return 1;
    while (*log_.goes_on) {
      const std::uint64_t number = log_.next->fetch_add(1);
      if (number >= kMostNumbers) return 0;
      const Message message = Message::of(number);
      if (producer.timedPush(&message, kShortWait) == 0) {
        log_.confirmed[number] = 1;
      } else if (lastError != Errc::TimedOut) {
        log_.failures->fetch_add(1);
      }
    }
    return 0;
  }
  template <class Pop>
  bool receive(Consumer& consumer, Pop&& pop) {
    Message message{};
    if (pop(consumer, message) == -1) {
      const bool usual = lastError == Errc::TimedOut || lastError == Errc::TemporaryError;
      if (!usual) log_.failures->fetch_add(1);
      return false;
    }
    const std::uint64_t number = message.words.front();
    if (!message.whole() || number == 0 || number >= kMostNumbers) {
      log_.torn->fetch_add(1);
    } else {
      (consumer.redelivered() ? log_.received_again : log_.received)[number].fetch_add(1);
    }
    return true;
  }
  int consume() {
    Consumer consumer(name_.str(), sizeof(Message), capacity_, options());
    if (consumer.open() == -1) return 1;
    while (*log_.goes_on) {
      receive(consumer, [](auto& from, Message& to) { return from.timedPop(&to, kShortWait); });
    }
    return 0;
  }

  ShmName name_;
  std::uint64_t capacity_;
  std::mt19937 random_;
  Log log_;
  std::vector<::pid_t> children_;
  std::uint64_t dead_producers_ = 0;
  std::uint64_t dead_consumers_ = 0;
};

/// RINGSIDE_KILLS asks for more.
int blows() {
  const char* const asked = std::getenv("RINGSIDE_KILLS");
  return asked != nullptr ? std::atoi(asked) : 150;
}

template <class K>
class StormTest : public ::testing::Test {};
TYPED_TEST_SUITE(StormTest, SurvivingKinds, SurvivingNames);

TYPED_TEST(StormTest, WhoeverDiesTheOthersReceiveEachConfirmedElementOnce) {
  for (const std::uint64_t capacity : {1U, 3U, 64U}) {
    SCOPED_TRACE("capacity " + std::to_string(capacity));
    Storm<TypeParam> storm(capacity, static_cast<unsigned>(capacity));
    storm.rage(blows());
    storm.check();
  }
}

}  // namespace
}  // namespace ringside
