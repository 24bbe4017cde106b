#include "ringside/mutex_ring.hpp"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstring>
#include <limits>
#include <new>
#include <string>

#include "ringside/error.hpp"
#include "ringside/operations.hpp"
#include "ringside/segment.hpp"

namespace ringside {

struct MutexRingHeader {
  std::atomic<std::uint64_t> magic;  ///< written last
  std::uint64_t header_bytes;
  std::uint64_t element_size_bytes;
  std::uint64_t capacity;
  alignas(kCacheLineBytes) RobustMutex mutex;
  alignas(kCacheLineBytes) std::atomic<std::uint64_t> write_position;
  std::atomic<std::uint64_t> read_position;
  alignas(kCacheLineBytes) SharedCondition pushed;  ///< consumers wait here
  SharedCondition popped;                           ///< producers wait here
};
static_assert(std::is_standard_layout_v<MutexRingHeader> &&
                  sizeof(MutexRingHeader) % kCacheLineBytes == 0,
              "the slots follow and begin on a cache line");
static_assert(offsetof(MutexRingHeader, pushed) >= offsetof(MutexRingHeader, mutex) + 128,
              "a look for waiters, after the unlock, would take a line from the next owner");

namespace {

/// "MUTRING" and layout 1; other byte orders see another number.
constexpr std::uint64_t kMagic = 0x4d555452494e4701;
constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint64_t>::max();

/// How a header begins.
struct Identity {
  std::uint64_t magic;
  std::uint64_t header_bytes;
  std::uint64_t element_size_bytes;
  std::uint64_t capacity;
};
static_assert(offsetof(MutexRingHeader, capacity) == offsetof(Identity, capacity),
              "what is read of a header would not be what it says");

struct Range {
  std::uint64_t lowest;
  std::uint64_t highest;  ///< inclusive
};

void requireIn(const char* what, std::uint64_t value, Range allowed) {
  if (value >= allowed.lowest && value <= allowed.highest) return;
  std::string range = "it must be " + std::to_string(allowed.lowest);
  if (allowed.highest == kNoLimit) {
    range += " or more";
  } else if (allowed.highest != allowed.lowest) {
    range += " to " + std::to_string(allowed.highest);
  }
  throwError(Errc::InvalidParam,
             std::string("mutex ring: ") + what + " is " + std::to_string(value) + "; " + range);
}

/// From a cache line up an element begins on a line and touches none of its neighbour.
std::uint64_t slotStride(std::uint64_t element_size_bytes) {
  const std::uint64_t step =
      element_size_bytes < kCacheLineBytes ? sizeof(std::uint64_t) : kCacheLineBytes;
  return (element_size_bytes + step - 1) / step * step;
}

void requirePlace(const void* memory, std::uint64_t memory_bytes, std::uint64_t bytes_needed) {
  if (memory == nullptr) throwError(Errc::InvalidParam, "mutex ring: the memory is a null pointer");
  requireIn("the address of the memory, modulo a cache line,",
            reinterpret_cast<std::uintptr_t>(memory) % kCacheLineBytes, {0, 0});
  requireIn("the size of the memory in bytes", memory_bytes, {bytes_needed, kNoLimit});
}

}  // namespace

std::uint64_t MutexRing::bytesNeeded(std::uint64_t element_size_bytes, std::uint64_t capacity) {
  requireIn("element size", element_size_bytes, {1, kMaxElementSizeBytes});
  requireIn("capacity", capacity, {1, kMaxCapacity});
  // At most 2^26 slots of 2^24 bytes: no overflow before the check.
  const std::uint64_t bytes = sizeof(MutexRingHeader) + capacity * slotStride(element_size_bytes);
  requireIn("the size of it all in bytes", bytes, {1, kMaxSegmentBytes});
  return bytes;
}

std::optional<std::uint64_t> MutexRing::bytesOf(std::span<const std::byte> beginning) {
  Identity seen = {};
  if (beginning.size() >= sizeof seen) std::memcpy(&seen, beginning.data(), sizeof seen);
  if (seen.magic != kMagic || seen.header_bytes != sizeof(MutexRingHeader)) return std::nullopt;
  try {
    return bytesNeeded(seen.element_size_bytes, seen.capacity);
  } catch (const std::system_error&) {
    return std::nullopt;
  }
}

void MutexRing::create(void* memory, std::uint64_t memory_bytes, std::uint64_t element_size_bytes,
                       std::uint64_t capacity) {
  requirePlace(memory, memory_bytes, bytesNeeded(element_size_bytes, capacity));
  auto* header = new (memory) MutexRingHeader{.magic = 0,
                                              .header_bytes = sizeof(MutexRingHeader),
                                              .element_size_bytes = element_size_bytes,
                                              .capacity = capacity,
                                              .mutex = {},
                                              .write_position = 0,
                                              .read_position = 0,
                                              .pushed = {},
                                              .popped = {}};
  header->magic.store(kMagic, std::memory_order_release);  // SYNC: the constructor
}

MutexRing::MutexRing(void* memory, std::uint64_t memory_bytes)
    : header_(static_cast<MutexRingHeader*>(memory)) {
  requirePlace(memory, memory_bytes, sizeof(MutexRingHeader));
  const std::uint64_t magic = header_->magic.load(std::memory_order_acquire);  // SYNC: create()
  requireIn("the magic number", magic, {kMagic, kMagic});
  requireIn("the header size in bytes", header_->header_bytes,
            {sizeof(MutexRingHeader), sizeof(MutexRingHeader)});
  element_size_bytes_ = header_->element_size_bytes;
  capacity_ = header_->capacity;
  requirePlace(memory, memory_bytes, bytesNeeded(element_size_bytes_, capacity_));
  slot_stride_ = slotStride(element_size_bytes_);
  slots_ = static_cast<std::byte*>(memory) + sizeof(MutexRingHeader);
}

int MutexRing::tryPush(const void* element) noexcept {
  if (element == nullptr) [[unlikely]]
    return fail(Errc::InvalidParam);
  RobustLock lock(header_->mutex);
  if (!lock) return -1;
  const std::uint64_t filled_slots = filled();
  if (filled_slots == capacity_) return fail(Errc::TemporaryError);
  return pushUnder(lock, filled_slots, element);
}

int MutexRing::pushUntil(const void* element, const Deadline& deadline) noexcept {
  if (element == nullptr) [[unlikely]]
    return fail(Errc::InvalidParam);
  RobustLock lock(header_->mutex, deadline);
  if (!lock) return -1;
  std::uint64_t filled_slots = 0;
  const auto fits = [&] { return (filled_slots = filled()) != capacity_; };
  if (header_->popped.waitUntil(lock, deadline, fits) == -1) return -1;
  return pushUnder(lock, filled_slots, element);
}

int MutexRing::tryPop(void* element) noexcept {
  if (element == nullptr) [[unlikely]]
    return fail(Errc::InvalidParam);
  RobustLock lock(header_->mutex);
  if (!lock) return -1;
  const std::uint64_t filled_slots = filled();
  if (filled_slots == 0) return fail(Errc::TemporaryError);
  return popUnder(lock, filled_slots, element);
}

int MutexRing::popUntil(void* element, const Deadline& deadline) noexcept {
  if (element == nullptr) [[unlikely]]
    return fail(Errc::InvalidParam);
  RobustLock lock(header_->mutex, deadline);
  if (!lock) return -1;
  std::uint64_t filled_slots = 0;
  const auto there = [&] { return (filled_slots = filled()) != 0; };
  if (header_->pushed.waitUntil(lock, deadline, there) == -1) return -1;
  return popUnder(lock, filled_slots, element);
}

std::uint64_t MutexRing::pending() const noexcept {
  // SYNC: pushUnder() and popUnder(). The read position first: both only grow, and the write
  // position is never the smaller one, so the difference cannot be negative.
  const std::uint64_t read = header_->read_position.load(std::memory_order_acquire);
  const std::uint64_t written = header_->write_position.load(std::memory_order_acquire);
  return std::min(written - read, capacity_);
}

/// Not full. Unlocks before it wakes, so that who is woken finds the mutex free.
int MutexRing::pushUnder(RobustLock& lock, std::uint64_t filled_slots,
                         const void* element) noexcept {
  if (filled_slots > capacity_) [[unlikely]]
    return fail(Errc::OperationFailed);
  // relaxed: only who holds the mutex writes positions.
  const std::uint64_t position = header_->write_position.load(std::memory_order_relaxed);
  copyElement(slot(position), element, RunTimeSize(element_size_bytes_));
  // The element is there when the position moves, also for the compiler. SYNC: pending()
  header_->write_position.store(position + 1, std::memory_order_release);
  lock.unlock();
  header_->pushed.notifyOne();
  return 0;
}

/// Not empty.
int MutexRing::popUnder(RobustLock& lock, std::uint64_t filled_slots, void* element) noexcept {
  if (filled_slots > capacity_) [[unlikely]]
    return fail(Errc::OperationFailed);
  // relaxed: as in pushUnder().
  const std::uint64_t position = header_->read_position.load(std::memory_order_relaxed);
  copyElement(element, slot(position), RunTimeSize(element_size_bytes_));
  header_->read_position.store(position + 1, std::memory_order_release);  // SYNC: pending()
  lock.unlock();
  header_->popped.notifyOne();
  return 0;
}

/// Under the mutex. More than the capacity when the positions cannot be true.
std::uint64_t MutexRing::filled() const noexcept {
  // relaxed: the mutex orders them.
  return header_->write_position.load(std::memory_order_relaxed) -
         header_->read_position.load(std::memory_order_relaxed);
}

/// Inside of the slots whatever the position is.
std::byte* MutexRing::slot(std::uint64_t position) const noexcept {
  return slots_ + position % capacity_ * slot_stride_;
}

}  // namespace ringside
