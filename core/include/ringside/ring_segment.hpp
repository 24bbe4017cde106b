// A ring's memory, opened and checked, and the attachments to it. Who is attached is known to the
// kernel: an attachment holds a byte lock on the segment's file, which vanishes with the process.
#pragma once

#include <string>
#include <variant>

#include "ringside/mapped_memory.hpp"
#include "ringside/segment.hpp"

namespace ringside {

/// What one attachment does with the ring; a typed queue may do both.
enum class Role : std::uint32_t { Producer = 1, Consumer = 2 };

/// How waiting operations wait, and what memory is asked for.
struct RingOptions {
  Wait wait = Wait::Block;
  MemoryOptions memory = {};
};

/// The memory of one ring. Move-only. Throws std::system_error.
class RingSegment {
 public:
  /// Creates the named segment, or opens one that has exactly this geometry (else InvalidParam).
  static RingSegment shared(const std::string& name, const Geometry& geometry,
                            const MemoryOptions& options);
  /// A ring in memory of this process alone, for its threads.
  static RingSegment local(const Geometry& geometry, const MemoryOptions& options);

  RingSegment(RingSegment&& other) noexcept;
  RingSegment& operator=(RingSegment&& other) noexcept;
  ~RingSegment();

  const RingView& view() const noexcept { return view_; }
  /// The memory itself: page size, locked bytes, nodes.
  const Mapping& memory() const noexcept;

  /// Takes a role. A role that the policy gives to one process only is InUse while its holder
  /// lives. OutOfMemory when kMaxParticipants are attached. Private memory knows no roles. In a
  /// forked child this makes an attachment of the child's own.
  void attach(Role role);

 private:
  RingSegment(std::variant<LocalMem, ShmMem> memory, const Geometry& geometry);

  int descriptor() const noexcept;
  void registerParticipant(Role role);
  void detach() noexcept;

  std::variant<LocalMem, ShmMem> memory_;
  RingView view_;
  int participant_ = -1;
  ::pid_t owner_;  ///< the process that the attachment belongs to
};

}  // namespace ringside
