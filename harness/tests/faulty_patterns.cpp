#include "faulty_patterns.hpp"

#include <atomic>
#include <cstring>
#include <new>
#include <vector>

#include "harness/duplex_channel.hpp"
#include "harness/verify/snapshot.hpp"
#include "ringside/shared_object.hpp"

namespace ringside::harness {
namespace {

constexpr std::uint64_t kEvery = 20;  ///< operations between two faults

enum class InPlaceFault { None, Tear, Misplace, Lose, Repeat };

/// One producer, one consumer; an element is written and read where it lies.
template <InPlaceFault kFault>
struct InPlaceRing {
  static constexpr std::uint64_t kLineBytes = 64;

  struct Shared {
    alignas(64) std::atomic<std::uint64_t> written;
    alignas(64) std::atomic<std::uint64_t> read;
    alignas(64) std::byte elements[64];
  };

  static QueueLimits limits() { return {}; }
  static std::uint64_t bytesNeeded(const QueueShape& shape) {
    return sizeof(Shared) + shape.capacity * shape.element_size_bytes + kLineBytes;
  }
  static void create(const Place& place, const QueueShape&) { new (place.memory.data()) Shared; }

  class Side {
   public:
    Side(const Place& place, const QueueShape& shape)
        : shared_(reinterpret_cast<Shared*>(place.memory.data())), shape_(shape) {}

    void* tryClaim() noexcept {
      const std::uint64_t written = shared_->written.load(std::memory_order_relaxed);
      if (written - shared_->read.load(std::memory_order_acquire) == shape_.capacity) {
        return nullptr;
      }
      return slot(written);
    }
    void commit() noexcept {
      shared_->written.store(shared_->written.load() + 1, std::memory_order_release);
    }
    const void* tryTake() noexcept {
      const std::uint64_t read = shared_->read.load(std::memory_order_relaxed);
      if (read == shared_->written.load(std::memory_order_acquire)) return nullptr;
      const bool faulty = ++operations_ % kEvery == 0;
      if (kFault == InPlaceFault::Lose && faulty) {
        release();
        return tryTake();
      }
      std::byte* const place = slot(read);
      if (kFault == InPlaceFault::Tear && faulty) std::memset(place + kLineBytes, 0x5a, 8);
      repeats_ = kFault == InPlaceFault::Repeat && faulty;
      return kFault == InPlaceFault::Misplace && faulty ? place + kLineBytes : place;
    }
    void release() noexcept {
      if (repeats_) return;
      shared_->read.store(shared_->read.load() + 1, std::memory_order_release);
    }
    bool tryPush(const void* element) noexcept {
      void* const place = tryClaim();
      if (place == nullptr) return false;
      std::memcpy(place, element, shape_.element_size_bytes);
      commit();
      return true;
    }
    bool tryPop(void* element) noexcept {
      const void* const place = tryTake();
      if (place == nullptr) return false;
      std::memcpy(element, place, shape_.element_size_bytes);
      release();
      return true;
    }

   private:
    std::byte* slot(std::uint64_t position) const noexcept {
      return shared_->elements + position % shape_.capacity * shape_.element_size_bytes;
    }

    Shared* shared_;
    QueueShape shape_;
    std::uint64_t operations_ = 0;
    bool repeats_ = false;
  };
  using Producer = Side;
  using Consumer = Side;
};

RINGSIDE_QUEUE(faulty_in_place_tearing, InPlaceRing<InPlaceFault::Tear>, "test only");
RINGSIDE_QUEUE(faulty_in_place_misplacing, InPlaceRing<InPlaceFault::Misplace>, "test only");
RINGSIDE_QUEUE(faulty_in_place_losing, InPlaceRing<InPlaceFault::Lose>, "test only");
RINGSIDE_QUEUE(faulty_in_place_repeating, InPlaceRing<InPlaceFault::Repeat>, "test only");
RINGSIDE_QUEUE(faulty_in_place_not, InPlaceRing<InPlaceFault::None>, "test only");

/// Every message comes back to its sender.
struct EchoingChannel {
  static QueueLimits limits() { return {}; }
  static std::uint64_t bytesNeeded(const QueueShape&) { return kPageBytes; }
  static void create(const Place&, const QueueShape&) {}

  class End {
   public:
    End(ChannelSide, const Place&, const QueueShape& shape) : message_(shape.element_size_bytes) {}
    bool tryPush(const void* element) noexcept {
      if (full_) return false;
      std::memcpy(message_.data(), element, message_.size());
      return full_ = true;
    }
    bool tryPop(void* element) noexcept {
      if (!full_) return false;
      std::memcpy(element, message_.data(), message_.size());
      full_ = false;
      return true;
    }

   private:
    std::vector<std::byte> message_;
    bool full_ = false;
  };
};

RINGSIDE_DUPLEX(faulty_channel_echoing, EchoingChannel, "test only");

enum class SnapshotFault { None, Tear, Old, Deaf };

/// A DoubleBuffer that is read or written in a wrong way.
template <class Value, SnapshotFault kFault>
class FaultySnapshot {
 public:
  FaultySnapshot(const std::string& name, const MemoryOptions& memory) : object_(name, memory) {}

  bool write(const Value& value) {
    const bool deaf = kFault == SnapshotFault::Deaf && ++operations_ > kEvery;
    return deaf || object_->write(value) == 0;
  }
  bool read(Versioned<Value>& into) {
    if (object_->read(into) != 0) return false;
    const bool faulty = ++operations_ % kEvery == 0;
    if (kFault == SnapshotFault::Tear && faulty) into.value.words.back() += 2;
    if (kFault == SnapshotFault::Old && faulty) into = old_;
    if (operations_ % kEvery == 1) old_ = into;
    return true;
  }

 private:
  SharedObject<DoubleBuffer<Value>> object_;
  std::uint64_t operations_ = 0;
  Versioned<Value> old_{};
};

template <class Value>
using TearingSnapshot = FaultySnapshot<Value, SnapshotFault::Tear>;
template <class Value>
using OldSnapshot = FaultySnapshot<Value, SnapshotFault::Old>;
template <class Value>
using DeafSnapshot = FaultySnapshot<Value, SnapshotFault::Deaf>;
template <class Value>
using SoundSnapshot = FaultySnapshot<Value, SnapshotFault::None>;

// For measuring only: `ringside verify` has faulty ones of its own.
[[maybe_unused]] const bool kEntered[] = {
    enterPattern(makeMeasuredSnapshot<TearingSnapshot>(kTearingSnapshot, "test only")),
    enterPattern(makeMeasuredSnapshot<OldSnapshot>(kOldSnapshot, "test only")),
    enterPattern(makeMeasuredSnapshot<DeafSnapshot>(kDeafSnapshot, "test only")),
    enterPattern(makeMeasuredSnapshot<SoundSnapshot>(kSoundSnapshot, "test only")),
};

}  // namespace
}  // namespace ringside::harness
