// How ring_fuzz reads its input: two bytes say which ring, then come steps of one byte each, with
// more where the step needs them. Bytes that are not there are 0.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "ringside/segment.hpp"

namespace ringside {

enum class Action : std::uint8_t {
  Push,
  PushOften,
  PushTimed,
  PushBatch,
  Claim,
  Commit,  ///< of a part, or of none: abort
  ReplaceProducer,
  Pop,
  PopOften,
  PopTimed,
  PopBatch,
  Take,
  Release,
  ReplaceConsumer,
  Damage
};
constexpr std::uint8_t kActions = static_cast<std::uint8_t>(Action::Damage) + 1;

class ScriptInput {
 public:
  explicit ScriptInput(std::span<const std::uint8_t> bytes) : bytes_(bytes) {}

  struct Step {
    Action action;
    std::size_t who;  ///< any number: which of the sides
  };

  bool empty() const { return at_ >= bytes_.size(); }
  std::uint8_t byte() { return empty() ? std::uint8_t{0} : bytes_[at_++]; }
  /// Of the ring. Small ones, with and without a power of two of slots.
  Geometry geometry();
  Step next();
  /// Overwrites one word of the ring, with what may stand there more often than not.
  void damage(const RingView& ring);

 private:
  std::uint64_t word();
  std::uint64_t* target(const RingView& ring);
  std::uint64_t changed(const RingView& ring, std::uint64_t before);

  std::span<const std::uint8_t> bytes_;
  std::size_t at_ = 0;
};

}  // namespace ringside
