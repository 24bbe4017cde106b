#include "ringside/ring_segment.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>

namespace ringside {
namespace {

// Lock bytes lie far beyond the end of the file, where no data is.
constexpr ::off_t kLockBase = ::off_t{1} << 40;
constexpr ::off_t kLifecycleLock = kLockBase;
constexpr ::off_t kProducerRoleLock = kLockBase + 1;
constexpr ::off_t kConsumerRoleLock = kLockBase + 2;
constexpr ::off_t kFirstParticipantLock = kLockBase + 16;
constexpr int kLifecycleTries = 1000;  ///< 1 ms apart

/// A lock of the open file description: the kernel drops it when the last descriptor closes, that
/// is at the latest when the process has left its memory.
int setLock(int descriptor, ::off_t byte, short type) {
  struct ::flock lock = {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = byte;
  lock.l_len = 1;
  return ::fcntl(descriptor, F_OFD_SETLK, &lock);
}

bool tryLock(int descriptor, ::off_t byte) {
  if (setLock(descriptor, byte, F_WRLCK) == 0) return true;
  if (errno == EAGAIN || errno == EACCES) return false;
  throwErrno("cannot lock a byte of the segment");
}

/// Serialises attaching. The holder may be stopped, so the wait has an end.
class LifecycleLock {
 public:
  explicit LifecycleLock(int descriptor) : descriptor_(descriptor) {
    for (int tries = 0; tries < kLifecycleTries; ++tries) {
      if (tryLock(descriptor_, kLifecycleLock)) return;
      const ::timespec pause = {0, 1'000'000};
      ::nanosleep(&pause, nullptr);
    }
    throwError(Errc::TimedOut, "another process has been attaching to this ring for a second");
  }
  LifecycleLock(const LifecycleLock&) = delete;
  LifecycleLock& operator=(const LifecycleLock&) = delete;
  ~LifecycleLock() { setLock(descriptor_, kLifecycleLock, F_UNLCK); }

 private:
  int descriptor_;
};

bool isExclusive(PolicyKind policy, Role role) {
  return policy == PolicyKind::Spsc || (policy == PolicyKind::Mpsc && role == Role::Consumer);
}

void inspectHeader(int descriptor, const Geometry& expected) {
  SegmentHeader header = {};
  // A short read instead of a SIGBUS when the file is smaller than a header.
  if (::pread(descriptor, &header, sizeof header, 0) != sizeof header) {
    throwError(Errc::InvalidParam, "this is not a ring segment: it is shorter than a header");
  }
  checkHeader(header, expected);
}

}  // namespace

RingSegment RingSegment::shared(const std::string& name, const Geometry& geometry,
                                const MemoryOptions& options) {
  ShmMem memory(
      geometry.total_bytes, name, options,
      [&](void* address, std::size_t) { initialiseSegment(address, geometry); },
      [&](int descriptor, std::size_t) { inspectHeader(descriptor, geometry); });
  // The header never changes again. Where it is not on a page of its own (huge or larger pages) the
  // geometry checked above protects alone.
  const bool one_page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE)) == kPageBytes;
  const bool base_pages = options.huge_pages == HugePages::Never || memory.pageSize() == kPageBytes;
  if (one_page && base_pages) ::mprotect(memory.get(), kPageBytes, PROT_READ);
  return RingSegment(std::move(memory), geometry);
}

RingSegment RingSegment::local(const Geometry& geometry, const MemoryOptions& options) {
  LocalMem memory(geometry.total_bytes, options);
  initialiseSegment(memory.get(), geometry);
  return RingSegment(std::move(memory), geometry);
}

RingSegment::RingSegment(std::variant<LocalMem, ShmMem> memory, const Geometry& geometry)
    : memory_(std::move(memory)),
      view_(std::visit([](auto& any) { return any.get(); }, memory_), geometry),
      owner_(::getpid()) {}

RingSegment::RingSegment(RingSegment&& other) noexcept
    : memory_(std::move(other.memory_)),
      view_(other.view_),
      participant_(std::exchange(other.participant_, -1)),
      owner_(other.owner_) {}

RingSegment& RingSegment::operator=(RingSegment&& other) noexcept {
  if (this != &other) {
    detach();
    memory_ = std::move(other.memory_);
    view_ = other.view_;
    participant_ = std::exchange(other.participant_, -1);
    owner_ = other.owner_;
  }
  return *this;
}

RingSegment::~RingSegment() { detach(); }

const Mapping& RingSegment::memory() const noexcept {
  return std::visit([](const auto& any) -> const Mapping& { return any; }, memory_);
}

int RingSegment::descriptor() const noexcept {
  const auto* named = std::get_if<ShmMem>(&memory_);
  return named != nullptr ? named->descriptor() : -1;
}

void RingSegment::attach(Role role) {
  auto* named = std::get_if<ShmMem>(&memory_);
  if (named == nullptr) return;
  if (owner_ != ::getpid()) {
    named->reopen();  // the locks of the parent are of its file description
    participant_ = -1;
    owner_ = ::getpid();
  }
  const int file = descriptor();
  const LifecycleLock lock(file);
  const bool exclusive = isExclusive(view_.geometry.policy, role);
  const ::off_t byte = role == Role::Producer ? kProducerRoleLock : kConsumerRoleLock;
  if (exclusive && !tryLock(file, byte)) {
    throwError(Errc::InUse, role == Role::Producer
                                ? "the ring has a living producer and takes only one"
                                : "the ring has a living consumer and takes only one");
  }
  try {
    registerParticipant(role);
  } catch (...) {
    if (exclusive) setLock(file, byte, F_UNLCK);
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
    if (!tryLock(descriptor(), kFirstParticipantLock + entry)) continue;
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
    setLock(descriptor(), byte, F_UNLCK);
  }
  participant_ = -1;
}

}  // namespace ringside
