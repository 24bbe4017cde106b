#include "script_input.hpp"

#include "ringside/intent.hpp"
#include "ringside/sequenced_slots.hpp"

namespace ringside {
namespace {

constexpr std::uint64_t kCapacities[] = {1, 2, 3, 4, 5, 8, 13, 33};
constexpr std::uint64_t kElementSizesBytes[] = {1, 8, 64, 200};

std::uint64_t* wordAt(void* address, std::uint64_t which, std::size_t size_bytes) {
  return static_cast<std::uint64_t*>(address) + which % (size_bytes / sizeof(std::uint64_t));
}

}  // namespace

Geometry ScriptInput::geometry() {
  const std::uint8_t kind = byte() % 4;
  const std::uint8_t sizes = byte();
  const auto policy = static_cast<PolicyKind>(kind < 3 ? kind + 1 : 3);
  return makeGeometry(policy, kElementSizesBytes[sizes / 8 % 4], kCapacities[sizes % 8],
                      kind == 3 ? Delivery::AtLeastOnce : Delivery::AtMostOnce);
}

ScriptInput::Step ScriptInput::next() {
  const std::uint8_t step = byte();
  return {static_cast<Action>(step % 16 % kActions), step / 16U};
}

std::uint64_t ScriptInput::word() {
  std::uint64_t value = 0;
  for (int i = 0; i < 8; ++i) value = value << 8 | byte();
  return value;
}

void ScriptInput::damage(const RingView& ring) {
  std::uint64_t* const word = target(ring);
  const std::uint64_t before = __atomic_load_n(word, __ATOMIC_RELAXED);  // one thread
  __atomic_store_n(word, changed(ring, before), __ATOMIC_RELAXED);
}

std::uint64_t* ScriptInput::target(const RingView& ring) {
  const std::uint8_t where = byte();
  const std::uint64_t which = byte();
  const Geometry& geometry = ring.geometry;
  switch (where % 8) {
    case 0:
      return wordAt(&ring.producer_page->write_position, 0, 8);
    case 1:
      return wordAt(&ring.consumer_page->read_position, 0, 8);
    case 2:
    case 3:  // on SPSC a part of an element
      return wordAt(ring.slots + which % geometry.slot_count * geometry.slot_stride, 0, 8);
    case 4:
      return wordAt(&ring.participants[which % kMaxParticipants].intent, 0, 8);
    case 5:
      return wordAt(ring.participants, which * 3, kMaxParticipants * sizeof(Participant));
    case 6:
      return wordAt(which % 2 == 0 ? &ring.producer_page->published : &ring.consumer_page->released,
                    0, 8);
    default:
      return wordAt(ring.shared_page, which, sizeof(SharedPage));
  }
}

std::uint64_t ScriptInput::changed(const RingView& ring, std::uint64_t before) {
  const std::uint8_t how = byte();
  const auto distance = static_cast<std::uint64_t>(static_cast<std::int8_t>(byte()));
  const std::uint64_t written =
      ring.producer_page->write_position.load(std::memory_order_relaxed);  // one thread
  const std::uint64_t near = written + distance;
  switch (how % 8) {
    case 0:
      return word();
    case 1:
      return before + distance;
    case 2:
      return before ^ 1ULL << (distance & 63);
    case 3:
      return near;
    case 4:
      return freeWord(near);
    case 5:
      return fullWord(near);
    case 6:
      return abandonedWord(near);
    default:
      return intentWord(how % 16 == 7 ? Claiming::ToRead : Claiming::ToWrite, near, 1 + how / 16);
  }
}

}  // namespace ringside
