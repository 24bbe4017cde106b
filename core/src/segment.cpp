#include "ringside/segment.hpp"

#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <string>

#include "kernel_facts.hpp"
#include "ringside/error.hpp"
#include "ringside/sequenced_slots.hpp"

namespace ringside {
namespace {

constexpr char kMagic[8] = {'S', 'H', 'M', 'R', 'I', 'N', 'G', '\x1a'};
constexpr std::uint32_t kEndian = 0x01020304;
constexpr std::uint32_t kVersionMajor = 1;
constexpr std::uint32_t kLayout = 2;           // 1: without intents
constexpr std::uint32_t kLayoutWithWords = 3;  // SPSC with words in its slots
constexpr std::uint32_t kAbi = (sizeof(void*) << 24) | (sizeof(std::atomic<std::uint64_t>) << 16) |
                               (kCacheLineBytes << 8) | std::countr_zero(kPageBytes);

/// CRC-32C, Castagnoli polynomial reflected (RFC 3720, B.4), bit by bit: it runs once an open.
std::uint32_t crc32c(const void* data, std::size_t size) {
  std::uint32_t crc = 0xffffffffU;
  const auto* bytes = static_cast<const unsigned char*>(data);
  for (std::size_t i = 0; i < size; ++i) {
    crc ^= bytes[i];
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78U : 0U);
  }
  return ~crc;
}

void requireInRange(const char* what, std::uint64_t value, std::uint64_t highest) {
  if (value >= 1 && value <= highest) return;
  throwError(Errc::InvalidParam, std::string(what) + " is " + std::to_string(value) +
                                     "; it must be 1 to " + std::to_string(highest));
}

void requireEqual(const char* what, std::uint64_t seen, std::uint64_t expected) {
  if (seen == expected) return;
  throwError(Errc::InvalidParam, std::string("the segment has ") + what + " " +
                                     std::to_string(seen) + ", not " + std::to_string(expected));
}

std::uint64_t roundTo(std::uint64_t size, std::uint64_t step) {
  return (size + step - 1) / step * step;
}

/// Two small slots a line and not four: 1.1 to 1.2 times the throughput at 8 bytes (two cores with
/// a common third-level cache), for fewer hand-offs of a line that both sides are at.
constexpr std::uint64_t kMinSequencedStride = 32;

/// Slots of small elements are packed; from one cache line up an element begins on a line, so that
/// it can be used in place and touches no line of its neighbour. A smaller one begins at a multiple
/// of the largest power of two that divides its size: no type of that size needs more.
///
/// A word in a slot of SPSC brings the element along with the news of it, in one line where the
/// positions take two: two thirds of the round trip at 8 bytes. From one line up the element is in
/// a line of its own either way, and the word only costs.
void layOutSlot(Geometry& geometry) {
  const std::uint64_t size = geometry.element_size_bytes;
  const bool small = size < kCacheLineBytes;
  const bool single = geometry.policy == PolicyKind::Spsc;
  geometry.has_words = !single || (small && geometry.tuning != Tuning::Throughput);
  geometry.slot_count = single ? geometry.capacity : std::bit_ceil(geometry.capacity);
  if (!geometry.has_words) {
    geometry.payload_offset = 0;
    geometry.slot_stride = roundTo(size, small ? sizeof(std::uint64_t) : kCacheLineBytes);
    return;
  }
  const std::uint64_t alignment = size & (~size + 1);
  geometry.payload_offset =
      small ? std::max<std::uint64_t>(alignment, sizeof(SlotWord)) : kCacheLineBytes;
  const std::uint64_t bytes = geometry.payload_offset + size;
  const std::uint64_t least = single ? 2 * sizeof(SlotWord) : kMinSequencedStride;
  geometry.slot_stride = bytes <= kCacheLineBytes ? std::max(std::bit_ceil(bytes), least)
                                                  : roundTo(bytes, kCacheLineBytes);
}

std::uint32_t layoutOf(const Geometry& geometry) {
  return geometry.policy == PolicyKind::Spsc && geometry.has_words ? kLayoutWithWords : kLayout;
}

std::uint32_t layoutOf(const SegmentHeader& header) { return header.policy >> 8 & 0xff; }

SegmentHeader makeHeader(const Geometry& geometry) {
  SegmentHeader header = {};
  std::memcpy(header.magic, kMagic, sizeof kMagic);
  header.endian = kEndian;
  header.header_bytes = sizeof(SegmentHeader);
  header.version_major = kVersionMajor;
  header.abi = kAbi;
  header.policy = static_cast<std::uint32_t>(geometry.policy) | (layoutOf(geometry) << 8) |
                  (static_cast<std::uint32_t>(geometry.delivery) << 16);
  header.total_bytes = geometry.total_bytes;
  header.element_size_bytes = geometry.element_size_bytes;
  header.slot_stride = geometry.slot_stride;
  header.capacity = geometry.capacity;
  header.max_participants = kMaxParticipants;
  header.participant_stride = sizeof(Participant);
  header.control_offset = kProducerPageOffset;
  header.participants_offset = kParticipantsOffset;
  header.slots_offset = geometry.slots_offset;
  header.slot_count = geometry.slot_count;
  header.payload_offset = geometry.payload_offset;
  return header;
}

}  // namespace

Geometry makeGeometry(PolicyKind policy, std::uint64_t element_size_bytes, std::uint64_t capacity,
                      Delivery delivery, Tuning tuning) {
  requireInRange("element size", element_size_bytes, kMaxElementSizeBytes);
  requireInRange("capacity", capacity, kMaxCapacity);
  Geometry geometry{.policy = policy,
                    .element_size_bytes = element_size_bytes,
                    .capacity = capacity,
                    .delivery = delivery,
                    .tuning = tuning};
  layOutSlot(geometry);
  geometry.slots_offset = kParticipantsOffset + kMaxParticipants * sizeof(Participant);
  // At most 2^26 slots of 2^24 + 128 bytes: no overflow before the check.
  const std::uint64_t bytes = geometry.slots_offset + geometry.slot_count * geometry.slot_stride;
  requireInRange("segment size in bytes", bytes, kMaxSegmentBytes);
  geometry.total_bytes = roundUp(bytes, std::max(kPageBytes, basePageBytes()));
  return geometry;
}

void initialiseSegment(void* address, const Geometry& geometry) {
  RingView view(address, geometry);
  if (geometry.policy != PolicyKind::Spsc) {  // there all zero is of no position that is awaited
    const SequencedSlots slots(view);
    for (std::uint64_t i = 0; i < slots.count(); ++i) new (&slots.word(i)) SlotWord(freeWord(i));
  }
  SegmentHeader header = makeHeader(geometry);
  if (::getrandom(header.uuid, sizeof header.uuid, 0) != sizeof header.uuid) {
    throwErrno("no random bytes for the segment's id");
  }
  ::timespec now = {};
  ::clock_gettime(CLOCK_REALTIME, &now);
  header.created_realtime_ns = static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 +
                               static_cast<std::uint64_t>(now.tv_nsec);
  header.creator_pid = static_cast<std::uint64_t>(::getpid());
  header.crc32c = headerChecksum(header);
  std::memcpy(address, &header, sizeof header);
}

std::uint32_t headerChecksum(const SegmentHeader& header) {
  return crc32c(&header, offsetof(SegmentHeader, crc32c));
}

void checkHeader(const SegmentHeader& header, const Geometry& geometry) {
  if (std::memcmp(header.magic, kMagic, sizeof kMagic) != 0) {
    throwError(Errc::InvalidParam, "this is not a ring segment: its magic is missing");
  }
  const SegmentHeader expected = makeHeader(geometry);
  requireEqual("byte order mark", header.endian, expected.endian);
  requireEqual("layout version", header.version_major, expected.version_major);
  requireEqual("ABI", header.abi, expected.abi);
  requireEqual("header checksum", header.crc32c, headerChecksum(header));
  requireEqual("header size", header.header_bytes, expected.header_bytes);
  requireEqual("required features", header.features_required, 0);
  requireEqual("slot layout (2 without words, 3 with: the tuning decides)", layoutOf(header),
               layoutOf(expected));
  requireEqual("policy (and delivery)", header.policy, expected.policy);
  requireEqual("element size", header.element_size_bytes, expected.element_size_bytes);
  requireEqual("capacity", header.capacity, expected.capacity);
  requireEqual("slot count", header.slot_count, expected.slot_count);
  requireEqual("slot stride", header.slot_stride, expected.slot_stride);
  requireEqual("payload offset", header.payload_offset, expected.payload_offset);
  requireEqual("participant limit", header.max_participants, expected.max_participants);
  requireEqual("participant stride", header.participant_stride, expected.participant_stride);
  requireEqual("control offset", header.control_offset, expected.control_offset);
  requireEqual("participants offset", header.participants_offset, expected.participants_offset);
  requireEqual("slots offset", header.slots_offset, expected.slots_offset);
  requireEqual("total size", header.total_bytes, expected.total_bytes);
}

std::optional<Geometry> geometryOf(const SegmentHeader& header) {
  const auto policy = static_cast<PolicyKind>(header.policy & 0xff);
  const auto delivery = static_cast<Delivery>(header.policy >> 16 & 0xff);
  const Tuning tuning =
      layoutOf(header) == kLayoutWithWords ? Tuning::Adaptive : Tuning::Throughput;
  if (std::memcmp(header.magic, kMagic, sizeof kMagic) != 0) return std::nullopt;
  if (policy < PolicyKind::Spsc || policy > PolicyKind::Mpmc) return std::nullopt;
  if (delivery > Delivery::AtLeastOnce) return std::nullopt;
  try {
    const Geometry claimed =
        makeGeometry(policy, header.element_size_bytes, header.capacity, delivery, tuning);
    checkHeader(header, claimed);
    return claimed;
  } catch (const std::system_error&) {
    return std::nullopt;
  }
}

RingView::RingView(void* address, const Geometry& checked) : geometry(checked) {
  auto* const base = static_cast<std::byte*>(address);
  producer_page = reinterpret_cast<ProducerPage*>(base + kProducerPageOffset);
  consumer_page = reinterpret_cast<ConsumerPage*>(base + kConsumerPageOffset);
  shared_page = reinterpret_cast<SharedPage*>(base + kSharedPageOffset);
  participants = reinterpret_cast<Participant*>(base + kParticipantsOffset);
  slots = base + geometry.slots_offset;
}

RepairCounts RingView::repairCounts() const noexcept {
  // relaxed: counts, of which each stands for itself.
  return {shared_page->abandoned.load(std::memory_order_relaxed),
          shared_page->drops.load(std::memory_order_relaxed),
          shared_page->redelivered.load(std::memory_order_relaxed)};
}

Damage RingView::damage() const noexcept {
  // SYNC: the handler in truncation_guard.cpp.
  if (truncated != nullptr && truncated->load(std::memory_order_acquire)) return Damage::Truncated;
  // SYNC: Repair::poison(). A peer may have written anything here: that too is damage.
  const std::uint64_t state = shared_page->state.load(std::memory_order_acquire);
  const bool known = state <= static_cast<std::uint64_t>(Damage::ReadPosition);  // not Truncated
  return known ? static_cast<Damage>(state) : Damage::State;
}

std::string RingView::describeDamage() const {
  const Damage kind = damage();
  if (kind == Damage::None) return "";
  // relaxed: after the state.
  const auto position =
      std::to_string(shared_page->damaged_position.load(std::memory_order_relaxed));
  const auto word = std::to_string(shared_page->damaged_word.load(std::memory_order_relaxed));
  switch (kind) {
    case Damage::Positions:
      return "the ring is damaged: its read position is " + position + " and its write position " +
             word + ", more than a capacity of " + std::to_string(geometry.capacity) + " apart";
    case Damage::SlotWord:
      return "the ring is damaged: the slot of position " + position + " has the word " + word +
             ", which no participant writes there";
    case Damage::WritePosition:
      return "the ring is damaged: its write position is " + word +
             ", and its producer left it at " + position;
    case Damage::ReadPosition:
      return "the ring is damaged: its read position is " + word +
             ", and its consumer left it at " + position;
    case Damage::Truncated:
      return "the ring is damaged: somebody has cut off the file that it lies in";
    default:
      return "the ring is damaged: its state was overwritten";
  }
}

}  // namespace ringside
