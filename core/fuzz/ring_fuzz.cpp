// A ring whose memory somebody writes into while it is used. An input is a script: calls of its
// producers and consumers, deaths of some in the middle, and words overwritten. Whatever stands in
// the segment, no call leaves the ring's memory, none goes on for ever, and none returns more than
// was asked for; and as long as nothing was overwritten, the contents are exact.
#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <type_traits>

#include "expected_ring.hpp"
#include "guarded_ring.hpp"
#include "ringside/ringside.hpp"
#include "script_input.hpp"

namespace ringside {
namespace {

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "ring_fuzz: %s\n", what);
  std::abort();  // libFuzzer keeps the input
}

constexpr std::size_t kMaxCalls = 96;
/// Looks at the dead come after so many tries at most, and after as many more.
constexpr int kTriesWithTwoLooks = 3 * Stall::kMostTries;
constexpr int kMaxTimedCalls = 2;
constexpr std::chrono::microseconds kShortWait{10};

/// The bytes of an element that has this value.
class Elements {
 public:
  explicit Elements(std::uint64_t size_bytes) : size_bytes_(size_bytes) {}

  void write(std::byte* to, std::uint8_t value) const {
    for (std::uint64_t i = 0; i < size_bytes_; ++i) to[i] = byteOf(value, i);
  }
  std::uint8_t read(const std::byte* from, bool must_be_whole) const {
    const auto value = static_cast<std::uint8_t>(from[0]);
    for (std::uint64_t i = 1; i < size_bytes_; ++i) {
      require(from[i] == byteOf(value, i) || !must_be_whole, "an element is torn");
    }
    return value;
  }
  std::vector<std::byte> room(std::uint64_t count) const {
    return std::vector<std::byte>(count * size_bytes_);
  }
  std::uint64_t sizeBytes() const { return size_bytes_; }

 private:
  static std::byte byteOf(std::uint8_t value, std::uint64_t i) {
    return static_cast<std::byte>(value + i * 37);
  }

  std::uint64_t size_bytes_;
};

template <class Policy>
class Script {
 public:
  Script(GuardedRing& ring, ScriptInput input)
      : ring_(ring),
        view_(ring.view()),
        input_(input),
        elements_(view_.geometry.element_size_bytes),
        expected_(view_.geometry) {
    for (std::size_t i = 0; i < kProducers; ++i) replaceProducer(i);
    for (std::size_t i = 0; i < kConsumers; ++i) replaceConsumer(i);
  }

  void run() {
    for (std::size_t calls = 0; calls < kMaxCalls && !input_.empty(); ++calls) {
      doNext();
      checkCounts();
    }
    end();
  }

 private:
  using Push = PushSide<typename Policy::Writer>;
  using Pop = PopSide<typename Policy::Reader>;
  using Values = ExpectedRing::Values;
  // Where there may be several, the last one's process is dead already.
  static constexpr std::size_t kProducers = Policy::Writer::kExclusive ? 1 : 3;
  static constexpr std::size_t kConsumers = Policy::Reader::kExclusive ? 1 : 3;

  struct Producer {
    std::optional<Push> side;
    Claim out;
    bool isFree() const { return side->state() == SideState::Usable; }
  };
  struct Consumer {
    std::optional<Pop> side;
    Claim out;
    bool isFree() const { return side->state() == SideState::Usable; }
  };

  // --- one step of the script -----------------------------------------------------------------

  void doNext() {
    const ScriptInput::Step step = input_.next();
    const std::size_t producer = step.who % kProducers;
    const std::size_t consumer = step.who % kConsumers;
    switch (step.action) {
      case Action::Push:
        return push(producer);
      case Action::PushOften:
        for (int i = 0; i < kTriesWithTwoLooks; ++i) push(producer);
        return;
      case Action::PushTimed:
        return pushTimed(producer);
      case Action::PushBatch:
        return pushBatch(producer, wanted());
      case Action::Claim:
        return claim(producer, wanted());
      case Action::Commit:
        return commit(producer, input_.byte());
      case Action::ReplaceProducer:
        return replaceProducer(producer);
      case Action::Pop:
        return pop(consumer);
      case Action::PopOften:
        for (int i = 0; i < kTriesWithTwoLooks; ++i) pop(consumer);
        return;
      case Action::PopTimed:
        return popTimed(consumer);
      case Action::PopBatch:
        return popBatch(consumer, wanted());
      case Action::Take:
        return take(consumer, wanted());
      case Action::Release:
        return release(consumer);
      case Action::ReplaceConsumer:
        return replaceConsumer(consumer);
      case Action::Damage:
        damaged_ = true;
        return input_.damage(view_);
    }
  }

  std::uint64_t wanted() { return input_.byte() % (view_.geometry.capacity + 3) + 1; }
  bool isDead(std::size_t who) const { return who == 2; }

  // --- producers ------------------------------------------------------------------------------

  void replaceProducer(std::size_t who) {
    Producer& producer = producers_[who];
    if (!damaged_) expected_.orphaned(producer.out.position, producer.out.count);
    producer.out = {};
    producer.side.emplace(view_, isDead(who) ? ring_.dead() : ring_.living(who), Wait::Block);
  }

  void push(std::size_t who) {
    if (!producers_[who].isFree()) return;
    const std::vector<std::byte> element = next(1);
    pushed(producers_[who].side->tryPush(element.data()), 1);
  }
  void pushTimed(std::size_t who) {
    if (!producers_[who].isFree() || ++timed_calls_ > kMaxTimedCalls) return;
    const std::vector<std::byte> element = next(1);
    pushed(producers_[who].side->pushUntil(element.data(), deadlineAfter(kShortWait)), 1);
  }
  void pushBatch(std::size_t who, std::uint64_t wanted) {
    if (!producers_[who].isFree()) return;
    const std::vector<std::byte> elements = next(wanted);
    pushed(producers_[who].side->tryPush(elements.data(), wanted), wanted);
  }

  /// Elements that carry the next values.
  std::vector<std::byte> next(std::uint64_t count) const {
    std::vector<std::byte> elements = elements_.room(count);
    for (std::uint64_t i = 0; i < count; ++i) {
      elements_.write(&elements[i * elements_.sizeBytes()], static_cast<std::uint8_t>(value_ + i));
    }
    return elements;
  }
  /// The next `count` values are used.
  Values used(std::uint64_t count) {
    Values values(count);
    for (std::uint8_t& value : values) value = static_cast<std::uint8_t>(value_++);
    return values;
  }

  void pushed(std::uint64_t count, std::uint64_t wanted) {
    require(count <= wanted, "more was pushed than was asked for");
    const Values values = used(count);
    if (damaged_) return;
    const std::uint64_t position = expected_.positions();
    require(expected_.claimed(count, wanted), "a push found another room than there is");
    expected_.committed(position, count, values);
  }

  void claim(std::size_t who, std::uint64_t wanted) {
    Producer& producer = producers_[who];
    if (!producer.isFree()) return;
    const std::uint64_t position = expected_.positions();
    producer.out = producer.side->tryClaim(wanted);
    const Claim& out = producer.out;
    require(out.count <= wanted, "more was claimed than was asked for");
    for (std::uint64_t i = 0; i < out.count; ++i) {
      elements_.write(producer.side->slot(out, i), static_cast<std::uint8_t>(value_ + i));
    }
    if (!damaged_) {
      require(expected_.claimed(out.count, wanted), "a claim found another room than there is");
      require(out.count == 0 || out.position == position, "a claim is somewhere else");
    }
    if (isDead(who)) replaceProducer(who);  // others take it for dead: it must not go on
  }

  void commit(std::size_t who, std::uint64_t asked) {
    Producer& producer = producers_[who];
    if (producer.out.count == 0) return;
    const std::uint64_t count = asked % (producer.out.count + 1);
    // Others have pushed meanwhile, and used the values that it was filled with.
    for (std::uint64_t i = 0; i < producer.out.count; ++i) {
      elements_.write(producer.side->slot(producer.out, i), static_cast<std::uint8_t>(value_ + i));
    }
    producer.side->commit(producer.out, count);
    const Values values = used(count);
    if (!damaged_) expected_.committed(producer.out.position, producer.out.count, values);
    producer.out = {};
  }

  // --- consumers ------------------------------------------------------------------------------

  void replaceConsumer(std::size_t who) {
    Consumer& consumer = consumers_[who];
    if (!damaged_) expected_.leftBehind(consumer.out.position, consumer.out.count);
    consumer.out = {};
    consumer.side.emplace(view_, isDead(who) ? ring_.dead() : ring_.living(2 + who), Wait::Block);
  }

  void pop(std::size_t who) {
    if (!consumers_[who].isFree()) return;
    std::vector<std::byte> element = elements_.room(1);
    const bool popped = consumers_[who].side->tryPop(element.data());
    this->popped(who, element, popped, 1);
  }
  void popTimed(std::size_t who) {
    if (!consumers_[who].isFree() || ++timed_calls_ > kMaxTimedCalls) return;
    std::vector<std::byte> element = elements_.room(1);
    const bool popped = consumers_[who].side->popUntil(element.data(), deadlineAfter(kShortWait));
    this->popped(who, element, popped, 1);
  }
  void popBatch(std::size_t who, std::uint64_t wanted) {
    if (!consumers_[who].isFree()) return;
    std::vector<std::byte> elements = elements_.room(wanted);
    const std::uint64_t count = consumers_[who].side->tryPop(elements.data(), wanted);
    popped(who, elements, count, wanted);
  }

  void popped(std::size_t who, const std::vector<std::byte>& elements, std::uint64_t count,
              std::uint64_t wanted) {
    require(count <= wanted, "more was popped than was asked for");
    popped_ += count;
    Values values;
    for (std::uint64_t i = 0; i < count; ++i) {
      values.push_back(elements_.read(&elements[i * elements_.sizeBytes()], !damaged_));
    }
    expectTaken(who, values, wanted);
    if (!damaged_) expected_.released(expected_.firstTaken(), count);
  }

  void expectTaken(std::size_t who, const Values& values, std::uint64_t wanted) {
    if (damaged_) return;
    const bool redelivered = !values.empty() && consumers_[who].side->redelivered();
    require(expected_.taken(values, redelivered, wanted), "other elements came than are there");
  }

  void take(std::size_t who, std::uint64_t wanted) {
    Consumer& consumer = consumers_[who];
    if (!consumer.isFree()) return;
    consumer.out = consumer.side->tryTake(wanted);
    const Claim& out = consumer.out;
    require(out.count <= wanted, "more was taken than was asked for");
    Values values;
    for (std::uint64_t i = 0; i < out.count; ++i) {
      values.push_back(elements_.read(consumer.side->slot(out, i), !damaged_));
    }
    expectTaken(who, values, wanted);
    if (!damaged_ && out.count > 0) {
      require(out.position == expected_.firstTaken(), "what was taken is somewhere else");
    }
    if (isDead(who)) replaceConsumer(who);  // as in claim()
  }

  void release(std::size_t who) {
    Consumer& consumer = consumers_[who];
    if (consumer.out.count == 0) return;
    consumer.side->release(consumer.out);
    if (!damaged_) expected_.released(consumer.out.position, consumer.out.count);
    consumer.out = {};
  }

  // --- checks ---------------------------------------------------------------------------------

  void checkCounts() const {
    const std::uint64_t capacity = view_.geometry.capacity;
    require(view_.pending() <= capacity, "more is pending than there is room for");
    require(view_.available() <= capacity, "more is available than there is room for");
    if (!damaged_) require(view_.damage() == Damage::None, "damage was found where none was done");
  }

  /// All die. Whoever comes then finds what was published, and a ring of its capacity.
  void end() {
    for (std::size_t i = 0; i < kProducers; ++i) replaceProducer(i);
    for (std::size_t i = 0; i < kConsumers; ++i) replaceConsumer(i);
    drain();
    const std::uint64_t before = value_;
    for (std::uint64_t i = 0; i < view_.geometry.capacity; ++i) {
      for (int tries = 0; tries < kTriesWithTwoLooks && value_ == before + i; ++tries) push(0);
    }
    const bool full = value_ == before + view_.geometry.capacity;
    push(0);
    drain();
    checkCounts();
    static_cast<void>(view_.describeDamage());
    if (damaged_) return;
    require(full, "the ring has lost some of its capacity");
    require(expected_.full() == 0 && view_.pending() == 0, "elements are lost");
    require(expected_.toBeRedelivered() == 0, "what a dead consumer had taken is lost");
  }

  /// Until a fresh consumer gets nothing; of damaged rings a while.
  void drain() {
    const std::uint64_t most_rounds = damaged_ ? 3 : 2 * view_.geometry.capacity + 1;
    for (std::uint64_t round = 0; round < most_rounds; ++round) {
      replaceConsumer(0);
      const std::uint64_t popped_before = popped_;
      for (int tries = 0; tries < kTriesWithTwoLooks && !isKnownToBeEmpty(); ++tries) pop(0);
      if (popped_ == popped_before) break;
    }
    pop(0);
  }
  bool isKnownToBeEmpty() const { return !damaged_ && expected_.isEmpty(); }

  GuardedRing& ring_;
  const RingView& view_;
  ScriptInput input_;
  Elements elements_;
  ExpectedRing expected_;
  bool damaged_ = false;
  Producer producers_[kProducers];
  Consumer consumers_[kConsumers];
  std::uint64_t value_ = 0;   ///< of the next element; its low byte is written
  std::uint64_t popped_ = 0;  ///< elements
  int timed_calls_ = 0;
};

/// The rings are made once: an input begins with one that is as new.
GuardedRing& ringFor(const Geometry& geometry) {
  static std::map<std::array<std::uint64_t, 4>, std::unique_ptr<GuardedRing>> rings;
  std::unique_ptr<GuardedRing>& ring = rings[{static_cast<std::uint64_t>(geometry.policy),
                                              static_cast<std::uint64_t>(geometry.delivery),
                                              geometry.capacity, geometry.element_size_bytes}];
  if (ring == nullptr) ring = std::make_unique<GuardedRing>(geometry);
  ring->restore();
  return *ring;
}

void play(std::span<const std::uint8_t> bytes) {
  ScriptInput input(bytes);
  const Geometry geometry = input.geometry();
  GuardedRing& ring = ringFor(geometry);
  switch (geometry.policy) {
    case PolicyKind::Spsc:
      return Script<Spsc>(ring, input).run();
    case PolicyKind::Mpsc:
      return Script<Mpsc>(ring, input).run();
    case PolicyKind::Mpmc:
      return Script<Mpmc>(ring, input).run();
  }
}

}  // namespace
}  // namespace ringside

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ringside::play({data, size});
  return 0;
}
