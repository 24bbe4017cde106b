// What a queue must offer to be measured and verified: the one header that an adapter includes. An
// adapter is one source file, which is compiled into the program (harness/queues/), or outside of
// it into a plug-in, by ringside_add_queue(): harness/examples/README.md shows how, and
// harness/examples/skeleton.cpp is one to begin with.
//
//   struct MyQueue {
//     static QueueLimits limits();
//     static std::uint64_t bytesNeeded(const QueueShape&);
//     static void create(const Place&, const QueueShape&);
//     class Producer { Producer(const Place&, const QueueShape&); bool tryPush(const void*); };
//     class Consumer { Consumer(const Place&, const QueueShape&); bool tryPop(void*); };
//   };
//   RINGSIDE_QUEUE(my_queue, MyQueue, "what it is, in a line");
//
// QueueLimits, QueueShape (how many elements of how many bytes, for how many) and Place (where)
// stand in queue_contract.hpp, with the concepts that check all this. An element is
// QueueShape::element_size_bytes bytes, at least 8; the harness fills and checks them, the queue
// moves them. `element` need not be aligned to more than a byte.
//
// What must be there
//
//   static QueueLimits limits()
//       What the queue can do at all. What a scenario asks beyond it is skipped, with the reason.
//       Called once, when the adapter is entered.
//   static std::uint64_t bytesNeeded(const QueueShape& shape)
//       Bytes that one such queue takes. Provision::Harness: so many are mapped, zeroed, on a page
//       boundary, and are Place::memory. Provision::Queue: an upper bound, by which a plan knows
//       whether there is room; 0 for memory of the kernel. Throws std::exception for a shape that
//       cannot be; the harness asks for the same shape often, and gets the same answer.
//   static void create(const Place& place, const QueueShape& shape)
//       Makes the queue, once, before anybody attaches, in a process of its own that then ends:
//       what is to stay lies in Place::memory, or has a name that begins with Place::name.
//   Producer(const Place& place, const QueueShape& shape), and Consumer the same
//       One side, made in the worker process that uses it, by one thread. Place::memory may lie at
//       another address in each process. Neither is copied.
//   bool Producer::tryPush(const void* element)
//       Copies one element in; false when there is no room. Never waits, never throws. Timed.
//   bool Consumer::tryPop(void* element)
//       Copies the next one out; false when there is none. Never waits, never throws. Timed.
//
// Errors: create and the constructors throw what is derived from std::exception. A
// std::system_error that says there is no memory or no permission (ENOMEM, ENOSPC, EACCES, EPERM …)
// skips the cell, all else fails it, with what() as the reason. What crashes, hangs or ends its
// process fails its cell.
//
// What may be there: parts that the harness uses where they are, each as a whole
//
//   std::size_t Producer::tryPush(const void* elements, std::size_t count)
//   std::size_t Consumer::tryPop(void* elements, std::size_t count)
//       Batch, for the axis `batch`: up to `count` elements, at least 1, one right behind the
//       other; as many as fit, or as there are, in order; returns how many, 0 to count. Never
//       waits.
//   bool Producer::pushFor(const void* element, std::chrono::nanoseconds timeout)
//   bool Consumer::popFor(void* element, std::chrono::nanoseconds timeout)
//       Blocking, for wait = "block": as tryPush and tryPop, but asleep for up to `timeout` while
//       it cannot be done. May give up early; after a wake that is lost, not later than that.
//   void* Producer::tryClaim(), void commit()
//   const void* Consumer::tryTake(), void release()
//       In place, for the workload `stream`: a place for one element, nullptr when there is none,
//       and what sends it; the next element where it lies, nullptr when there is none, and what
//       gives the place back. One at a time.
//   bool Consumer::empty()
//       True only if at one instant during the call there was nothing in it. By it `verify` finds
//       queues that say so while there is something.
//   bool Consumer::redelivered()
//       Whether the element that came last may have come before, to a consumer that died. With
//       QueueLimits::at_least_once.
//   std::uint64_t Consumer::drops()
//       Elements that the queue gave up since it was made, as it says itself. `verify` counts them
//       as told, and not as lost.
//   static HeldQueue hold(const Place& place, const QueueShape& shape)
//       For a queue that makes its own memory (Provision::Queue), of every kind that Place::backing
//       may ask for: one without a name, in the process from which all workers are forked. They
//       find what it returned in Place::held. Memory that has a name or a path is made by create().
//
// Entering
//
//   RINGSIDE_QUEUE(name, Type, "summary");
//   RINGSIDE_SIZED_QUEUE(name, Template, "summary");
//   RINGSIDE_SIZED_QUEUE(name, Template, "summary", Numbers<8, 100>, Numbers<64>);
//
// `name` is an identifier, by which scenarios and `ringside list` call it, and no other queue.
//
// The second and third are for queues whose element is a template parameter, or element and
// capacity: Template takes a number of bytes, or that and a number of elements, and is an adapter
// as above for each. It is built for usual ones, or for the sizes in bytes and the capacities that
// are named, and for small capacities to be verified with. queue_family.hpp has them, and
// ElementOf, a value of so many bytes.
//
// Other shapes have headers of their own: a channel that carries both directions
// duplex_channel.hpp, a value that is replaced as a whole verify/snapshot.hpp.
#pragma once

#include "harness/queue_contract.hpp"
#include "harness/queue_family.hpp"
#include "harness/registry.hpp"
