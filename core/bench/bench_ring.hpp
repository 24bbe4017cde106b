// A ring with both its sides in one thread, nothing between the benchmark and the core path.
#pragma once

#include "ringside/ringside.hpp"

namespace ringside::bench {

constexpr std::uint64_t kCapacity = 1024;

template <class Memory, class Policy>
struct Ring {
  template <class... Place>
  explicit Ring(std::uint64_t element_size_bytes, const MemoryOptions& options = {},
                const Place&... place)
      : segment(RingSegment::in<Memory>(makeGeometry(Policy::kKind, element_size_bytes, kCapacity),
                                        options, place...)),
        push(segment.view(), segment.attach(Role::Producer), Wait::Spin),
        pop(segment.view(), segment.attach(Role::Consumer), Wait::Spin) {}

  RingSegment segment;
  PushSide<typename Policy::Writer> push;
  PopSide<typename Policy::Reader> pop;
};

}  // namespace ringside::bench
