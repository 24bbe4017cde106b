// A process of a trial as it uses the queue: every call is logged around, every element stamped.
#pragma once

#include <signal.h>

#include <chrono>
#include <cstdint>
#include <memory>

#include "harness/element.hpp"
#include "harness/verify/kill_points.hpp"
#include "harness/verify/stage.hpp"

namespace ringside::harness {

/// The most elements that an actor moves in one call.
constexpr std::uint32_t kMaxBatch = 8;

/// A value names its producer and its number there: no two pushes of a trial share one.
constexpr std::uint64_t valueOf(std::uint32_t actor, std::uint64_t sequence) {
  return static_cast<std::uint64_t>(actor) << kSequenceBits | sequence;
}

/// How far a victim goes at a time.
enum class StepTo : std::uint8_t { NextInstruction, NextKillPoint };

/// Tells, of a victim that is stepped through, when it is inside of a call: before the first
/// instruction of it the victim stands still, and by kill points also after the last.
class CallMark {
 public:
  void setBy(StageWords& words, StepTo step_to) noexcept {
    words_ = &words;
    step_to_ = step_to;
  }
  void enter() const noexcept {
    if (words_ == nullptr) return;
    ::raise(SIGSTOP);
    words_->victim_at.store(kInCall);
    if (step_to_ == StepTo::NextKillPoint) stopAtKillPoints(*words_);
  }
  void leave() const noexcept {
    if (words_ == nullptr) return;
    words_->victim_at.store(kOutOfCall);
    if (step_to_ == StepTo::NextInstruction) return;
    passKillPoints();
    if (words_->nobody_stays.load() == 0) ::raise(SIGSTOP);
  }

  static constexpr std::uint32_t kInCall = 1;
  static constexpr std::uint32_t kOutOfCall = 2;

 private:
  StageWords* words_ = nullptr;
  StepTo step_to_ = StepTo::NextInstruction;
};

/// The producer's side of an actor.
class LoggedProducer {
 public:
  explicit LoggedProducer(const ActorContext& context);
  void markCalls(StepTo step_to) noexcept { mark_.setBy(context_.words, step_to); }

  /// One try; false when it was full or busy, or when the log is.
  bool tryPush();
  /// How many of `count`, at most kMaxBatch, were pushed in one call.
  std::uint32_t tryPushBatch(std::uint32_t count);
  bool pushFor(std::chrono::nanoseconds timeout);
  bool logIsFull() const noexcept { return !log_.hasRoomFor(kMaxBatch); }
  /// Of the last push that returned.
  std::uint64_t lastValue() const noexcept { return valueOf(context_.number, next_ - 1); }

 private:
  ActorContext context_;
  ActorLog log_;
  std::unique_ptr<AnyProducer> queue_;
  ElementBytes element_;
  AlignedBytes batch_;
  CallMark mark_;
  std::uint64_t next_ = 0;
};

/// The consumer's side of an actor.
class LoggedConsumer {
 public:
  explicit LoggedConsumer(const ActorContext& context);
  void markCalls(StepTo step_to) noexcept { mark_.setBy(context_.words, step_to); }

  bool tryPop();
  std::uint32_t tryPopBatch(std::uint32_t count);
  bool popFor(std::chrono::nanoseconds timeout);
  /// Asks whether it is empty, and logs it when it is, where the queue can tell.
  void lookWhetherEmpty();
  bool logIsFull() const noexcept { return !log_.hasRoomFor(kMaxBatch); }
  std::uint64_t drops() { return queue_->drops(); }
  /// Of the last pop that brought something.
  std::uint64_t lastValue() const noexcept { return last_value_; }

 private:
  ActorLog::Popped examine(const void* element);

  ActorContext context_;
  ActorLog log_;
  std::unique_ptr<AnyConsumer> queue_;
  ElementBytes element_;
  AlignedBytes batch_;
  CallMark mark_;
  std::uint64_t last_value_ = 0;
  std::uint32_t looks_ = 0;
};

}  // namespace ringside::harness
