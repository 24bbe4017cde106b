// What adapters have in common whose queue is one object in the memory that the harness provides,
// without an address of one process in it.
#pragma once

#include <new>

#include "harness/measurable_queue.hpp"

namespace ringside::harness {

/// To be derived from, and so are its sides, from InMemory<Queue>::Side.
template <class Queue>
struct InMemory {
  static std::uint64_t bytesNeeded(const QueueShape&) { return sizeof(Queue); }
  static void create(const Place& place, const QueueShape&) { new (place.memory.data()) Queue; }

  class Side {
   public:
    Side(const Place& place, const QueueShape&)
        : queue_(*std::launder(reinterpret_cast<Queue*>(place.memory.data()))) {}

   protected:
    Queue& queue_;
  };
};

}  // namespace ringside::harness
