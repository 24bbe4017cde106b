#include "guarded_ring.hpp"

#include <sanitizer/asan_interface.h>
#include <sys/mman.h>

#include <cstring>

#include "ringside/error.hpp"

namespace ringside {
namespace {

constexpr std::size_t kGuardBytes = 16 * kPageBytes;
constexpr std::size_t kDeadEntry = kMaxParticipants - 1;

void poison(const std::byte* begin, const std::byte* end) {
  ASAN_POISON_MEMORY_REGION(begin, static_cast<std::size_t>(end - begin));
}

}  // namespace

GuardedRing::GuardedRing(const Geometry& geometry)
    : geometry_(geometry),
      segment_(RingSegment::in<MemfdMem>(geometry, {.huge_pages = HugePages::Never})),
      memory_(guardedCopy(segment_.memory().descriptor())),
      view_(memory_, geometry),
      probe_(segment_.memory().descriptor()) {
  // Who attaches as a producer may well consume: the lock of the entry is what counts. An SPSC
  // ring, where nothing is announced, has but one.
  const std::size_t count = geometry.policy == PolicyKind::Spsc ? 1 : kLiving;
  const auto* const mapped = reinterpret_cast<const Participant*>(
      static_cast<const std::byte*>(segment_.memory().get()) + kParticipantsOffset);
  for (std::size_t i = 0; i < count; ++i) {
    const std::atomic<std::uint64_t>* const intent = segment_.attach(Role::Producer).intent;
    std::size_t entry = 0;
    while (&mapped[entry].intent != intent) ++entry;
    entries_.push_back(entry);
  }
  pristine_.assign(memory_ + kProducerPageOffset, memory_ + geometry_.total_bytes);
  if (::mprotect(memory_, kPageBytes, PROT_NONE) != 0) throwErrno("cannot protect the header");
  poisonGaps();
}

/// The memory once more, where there is nothing around it.
std::byte* GuardedRing::guardedCopy(int descriptor) {
  void* const place = ::mmap(nullptr, geometry_.total_bytes + 2 * kGuardBytes, PROT_NONE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (place == MAP_FAILED) throwErrno("cannot reserve addresses");
  void* const copy = ::mmap(static_cast<std::byte*>(place) + kGuardBytes, geometry_.total_bytes,
                            PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, descriptor, 0);
  if (copy == MAP_FAILED) throwErrno("cannot map the ring");
  return static_cast<std::byte*>(copy);
}

void GuardedRing::poisonGaps() {
  poison(memory_ + kProducerPageOffset + sizeof(ProducerPage), memory_ + kConsumerPageOffset);
  poison(memory_ + kConsumerPageOffset + sizeof(ConsumerPage), memory_ + kSharedPageOffset);
  poison(memory_ + kSharedPageOffset + sizeof(SharedPage), memory_ + kParticipantsOffset);
  poison(view_.slots + geometry_.slot_count * geometry_.slot_stride,
         memory_ + geometry_.total_bytes);
}

Attachment GuardedRing::attachmentAt(std::size_t entry) {
  Participant& participant = view_.participants[entry];
  participant.intent.store(0, std::memory_order_relaxed);  // one thread
  return {&participant.intent, probe_};
}

Attachment GuardedRing::living(std::size_t which) {
  return attachmentAt(entries_[which % entries_.size()]);
}

Attachment GuardedRing::dead() { return attachmentAt(kDeadEntry); }

void GuardedRing::restore() {
  const auto copy = [&](std::size_t from, std::size_t bytes) {
    std::memcpy(memory_ + from, pristine_.data() + (from - kProducerPageOffset), bytes);
  };
  copy(kProducerPageOffset, sizeof(ProducerPage));
  copy(kConsumerPageOffset, sizeof(ConsumerPage));
  copy(kSharedPageOffset, sizeof(SharedPage));
  copy(kParticipantsOffset, kMaxParticipants * sizeof(Participant));
  copy(geometry_.slots_offset, geometry_.slot_count * geometry_.slot_stride);
}

}  // namespace ringside
