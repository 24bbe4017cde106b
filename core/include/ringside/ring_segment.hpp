// A ring's memory, opened and checked, and the attachments to it. Who is attached is known to the
// kernel: an attachment holds a byte lock on the segment's file (or the one beside it), which
// vanishes with the process.
#pragma once

#include <sys/types.h>

#include <utility>
#include <vector>

#include "ringside/backings.hpp"
#include "ringside/intent.hpp"
#include "ringside/segment.hpp"

namespace ringside {

/// What one attachment does with the ring; a typed queue may do both.
enum class Role : std::uint32_t { Producer = 1, Consumer = 2 };

/// How waiting operations wait, what memory is asked for, what becomes of elements that an MPMC
/// consumer had taken when it died, and what an SPSC ring is made fast for. The last two are
/// properties of the ring: all who open it must agree, on the tuning as far as Tuning says.
struct RingOptions {
  Wait wait = Wait::Block;
  MemoryOptions memory = {};
  Delivery delivery = Delivery::AtMostOnce;
  Tuning tuning = Tuning::Adaptive;
};

/// The memory of one ring. Move-only. Throws std::system_error.
class RingSegment {
 public:
  /// A ring in memory of this kind. Without a place it is new: for threads, and (but for LocalMem)
  /// for the children that this process forks. With one, Memory::Place, it is created or opened; an
  /// existing one has exactly this geometry, else InvalidParam.
  template <class Memory, class... Place>
  static RingSegment in(const Geometry& geometry, const MemoryOptions& options,
                        const Place&... place) {
    requireWritable(options);
    return RingSegment(Memory(geometry.total_bytes, place..., options, contentsFor(geometry)),
                       geometry, options.huge_pages);
  }

  RingSegment(RingSegment&& other) noexcept;
  RingSegment& operator=(RingSegment&& other) noexcept;
  ~RingSegment();

  const RingView& view() const noexcept { return view_; }
  /// The memory itself: page size, locked bytes, nodes.
  const Mapping& memory() const noexcept { return memory_; }

  /// Takes a role for one side, each time another attachment; they end with this object. A role
  /// that the policy gives to one process only is InUse while its holder lives. OutOfMemory when
  /// kMaxParticipants are attached, OperationFailed when the ring is damaged. Private memory knows
  /// no roles. In a forked child this makes an attachment of the child's own.
  Attachment attach(Role role);

 private:
  RingSegment(Mapping memory, const Geometry& geometry, HugePages asked);

  static void requireWritable(const MemoryOptions& options);
  static Contents contentsFor(const Geometry& geometry);
  void protectHeader(HugePages asked);
  void openLocks();
  void closeLocks() noexcept;
  /// One attachment: its entry among the participants, and its role.
  struct Held {
    int entry;
    Role role;
  };

  void takeRole(Role role, ::off_t byte);
  int registerParticipant(Role role);
  void detach() noexcept;

  Mapping memory_;
  RingView view_;
  /// Of a file description that nothing is mapped by: a child inherits mappings, and with them the
  /// description and its locks.
  int locks_ = -1;
  bool can_probe_ = false;  ///< the locks belong to another description than the mapping's
  std::vector<Held> held_;  ///< the attachments
  ::pid_t owner_;           ///< the process that the attachments belong to
  bool inherited_ = false;  ///< by a fork
};

}  // namespace ringside
