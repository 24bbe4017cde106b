#include "harness/verify/parts.hpp"

#include <sched.h>
#include <unistd.h>

#include <optional>
#include <random>
#include <stdexcept>

#include "ringside/wait.hpp"

namespace ringside::harness {
namespace {

/// In a row, without success, before an actor believes an answer of full or empty for good. Repairs
/// take their time: a queue may look for the dead only now and then.
constexpr int kTriesToBelieve = 3000;
/// Where others have the processor a yield takes long: a queue that looks for the dead only after
/// some tries is to come to them all the same.
constexpr std::uint64_t kTriesBetweenYields = 64;
/// Of a bystander while the victim stands still: enough to provoke whatever others do then.
constexpr int kTriesMeanwhile = 400;

/// Counts how long nothing has moved.
class Standstill {
 public:
  void moved() noexcept { since_ = std::chrono::steady_clock::now(); }
  bool isFinal() const noexcept {
    return std::chrono::steady_clock::now() - since_ > kNothingMoves;
  }

 private:
  std::chrono::steady_clock::time_point since_ = std::chrono::steady_clock::now();
};

std::uint64_t fill(LoggedProducer& producer, std::uint64_t at_most) {
  std::uint64_t pushed = 0;
  for (int failures = 0; failures < kTriesToBelieve && pushed < at_most;) {
    if (producer.tryPush()) {
      ++pushed;
      failures = 0;
    } else {
      ++failures;
    }
  }
  return pushed;
}

std::uint64_t empty(LoggedConsumer& consumer, std::uint64_t at_most) {
  std::uint64_t popped = 0;
  for (int failures = 0; failures < kTriesToBelieve && popped < at_most;) {
    if (consumer.tryPop()) {
      ++popped;
      failures = 0;
    } else {
      ++failures;
    }
  }
  return popped;
}

constexpr std::uint64_t kAll = ~std::uint64_t{0};

/// Until the last of `count` elements that were pushed here has come back here. Where the queue is
/// in order all that lay in it has come before.
bool exchange(LoggedProducer& producer, LoggedConsumer& consumer, std::uint64_t count,
              std::atomic<std::int64_t>& recovered_ns) {
  Standstill standstill;
  std::uint64_t pushed = 0;
  std::uint64_t failures = 0;
  bool popped = false;
  bool last_came = false;
  while (!last_came) {
    const bool can_push = pushed < count && producer.tryPush();
    const bool can_pop = consumer.tryPop();
    pushed += can_push ? 1 : 0;
    popped = popped || can_pop;
    last_came = can_pop && pushed >= count && consumer.lastValue() == producer.lastValue();
    if (pushed > 0 && popped && recovered_ns.load() == 0) recovered_ns.store(nowNs());
    if (can_push || can_pop) {
      standstill.moved();
    } else if (standstill.isFinal()) {
      return false;
    } else if (++failures % kTriesBetweenYields == 0) {
      ::sched_yield();
    }
  }
  return true;
}

int finish(LoggedProducer& producer, LoggedConsumer& consumer, const ActorContext& context) {
  StageWords& words = context.words;
  const std::uint64_t capacity = words.capacity_before.load();
  if (!exchange(producer, consumer, 2 * capacity + 3, words.recovered_ns)) return kNothingMoved;
  empty(consumer, kAll);  // what comes late: a second delivery
  const std::uint64_t held = fill(producer, kAll);
  if (empty(consumer, kAll) < held) return kNothingMoved;
  consumer.lookWhetherEmpty();
  words.capacity_after.store(held);
  words.drops.store(consumer.drops());
  return kPartPlayed;
}

template <class MakeAnother>
bool isRefused(MakeAnother&& make) {
  try {
    make();
    return false;
  } catch (const std::exception&) {
    return true;
  }
}

/// While there is a producer and a consumer. Throws when another one is let in beside the only one.
void demandRefusal(const ActorContext& context) {
  const QueueLimits& limits = context.queue.limits;
  const AnyQueue& any = context.queue.any;
  if (!limits.refuses_seconds) return;
  if (limits.max_producers == 1 &&
      !isRefused([&] { any.producer(context.place, context.shape); })) {
    throw std::logic_error("it let in a second producer");
  }
  if (limits.max_consumers == 1 &&
      !isRefused([&] { any.consumer(context.place, context.shape); })) {
    throw std::logic_error("it let in a second consumer");
  }
}

}  // namespace

int playFiller(const ActorContext& context, const Filling& filling) {
  StageWords& words = context.words;
  context.queue.create(context.place, context.shape);
  std::optional<LoggedProducer> producer(context);
  std::optional<LoggedConsumer> consumer(context);
  demandRefusal(context);
  const std::uint64_t capacity = fill(*producer, kAll);
  words.capacity_before.store(capacity);
  if (empty(*consumer, kAll) != capacity) return kNothingMoved;
  for (std::uint64_t lap = 0; lap < filling.laps; ++lap) {
    if (!producer->tryPush() || !consumer->tryPop()) return kNothingMoved;
  }
  const std::uint64_t wanted = std::min(filling.elements, capacity);
  if (fill(*producer, wanted) != wanted) return kNothingMoved;
  if (context.queue.limits.max_producers == 1) producer.reset();
  if (context.queue.limits.max_consumers == 1) consumer.reset();
  words.filled.store(1, std::memory_order_release);
  if ((!producer && !consumer) || context.queue.limits.threads_only) return kPartPlayed;
  for (;;) ::pause();  // until it is killed
}

int playVictim(const ActorContext& context, Call call, StepTo step_to) {
  constexpr std::uint32_t kSomeAtOnce = 3;
  if (isBlocking(call)) setSleepTuning({kLongSlice, kFewTries});
  if (isPush(call)) {
    LoggedProducer producer(context);
    producer.markCalls(step_to);
    if (call == Call::Push) producer.tryPush();
    if (call == Call::PushBatch) producer.tryPushBatch(kSomeAtOnce);
    if (call == Call::PushBlocking) producer.pushFor(kLongSlice);
  } else {
    LoggedConsumer consumer(context);
    consumer.markCalls(step_to);
    if (call == Call::Pop) consumer.tryPop();
    if (call == Call::PopBatch) consumer.tryPopBatch(kSomeAtOnce);
    if (call == Call::PopBlocking) consumer.popFor(kLongSlice);
  }
  return kPartPlayed;
}

namespace {

/// What a bystander does, act by act.
class Bystander {
 public:
  Bystander(const ActorContext& context, Call victims_call)
      : context_(context), victims_call_(victims_call) {
    const QueueLimits& limits = context.queue.limits;
    if (!isPush(victims_call) || limits.max_producers > 1) producer_.emplace(context);
    if (isPush(victims_call) || limits.max_consumers > 1) consumer_.emplace(context);
  }

  int play(Act act) {
    switch (act) {
      case Act::Meanwhile:
        meanwhile();
        return kPartPlayed;
      case Act::Answer:
        return answer();
      case Act::Aftermath:
        if (!producer_) producer_.emplace(context_);
        if (!consumer_) consumer_.emplace(context_);
        return finish(*producer_, *consumer_, context_);
      case Act::Attach:
      case Act::Leave:
        break;
    }
    return kPartPlayed;
  }

 private:
  void meanwhile() {
    const std::uint64_t most = context_.words.capacity_before.load() + 2;
    std::uint64_t pushed = 0;
    std::uint64_t popped = 0;
    for (int tries = 0; tries < kTriesMeanwhile; ++tries) {
      if (producer_ && pushed < most) pushed += producer_->tryPush() ? 1 : 0;
      if (consumer_ && popped < most) popped += consumer_->tryPop() ? 1 : 0;
    }
  }

  /// Against a victim that waits for an element it pushes one, against one that waits for room it
  /// takes one out. Against one that pushes it waits for the element, and the other way round.
  int answer() {
    if (isBlocking(victims_call_)) {
      const bool done = isPush(victims_call_) ? consumer_->tryPop() : producer_->tryPush();
      return done ? kPartPlayed : kNothingMoved;
    }
    setSleepTuning({kLongSlice, kFewTries});
    const bool done =
        isPush(victims_call_) ? consumer_->popFor(kLongSlice) : producer_->pushFor(kLongSlice);
    return done ? kPartPlayed : kNothingMoved;
  }

  ActorContext context_;
  Call victims_call_;
  std::optional<LoggedProducer> producer_;
  std::optional<LoggedConsumer> consumer_;
};

}  // namespace

int playBystander(const ActorContext& context, Call victims_call) {
  Bystander bystander(context, victims_call);
  StageWords& words = context.words;
  words.acts_done.store(1);
  std::uint32_t played = 0;
  for (;;) {
    const std::uint32_t act = words.act.load(std::memory_order_acquire);
    if (act == static_cast<std::uint32_t>(Act::Leave)) return kPartPlayed;
    if (act == played) {
      ::sched_yield();
      continue;
    }
    const int result = bystander.play(static_cast<Act>(act));
    if (result != kPartPlayed) return result;
    played = act;
    words.acts_done.store(act + 1, std::memory_order_release);
  }
}

int playNewcomer(const ActorContext& context, Call victims_call) {
  std::optional<LoggedProducer> producer;
  std::optional<LoggedConsumer> consumer;
  if (isPush(victims_call)) {
    producer.emplace(context);
  } else {
    consumer.emplace(context);
  }
  context.words.newcomers.store(1, std::memory_order_release);
  for (;;) ::pause();
}

int playFinisher(const ActorContext& context) {
  LoggedProducer producer(context);
  LoggedConsumer consumer(context);
  return finish(producer, consumer, context);
}

namespace {

int produceInStorm(const ActorContext& context, const StormPart& part) {
  LoggedProducer producer(context);
  std::mt19937_64 random(part.seed);
  std::uint64_t pushed = 0;
  while (context.words.stop_producing.load(std::memory_order_relaxed) == 0 &&
         pushed < part.most_elements) {
    if (producer.logIsFull()) return kLogFull;
    const bool batch = part.batches && random() % 2 == 0;
    const auto count = batch ? static_cast<std::uint32_t>(1 + random() % 4) : 1;
    const std::uint32_t now =
        batch ? producer.tryPushBatch(count) : static_cast<std::uint32_t>(producer.tryPush());
    if (now == 0) ::sched_yield();
    pushed += now;
  }
  return kPartPlayed;
}

int consumeInStorm(const ActorContext& context, const StormPart& part) {
  LoggedConsumer consumer(context);
  std::mt19937_64 random(part.seed);
  int failures = 0;
  bool told_to_stop = false;
  while (!told_to_stop || failures < kTriesToBelieve) {
    if (consumer.logIsFull()) return kLogFull;
    if (!told_to_stop && context.words.stop_all.load(std::memory_order_acquire) != 0) {
      told_to_stop = true;  // all producers have ended: only what is there now still comes
      failures = 0;
    }
    const bool batch = part.batches && random() % 2 == 0;
    const bool popped = batch
                            ? consumer.tryPopBatch(static_cast<std::uint32_t>(1 + random() % 4)) > 0
                            : consumer.tryPop();
    failures = popped ? 0 : failures + 1;
    if (failures % 16 == 1) consumer.lookWhetherEmpty();
    const bool calm = context.words.stop_all.load(std::memory_order_relaxed) != 0;
    if (!popped && !calm) ::sched_yield();
  }
  return kPartPlayed;
}

}  // namespace

int playInStorm(const ActorContext& context, const StormPart& part) {
  if (part.stays_one_in > 0) stayAtSomeKillPoints(context, part.seed, part.stays_one_in);
  return part.produces ? produceInStorm(context, part) : consumeInStorm(context, part);
}

}  // namespace ringside::harness
