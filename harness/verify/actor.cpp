#include "harness/verify/actor.hpp"

#include <algorithm>
#include <cstring>

namespace ringside::harness {

LoggedProducer::LoggedProducer(const ActorContext& context)
    : context_(context),
      log_(context.pages),
      queue_(context.queue.any.producer(context.place, context.shape)),
      element_(context.shape.element_size_bytes),
      batch_(context.shape.element_size_bytes * kMaxBatch) {}

bool LoggedProducer::tryPush() {
  if (logIsFull()) return false;
  element_.write({context_.number, next_});
  log_.beginPush(valueOf(context_.number, next_));
  mark_.enter();
  const bool pushed = queue_->tryPush(element_.data());
  mark_.leave();
  log_.endPush(1, pushed ? 1 : 0);
  if (pushed) ++next_;
  return pushed;
}

std::uint32_t LoggedProducer::tryPushBatch(std::uint32_t count) {
  if (logIsFull()) return 0;
  count = std::min(count, kMaxBatch);
  const std::uint64_t size = context_.shape.element_size_bytes;
  for (std::uint32_t i = 0; i < count; ++i) {
    element_.write({context_.number, next_ + i});
    std::memcpy(batch_.data() + i * size, element_.data(), size);
  }
  log_.beginPush(valueOf(context_.number, next_), count);
  mark_.enter();
  const std::size_t answer = queue_->tryPush(batch_.data(), count);
  mark_.leave();
  const auto pushed = static_cast<std::uint32_t>(std::min<std::size_t>(answer, count));
  log_.endPush(count, pushed);
  next_ += pushed;
  return pushed;
}

bool LoggedProducer::pushFor(std::chrono::nanoseconds timeout) {
  if (logIsFull()) return false;
  element_.write({context_.number, next_});
  log_.beginPush(valueOf(context_.number, next_));
  mark_.enter();
  const bool pushed = queue_->pushFor(element_.data(), timeout);
  mark_.leave();
  log_.endPush(1, pushed ? 1 : 0);
  if (pushed) ++next_;
  return pushed;
}

LoggedConsumer::LoggedConsumer(const ActorContext& context)
    : context_(context),
      log_(context.pages),
      queue_(context.queue.any.consumer(context.place, context.shape)),
      element_(context.shape.element_size_bytes),
      batch_(context.shape.element_size_bytes * kMaxBatch) {}

ActorLog::Popped LoggedConsumer::examine(const void* element) {
  if (element != element_.data()) {
    std::memcpy(element_.data(), element, context_.shape.element_size_bytes);
  }
  const std::optional<Stamp> stamp = element_.readWhole();
  const bool redelivered = queue_->redelivered();
  if (!stamp) return {0, true, redelivered};
  last_value_ = valueOf(stamp->producer, stamp->sequence);
  return {last_value_, false, redelivered};
}

bool LoggedConsumer::tryPop() {
  if (logIsFull()) return false;
  log_.beginPop();
  mark_.enter();
  const bool popped = queue_->tryPop(element_.data());
  mark_.leave();
  ActorLog::Popped what = {};
  if (popped) what = examine(element_.data());
  log_.endPop(&what, popped ? 1 : 0);
  return popped;
}

std::uint32_t LoggedConsumer::tryPopBatch(std::uint32_t count) {
  if (logIsFull()) return 0;
  count = std::min(count, kMaxBatch);
  log_.beginPop(count);
  mark_.enter();
  const std::size_t answer = queue_->tryPop(batch_.data(), count);
  mark_.leave();
  const auto popped = static_cast<std::uint32_t>(std::min<std::size_t>(answer, count));
  ActorLog::Popped what[kMaxBatch] = {};
  for (std::uint32_t i = 0; i < popped; ++i) {
    what[i] = examine(batch_.data() + i * context_.shape.element_size_bytes);
  }
  log_.endPop(what, popped);
  return popped;
}

bool LoggedConsumer::popFor(std::chrono::nanoseconds timeout) {
  if (logIsFull()) return false;
  log_.beginPop();
  mark_.enter();
  const bool popped = queue_->popFor(element_.data(), timeout);
  mark_.leave();
  ActorLog::Popped what = {};
  if (popped) what = examine(element_.data());
  log_.endPop(&what, popped ? 1 : 0);
  return popped;
}

void LoggedConsumer::lookWhetherEmpty() {
  constexpr std::uint32_t kMostLooks = kMaxLogged / 4;  // the log is for elements first
  if (!context_.queue.any.abilities.certain_empty || logIsFull() || looks_ == kMostLooks) return;
  const std::int64_t began_ns = nowNs();
  if (!queue_->empty()) return;
  log_.sawEmpty(began_ns);
  ++looks_;
}

}  // namespace ringside::harness
