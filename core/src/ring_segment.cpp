#include "ringside/ring_segment.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

#include "lock_file.hpp"

namespace ringside {
namespace {

bool isExclusive(PolicyKind policy, Role role) {
  return policy == PolicyKind::Spsc || (policy == PolicyKind::Mpsc && role == Role::Consumer);
}

void inspectHeader(std::span<const std::byte> beginning, const Geometry& expected) {
  SegmentHeader header = {};
  if (beginning.size() < sizeof header) {
    throwError(Errc::InvalidParam, "this is not a ring segment: it is shorter than a header");
  }
  std::memcpy(&header, beginning.data(), sizeof header);
  checkHeader(header, expected);
}

}  // namespace

void RingSegment::requireWritable(const MemoryOptions& options) {
  if (options.access == Access::ReadWrite) return;
  throwError(Errc::InvalidParam, "a ring's memory must be shared, for reading and writing");
}

Contents RingSegment::contentsFor(const Geometry& geometry) {
  return {[geometry](void* address, std::size_t) { initialiseSegment(address, geometry); },
          [geometry](std::span<const std::byte> beginning, std::size_t) {
            inspectHeader(beginning, geometry);
          }};
}

RingSegment::RingSegment(Mapping memory, const Geometry& geometry, HugePages asked)
    : memory_(std::move(memory)), view_(memory_.get(), geometry), owner_(::getpid()) {
  if (memory_.descriptor() >= 0) protectHeader(asked);
}

/// The header never changes again. Where it is not on a page of its own (huge or larger pages) the
/// geometry checked before protects alone.
void RingSegment::protectHeader(HugePages asked) {
  if (static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)) != kPageBytes) return;
  // Where none were asked for, the kernel need not be: it refuses to protect a part of a huge page.
  const bool base_pages = asked == HugePages::Never || memory_.pageSize() == kPageBytes;
  if (base_pages) ::mprotect(memory_.get(), kPageBytes, PROT_READ);
}

RingSegment::RingSegment(RingSegment&& other) noexcept
    : memory_(std::move(other.memory_)),
      view_(other.view_),
      locks_(std::exchange(other.locks_, -1)),
      participant_(std::exchange(other.participant_, -1)),
      owner_(other.owner_) {}

RingSegment& RingSegment::operator=(RingSegment&& other) noexcept {
  if (this != &other) {
    detach();
    closeLocks();
    memory_ = std::move(other.memory_);
    view_ = other.view_;
    locks_ = std::exchange(other.locks_, -1);
    participant_ = std::exchange(other.participant_, -1);
    owner_ = other.owner_;
  }
  return *this;
}

RingSegment::~RingSegment() {
  detach();
  closeLocks();
}

void RingSegment::openLocks() {
  try {
    locks_ = openAgain(memory_.descriptor(), O_RDWR).release();
  } catch (const std::system_error&) {  // no /proc: then a child that lives keeps the locks
    locks_ = ::fcntl(memory_.descriptor(), F_DUPFD_CLOEXEC, 0);
    if (locks_ < 0) throwErrno("cannot open the segment's file for its locks");
  }
  keepFromChildren(locks_);
}

void RingSegment::closeLocks() noexcept {
  if (locks_ < 0) return;
  forgetDescriptor(locks_);
  ::close(std::exchange(locks_, -1));
}

void RingSegment::attach(Role role) {
  if (memory_.descriptor() < 0) return;
  if (owner_ != ::getpid()) {
    closeLocks();  // in a forked child, they may be the parent's
    participant_ = -1;
    owner_ = ::getpid();
  }
  if (locks_ < 0) openLocks();
  const LifecycleLock lock(locks_);
  const bool exclusive = isExclusive(view_.geometry.policy, role);
  const ::off_t byte = role == Role::Producer ? kProducerRoleLock : kConsumerRoleLock;
  if (exclusive && !tryLock(locks_, byte)) {
    throwError(Errc::InUse, role == Role::Producer
                                ? "the ring has a living producer and takes only one"
                                : "the ring has a living consumer and takes only one");
  }
  try {
    registerParticipant(role);
  } catch (...) {
    if (exclusive) unlock(locks_, byte);
    throw;
  }
}

/// Under the lifecycle lock. An entry whose lock is free belongs to nobody alive.
void RingSegment::registerParticipant(Role role) {
  const auto role_bit = static_cast<std::uint32_t>(role);
  if (participant_ >= 0) {
    view_.participants[participant_].roles |= role_bit;
    return;
  }
  for (int entry = 0; entry < static_cast<int>(kMaxParticipants); ++entry) {
    if (!tryLock(locks_, kFirstParticipantLock + entry)) continue;
    Participant& participant = view_.participants[entry];
    participant.generation.fetch_add(1, std::memory_order_relaxed);  // under the lifecycle lock
    participant.intent.store(0, std::memory_order_relaxed);
    participant.pid = static_cast<std::uint32_t>(::getpid());
    participant.roles = role_bit;
    participant.state.store(static_cast<std::uint32_t>(ParticipantState::Live),
                            std::memory_order_release);  // SYNC: who lists the participants
    participant_ = entry;
    return;
  }
  throwError(Errc::OutOfMemory, "the ring has " + std::to_string(kMaxParticipants) +
                                    " living participants, its limit");
}

void RingSegment::detach() noexcept {
  // A forked child has a copy of this object, but not of the attachment.
  if (participant_ < 0 || owner_ != ::getpid()) return;
  view_.participants[participant_].state.store(static_cast<std::uint32_t>(ParticipantState::Free),
                                               std::memory_order_release);
  // A child may keep the file description open: the locks are given back and not left to its end.
  for (const ::off_t byte :
       {kProducerRoleLock, kConsumerRoleLock, kFirstParticipantLock + participant_}) {
    unlock(locks_, byte);
  }
  participant_ = -1;
}

}  // namespace ringside
