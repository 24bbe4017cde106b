// What lies in the memory of a ring, byte by byte (layouts 2 and 3), and where its parts are in
// this process. Nothing here is trusted before it is checked: positions and sizes used on the fast
// path live in the process, never in the segment.
//
//   page 0   SegmentHeader      written once, then read-only
//   page 1   ProducerPage       write position; where consumers sleep
//   page 2   ConsumerPage       read position; where producers sleep
//   page 3   SharedPage         state, what was repaired
//   page 4…  Participant[128]   who is attached
//   …        slots
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "ringside/wait.hpp"

namespace ringside {

enum class PolicyKind : std::uint32_t { Spsc = 1, Mpsc = 2, Mpmc = 3 };

/// What becomes of an element that an MPMC consumer had taken when it died: it is dropped, and
/// counted; or another consumer gets it, flagged, out of order, and perhaps for the second time. On
/// SPSC and MPSC an element that was not given back is the next consumer's first.
enum class Delivery : std::uint32_t { AtMostOnce = 0, AtLeastOnce = 1 };

/// What an SPSC ring is made fast for. It decides how small slots are laid out, so all who open a
/// ring must ask for tunings of one layout: latency and adaptive agree at every element size, and
/// all three from kCacheLineBytes up. MPSC and MPMC are the same in all of them.
enum class Tuning : std::uint32_t {
  Adaptive = 0,   ///< near the best of both others: words in small slots, and prefetch for write
  RoundTrip = 1,  ///< round trips: words in small slots, no line asked for ahead of its use
  Throughput = 2  ///< streams: packed slots without words, and prefetch for write
};

constexpr std::uint64_t kMaxElementSizeBytes = 16ULL << 20;
constexpr std::uint64_t kMaxCapacity = 1ULL << 26;
constexpr std::uint64_t kMaxSegmentBytes = 1ULL << 40;
constexpr std::uint64_t kDefaultElementSizeBytes = 1472;
constexpr std::uint64_t kDefaultCapacity = 144;
constexpr std::uint32_t kMaxParticipants = 128;
constexpr std::size_t kCacheLineBytes = 64;
constexpr std::size_t kPageBytes = 4096;

/// Sizes and offsets of a ring, all computed from the first five; nobody reads them from a
/// segment, they are only compared with what stands there.
struct Geometry {
  PolicyKind policy = PolicyKind::Spsc;
  std::uint64_t element_size_bytes = 0;  ///< 1 … kMaxElementSizeBytes
  std::uint64_t capacity = 0;            ///< 1 … kMaxCapacity, exact
  Delivery delivery = Delivery::AtMostOnce;
  Tuning tuning = Tuning::Adaptive;
  bool has_words = false;        ///< each slot begins with a word that says what is in it
  std::uint64_t slot_count = 0;  ///< SPSC: capacity; else the next power of two
  std::uint64_t slot_stride = 0;
  std::uint64_t payload_offset = 0;  ///< of the element in its slot
  std::uint64_t slots_offset = 0;
  std::uint64_t total_bytes = 0;
};

/// Throws std::system_error with InvalidParam, naming the value and what is allowed.
Geometry makeGeometry(PolicyKind policy, std::uint64_t element_size_bytes, std::uint64_t capacity,
                      Delivery delivery = Delivery::AtMostOnce, Tuning tuning = Tuning::Adaptive);

struct SegmentHeader {
  char magic[8];
  std::uint32_t endian;
  std::uint32_t header_bytes;
  std::uint32_t version_major;
  std::uint32_t version_minor;
  std::uint32_t abi;     ///< pointer size, atomic size, cache line, page: they must agree
  std::uint32_t policy;  ///< from the low byte up: PolicyKind, layout, Delivery
  std::uint64_t total_bytes;
  std::uint64_t element_size_bytes;
  std::uint64_t slot_stride;
  std::uint64_t capacity;
  std::uint32_t max_participants;
  std::uint32_t participant_stride;
  std::uint64_t control_offset;
  std::uint64_t participants_offset;
  std::uint64_t slots_offset;
  std::uint64_t features_required;
  std::uint64_t features_optional;
  std::uint8_t uuid[16];  ///< random; names this generation of the segment
  std::uint64_t created_realtime_ns;
  std::uint64_t creator_pid;
  std::uint64_t slot_count;
  std::uint64_t payload_offset;
  std::uint8_t reserved[88];
  std::uint32_t crc32c;  ///< of the bytes before it
  std::uint32_t padding;
};
static_assert(sizeof(SegmentHeader) == 256, "another size breaks every segment that exists");
static_assert(offsetof(SegmentHeader, crc32c) == 248, "the checksum covers bytes 0 to 247");

struct ProducerPage {
  alignas(kCacheLineBytes) std::atomic<std::uint64_t> write_position;
  alignas(kCacheLineBytes) WaitPoint published;  ///< consumers sleep here
};

struct ConsumerPage {
  alignas(kCacheLineBytes) std::atomic<std::uint64_t> read_position;
  alignas(kCacheLineBytes) WaitPoint released;  ///< producers sleep here
};

/// What was found in a segment that no ring writes there. Nobody can say which elements are good
/// after that: the ring is poisoned, and every side that notices gives up.
enum class Damage : std::uint32_t {
  None = 0,
  Positions = 1,      ///< more lies between the read and the write position than the ring holds
  SlotWord = 2,       ///< a slot's word belongs to no position that it may stand for now
  WritePosition = 3,  ///< it is not where the only producer left it
  ReadPosition = 4,   ///< it is not where the only consumer left it
  State = 5,          ///< this word itself was overwritten
  Truncated = 6       ///< the file behind it was cut off: see truncation_guard.hpp
};

struct SharedPage {
  alignas(kCacheLineBytes) std::atomic<std::uint64_t> state;  ///< Damage
  std::atomic<std::uint64_t> damaged_position;                ///< where, for people
  std::atomic<std::uint64_t> damaged_word;                    ///< what stood there, for people
  alignas(kCacheLineBytes) std::atomic<std::uint64_t> abandoned;
  std::atomic<std::uint64_t> drops;
  std::atomic<std::uint64_t> redelivered;
};

/// What repairs have done to a ring since it was made. A repairer killed in the middle may leave
/// its last one uncounted.
struct RepairCounts {
  std::uint64_t abandoned = 0;    ///< slots whose producer died before it had published
  std::uint64_t drops = 0;        ///< elements taken by a consumer that died (at most once)
  std::uint64_t redelivered = 0;  ///< such elements given to another consumer (at least once)
};

enum class ParticipantState : std::uint32_t { Free = 0, Live = 1 };

/// One attachment. Alive as long as the kernel holds its lock byte; the rest is for people.
struct Participant {
  alignas(kCacheLineBytes) std::atomic<std::uint32_t> state;
  std::atomic<std::uint32_t> generation;
  std::uint32_t pid;
  std::uint32_t roles;
  alignas(kCacheLineBytes) std::atomic<std::uint64_t> intent;
};
static_assert(sizeof(Participant) == 128, "two lines: the intent must not share its line");
static_assert(kPageBytes % sizeof(Participant) == 0 &&
                  offsetof(Participant, intent) == kCacheLineBytes &&
                  offsetof(ProducerPage, write_position) == 0 &&
                  offsetof(ConsumerPage, read_position) == 0,
              "an intent as far into its page as the positions are into theirs would alias them "
              "(4 KiB aliasing): the compare-and-swap after its store takes 40 ns longer");

constexpr std::uint64_t kProducerPageOffset = kPageBytes;
constexpr std::uint64_t kConsumerPageOffset = 2 * kPageBytes;
constexpr std::uint64_t kSharedPageOffset = 3 * kPageBytes;
constexpr std::uint64_t kParticipantsOffset = 4 * kPageBytes;

static_assert(sizeof(void*) == 8, "positions, offsets and lock bytes need 64 bits");
static_assert(std::atomic<std::uint64_t>::is_always_lock_free &&
                  std::atomic<std::uint32_t>::is_always_lock_free,
              "a lock inside an atomic would be private to one process");
static_assert(offsetof(ProducerPage, published) == kCacheLineBytes &&
                  offsetof(ConsumerPage, released) == kCacheLineBytes,
              "what one side writes would share a line with what the other reads");
static_assert(sizeof(ProducerPage) <= kPageBytes && sizeof(ConsumerPage) <= kPageBytes &&
                  sizeof(SharedPage) <= kPageBytes,
              "producers and consumers would write into one page");

/// Writes header, control words and slots of a new ring into zeroed memory of total_bytes.
void initialiseSegment(void* address, const Geometry& geometry);

/// Compares a header that was read with what this geometry must look like. Throws
/// std::system_error with InvalidParam that says which field differs and how.
void checkHeader(const SegmentHeader& header, const Geometry& expected);

/// What the checksum of a header must be (CRC-32C).
std::uint32_t headerChecksum(const SegmentHeader& header);

/// What ring a header belongs to, whatever is expected: nothing when it is of none that this
/// version of the library can open, or damaged. Its tuning is one that has this layout.
std::optional<Geometry> geometryOf(const SegmentHeader& header);

/// Where the parts of one ring are in this process, from a checked geometry alone.
struct RingView {
  ProducerPage* producer_page = nullptr;
  ConsumerPage* consumer_page = nullptr;
  SharedPage* shared_page = nullptr;
  Participant* participants = nullptr;
  std::byte* slots = nullptr;
  const std::atomic<bool>* truncated = nullptr;  ///< of the memory; nullptr is never
  Geometry geometry;

  RingView() = default;
  RingView(void* address, const Geometry& checked);

  /// Filled slots at one instant, 0..capacity; exact only while nobody else acts and no claim is
  /// out. On MPSC and MPMC a claimed slot counts as filled; on MPMC a taken one no longer does,
  /// though it has no room yet. On SPSC the slots of a push that a dead producer did not end count
  /// until the next one attaches.
  std::uint64_t pending() const noexcept {
    // The read position first: both only grow, so the difference cannot be negative.
    const std::uint64_t read = consumer_page->read_position.load(std::memory_order_acquire);
    const std::uint64_t written = producer_page->write_position.load(std::memory_order_acquire);
    const std::uint64_t pending = written - read;
    return pending < geometry.capacity ? pending : geometry.capacity;
  }
  /// Free slots at one instant, 0..capacity; exact only while nobody else acts.
  std::uint64_t available() const noexcept { return geometry.capacity - pending(); }

  RepairCounts repairCounts() const noexcept;
  Damage damage() const noexcept;
  /// What was found and where, in a sentence; empty when nothing was.
  std::string describeDamage() const;
};

/// Slots taken in one go: [position, position + count). Nothing was taken when count is 0.
struct Claim {
  std::uint64_t position = 0;
  std::uint64_t count = 0;
};

}  // namespace ringside
