// One try to push or to pop, as the axis `wait` has it: at once, or asleep in the queue's own call
// for a slice at most, so that the loop still sees the parent's phase.
#pragma once

#include <chrono>

#include "harness/any_queue.hpp"
#include "harness/element.hpp"
#include "ringside/wait.hpp"

namespace ringside::harness {

/// How long a call that blocks may take.
constexpr std::chrono::milliseconds kBlockingSlice{10};

template <class Producer>
[[gnu::always_inline]] inline bool attemptPush(Producer& producer, const void* element,
                                               Wait wait) noexcept {
  if constexpr (PushesBlocking<Producer>) {
    if (wait == Wait::Block) return producer.pushFor(element, kBlockingSlice);
  }
  return producer.tryPush(element);
}

template <class Consumer>
[[gnu::always_inline]] inline bool attemptPop(Consumer& consumer, void* element,
                                              Wait wait) noexcept {
  if constexpr (PopsBlocking<Consumer>) {
    if (wait == Wait::Block) return consumer.popFor(element, kBlockingSlice);
  }
  return consumer.tryPop(element);
}

/// Elements `first` to `count` - 1, as many as fit: how many. Where none does, waits for one place.
template <class Producer>
std::uint64_t attemptPushMany(Producer& producer, ElementBytes& elements, std::uint64_t first,
                              std::uint64_t count, Wait wait) noexcept {
  const std::uint64_t pushed = producer.tryPush(elements.at(first), count - first);
  if (pushed > 0 || wait != Wait::Block) return pushed;
  return attemptPush(producer, elements.at(first), wait) ? 1 : 0;
}

/// Up to `count` elements: how many. Where there is none, waits for one.
template <class Consumer>
std::uint64_t attemptPopMany(Consumer& consumer, ElementBytes& elements, std::uint64_t count,
                             Wait wait) noexcept {
  const std::uint64_t popped = consumer.tryPop(elements.at(0), count);
  if (popped > 0 || wait != Wait::Block) return popped;
  return attemptPop(consumer, elements.at(0), wait) ? 1 : 0;
}

}  // namespace ringside::harness
