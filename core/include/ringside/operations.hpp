// Push and pop, single and batch, written once over what a policy provides: claim, slot, and
// publish or release. No call here waits for anybody (SPSC may pause twelve times, see
// WaitForMore), allocates, throws or touches a thread-local.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include "ringside/kill_point.hpp"
#include "ringside/segment.hpp"

namespace ringside {

/// An element size known when the program runs: rings of raw bytes.
struct RunTimeSize {
  std::uint64_t bytes;
  explicit RunTimeSize(std::uint64_t size_bytes) : bytes(size_bytes) {}
};

/// An element size known when the program is compiled: typed rings.
template <std::uint64_t Bytes>
struct FixedSize {
  static constexpr std::uint64_t bytes = Bytes;
  explicit FixedSize(std::uint64_t) {}
};

template <std::uint64_t Bytes>
void copyElement(void* to, const void* from, FixedSize<Bytes>) noexcept {
  std::memcpy(to, from, Bytes);
}

/// The sizes that are asked for most are copied inline: a call to memcpy costs more than the copy.
[[gnu::always_inline]] inline void copyElement(void* to, const void* from,
                                               RunTimeSize size) noexcept {
  // Hides from the compiler which object this is; it would warn of the sizes that are not taken.
  asm("" : "+r"(to), "+r"(from));
  if (size.bytes == 8) {
    std::memcpy(to, from, 8);
  } else if (size.bytes == kCacheLineBytes) {
    std::memcpy(to, from, kCacheLineBytes);
  } else {
    std::memcpy(to, from, size.bytes);
  }
}

/// False when the ring is full (or, with several producers, busy). Inlined by force, as popOne(): a
/// call costs a fifth of the operation, and the compiler judges by the size of the caller.
template <class Writer, class Size>
[[gnu::always_inline]] inline bool pushOne(Writer& writer, WaitPoint& published, WakeOrder order,
                                           const void* element, Size size) noexcept {
  const Claim claim = writer.claim(1);
  if (claim.count == 0) return false;
  copyElement(writer.slot(claim, 0), element, size);
  RINGSIDE_KILL_POINT(written);
  writer.publish(claim);
  published.wake(order);
  return true;
}

/// Between elements that lie side by side and slots that lie `stride` apart, `count` of each. Slots
/// without gaps are one copy.
template <class Size>
void copyIntoSlots(std::byte* slots, std::uint64_t stride, const std::byte* elements,
                   std::uint64_t count, Size size) noexcept {
  if (stride == size.bytes) {
    std::memcpy(slots, elements, count * size.bytes);
    return;
  }
  for (; count > 0; --count, slots += stride, elements += size.bytes) {
    copyElement(slots, elements, size);
  }
}
template <class Size>
void copyFromSlots(std::byte* elements, const std::byte* slots, std::uint64_t stride,
                   std::uint64_t count, Size size) noexcept {
  if (stride == size.bytes) {
    std::memcpy(elements, slots, count * size.bytes);
    return;
  }
  for (; count > 0; --count, slots += stride, elements += size.bytes) {
    copyElement(elements, slots, size);
  }
}

/// Fills a claim with elements that lie side by side, and publishes it.
template <class Writer, class Size>
void pushClaimed(Writer& writer, WaitPoint& published, WakeOrder order, const void* elements,
                 const Claim& claim, Size size) noexcept {
  const auto* from = static_cast<const std::byte*>(elements);
  if constexpr (requires { writer.run(claim, 0); }) {
    for (std::uint64_t i = 0; i < claim.count;) {
      const auto run = writer.run(claim, i);
      copyIntoSlots(run.first, run.stride, from + i * size.bytes, run.count, size);
      RINGSIDE_KILL_POINT(written);
      i += run.count;
    }
  } else {
    for (std::uint64_t i = 0; i < claim.count; ++i) {
      copyElement(writer.slot(claim, i), from + i * size.bytes, size);
      RINGSIDE_KILL_POINT(written);
    }
  }
  writer.publish(claim);
  published.wake(order);
}

/// Up to `wanted` filled slots. Steps over abandoned ones: room that waiting producers are told of.
/// Over no more in one call than there are slots: a peer may write others as fast as they are
/// freed, and wakes whoever sleeps for each.
template <class Reader>
Claim claimToRead(Reader& reader, WaitPoint& released, WakeOrder order,
                  std::uint64_t wanted) noexcept {
  Claim claim = reader.claim(wanted);
  if constexpr (requires { reader.stepOver(); }) {
    for (std::uint64_t steps = 0; claim.count == 0 && steps < reader.slotCount(); ++steps) {
      if (!reader.stepOver()) break;
      released.wake(order);
      claim = reader.claim(wanted);
    }
  }
  return claim;
}

/// False when the ring is empty (or, with several consumers, busy).
template <class Reader, class Size>
[[gnu::always_inline]] inline bool popOne(Reader& reader, WaitPoint& released, WakeOrder order,
                                          void* element, Size size) noexcept {
  const Claim claim = claimToRead(reader, released, order, 1);
  if (claim.count == 0) return false;
  copyElement(element, reader.slot(claim, 0), size);
  RINGSIDE_KILL_POINT(read);
  reader.release(claim);
  released.wake(order);
  return true;
}

/// Copies the elements of a claim side by side into `elements`, and gives the slots back.
template <class Reader, class Size>
void popClaimed(Reader& reader, WaitPoint& released, WakeOrder order, void* elements,
                const Claim& claim, Size size) noexcept {
  auto* to = static_cast<std::byte*>(elements);
  if constexpr (requires { reader.run(claim, 0); }) {
    for (std::uint64_t i = 0; i < claim.count;) {
      const auto run = reader.run(claim, i);
      copyFromSlots(to + i * size.bytes, run.first, run.stride, run.count, size);
      RINGSIDE_KILL_POINT(read);
      i += run.count;
    }
  } else {
    for (std::uint64_t i = 0; i < claim.count; ++i) {
      copyElement(to + i * size.bytes, reader.slot(claim, i), size);
      RINGSIDE_KILL_POINT(read);
    }
  }
  reader.release(claim);
  released.wake(order);
}

}  // namespace ringside
