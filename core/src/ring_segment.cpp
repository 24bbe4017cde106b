#include "ringside/ring_segment.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <string>

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
  view_.truncated = memory_.truncation();
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
      can_probe_(other.can_probe_),
      held_(std::exchange(other.held_, {})),
      owner_(other.owner_) {}

RingSegment& RingSegment::operator=(RingSegment&& other) noexcept {
  if (this != &other) {
    detach();
    closeLocks();
    memory_ = std::move(other.memory_);
    view_ = other.view_;
    locks_ = std::exchange(other.locks_, -1);
    can_probe_ = other.can_probe_;
    held_ = std::exchange(other.held_, {});
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
    can_probe_ = true;
  } catch (const std::system_error&) {
    // No /proc. In a forked child the description is the parent's, and its locks look like ours.
    if (inherited_) throw;
    // Else a child that lives keeps the locks, and who lives can't be told: nothing is repaired.
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

Attachment RingSegment::attach(Role role) {
  if (view_.damage() != Damage::None) throwError(Errc::OperationFailed, view_.describeDamage());
  if (memory_.descriptor() < 0) return {};
  if (owner_ != ::getpid()) {
    closeLocks();  // in a forked child, they may be the parent's
    held_.clear();
    owner_ = ::getpid();
    inherited_ = true;
  }
  if (locks_ < 0) openLocks();
  held_.reserve(held_.size() + 1);
  const LifecycleLock lock(locks_);
  const ::off_t byte = role == Role::Producer ? kProducerRoleLock : kConsumerRoleLock;
  const bool exclusive = isExclusive(view_.geometry.policy, role);
  if (exclusive) takeRole(role, byte);
  try {
    held_.push_back({registerParticipant(role), role});
  } catch (...) {
    if (exclusive) unlock(locks_, byte);
    throw;
  }
  return {&view_.participants[held_.back().entry].intent, can_probe_ ? memory_.descriptor() : -1};
}

/// One side of one object holds it: a lock would be granted to its description twice.
void RingSegment::takeRole(Role role, ::off_t byte) {
  const bool held = std::any_of(held_.begin(), held_.end(),
                                [role](const Held& other) { return other.role == role; });
  if (!held && tryLock(locks_, byte)) return;
  throwError(Errc::InUse, role == Role::Producer
                              ? "the ring has a living producer and takes only one"
                              : "the ring has a living consumer and takes only one");
}

/// Under the lifecycle lock. An entry whose lock is free belongs to nobody alive: what its last
/// holder announced is repaired like what nobody announces.
int RingSegment::registerParticipant(Role role) {
  for (int entry = 0; entry < static_cast<int>(kMaxParticipants); ++entry) {
    // The locks of this object do not keep it out of its own entries.
    const bool own = std::any_of(held_.begin(), held_.end(),
                                 [entry](const Held& other) { return other.entry == entry; });
    if (own) continue;
    if (!tryLock(locks_, kFirstParticipantLock + entry)) continue;
    Participant& participant = view_.participants[entry];
    participant.generation.fetch_add(1, std::memory_order_relaxed);  // under the lifecycle lock
    participant.intent.store(0, std::memory_order_relaxed);
    participant.pid = static_cast<std::uint32_t>(::getpid());
    participant.roles = static_cast<std::uint32_t>(role);
    participant.state.store(static_cast<std::uint32_t>(ParticipantState::Live),
                            std::memory_order_release);  // SYNC: who lists the participants
    return entry;
  }
  throwError(Errc::OutOfMemory, "the ring has " + std::to_string(kMaxParticipants) +
                                    " living participants, its limit");
}

void RingSegment::detach() noexcept {
  // A forked child has a copy of this object, but not of the attachments.
  if (held_.empty() || owner_ != ::getpid()) return;
  // A child may keep the file description open: the locks are given back and not left to its end.
  for (const Held& held : held_) {
    Participant& participant = view_.participants[held.entry];
    participant.intent.store(0, std::memory_order_relaxed);  // of no claim any more
    participant.state.store(static_cast<std::uint32_t>(ParticipantState::Free),
                            std::memory_order_release);
    unlock(locks_, kFirstParticipantLock + held.entry);
  }
  unlock(locks_, kProducerRoleLock);
  unlock(locks_, kConsumerRoleLock);
  held_.clear();
}

}  // namespace ringside
