// Where the queues of one repetition are: what the parent makes before it forks, what the maker
// makes, and what each worker opens. A worker opens by itself whatever can be opened; it inherits
// only what has no name.
#pragma once

#include <string>
#include <vector>

#include "harness/plan.hpp"
#include "harness/proof.hpp"

namespace ringside::harness {

/// The shape of queue number `i` of a repetition: the queue itself, then those of the replies.
QueueShape shapeOfQueue(const Cell& cell, std::size_t i);

/// In the parent: a place for each name, with the memory that workers must inherit. Throws
/// std::system_error when there is none.
std::vector<Place> preparePlaces(const Cell& cell, const std::vector<std::string>& names);

/// In the process whose threads are the workers: the same places, with the queues made there.
std::vector<Place> holdForThreads(const Cell& cell, const std::vector<Place>& prepared);

/// In the maker: what is still to be made. What has a name stays when the maker is gone.
void makeQueues(const Cell& cell, const std::vector<Place>& prepared);

/// In a worker: the same places, with the memory that the harness provides mapped here, touched and
/// locked as asked. Throws std::system_error.
struct OpenPlaces {
  std::vector<Mapping> mappings;
  std::vector<Place> places;
  RingFiles ring_files;  ///< of the first
};
OpenPlaces openPlaces(const Cell& cell, const std::vector<Place>& prepared);

/// Touches and locks, as asked, what of a queue is mapped in this process. A mapping that was
/// inherited has none of its pages in this process's table and no locks, and a page that was taken
/// out of a huge one (a ring's header, which may only be read) is not mapped any more. Throws
/// std::system_error.
void settleMemory(const RingFiles& files, const MemoryOptions& options);

/// How a place's memory is found in a process that has it mapped.
RingFiles ringFilesOf(const Place& place);

}  // namespace ringside::harness
