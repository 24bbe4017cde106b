#include "harness/queue_places.hpp"

#include <sys/mman.h>

#include <cerrno>
#include <memory>
#include <system_error>

#include "harness/plugin/rehearsal.hpp"

namespace ringside::harness {
namespace {

/// New memory of this kind, in the parent.
Mapping makeInherited(Backing backing, std::uint64_t bytes, const MemoryOptions& options) {
  if (backing == Backing::Memfd) return MemfdMem(bytes, options);
  if (backing == Backing::Sysv) return SysvMem(bytes, options);
  return AnonMem(bytes, options);
}

HeldQueue holdMemory(Backing backing, std::uint64_t bytes, const MemoryOptions& options) {
  auto memory = std::make_shared<Mapping>(makeInherited(backing, bytes, options));
  return {.object = memory,
          .memory = {static_cast<std::byte*>(memory->get()), memory->size()},
          .descriptor = memory->descriptor()};
}

/// Opens what has a name or a descriptor, and makes it where there is none of that name.
Mapping openByItself(const Place& place, std::uint64_t bytes, const MemoryOptions& options) {
  if (place.backing == Backing::File) return FileMem(bytes, place.path, options);
  if (place.backing == Backing::Memfd) return MemfdMem(bytes, place.descriptor, options);
  return ShmMem(bytes, place.name, options);
}

bool isMappedByItself(Backing backing) {
  return backing != Backing::Anon && backing != Backing::Sysv;
}

}  // namespace

QueueShape shapeOfQueue(const Cell& cell, std::size_t i) {
  return i == 0 ? cell.shape : replyShape(cell.shape);
}

std::vector<Place> preparePlaces(const Cell& cell, const std::vector<std::string>& names) {
  std::vector<Place> places;
  const QueueEntry& queue = *cell.queue;
  for (std::size_t i = 0; i < names.size(); ++i) {
    Place& place = places.emplace_back();
    place.name = names[i];
    place.backing = cell.backing;
    if (cell.backing == Backing::File) place.path = fileFolder() + "/" + names[i];
    if (!isInherited(cell.backing) || queue.limits.threads_only) continue;
    const QueueShape shape = shapeOfQueue(cell, i);
    const HeldQueue held =
        queue.hold != nullptr ? holdBy(queue, place, shape)
                              : holdMemory(cell.backing, bytesNeededBy(queue, shape), shape.memory);
    place.held = held.object;
    place.memory = held.memory;
    place.descriptor = held.descriptor;
  }
  return places;
}

std::vector<Place> holdForThreads(const Cell& cell, const std::vector<Place>& prepared) {
  std::vector<Place> places = prepared;
  for (std::size_t i = 0; i < places.size(); ++i) {
    places[i].held = cell.queue->hold(places[i], shapeOfQueue(cell, i)).object;
  }
  return places;
}

void makeQueues(const Cell& cell, const std::vector<Place>& prepared) {
  const QueueEntry& queue = *cell.queue;
  const bool is_made = isInherited(cell.backing) && queue.hold != nullptr;
  if (is_made) return;  // by preparePlaces()
  const OpenPlaces open = openPlaces(cell, prepared);
  for (std::size_t i = 0; i < open.places.size(); ++i) {
    queue.create(open.places[i], shapeOfQueue(cell, i));
  }
}

OpenPlaces openPlaces(const Cell& cell, const std::vector<Place>& prepared) {
  OpenPlaces open{{}, prepared, ringFilesOf(prepared.at(0))};
  const QueueEntry& queue = *cell.queue;
  for (std::size_t i = 0; i < open.places.size(); ++i) {
    Place& place = open.places[i];
    const QueueShape shape = shapeOfQueue(cell, i);
    // The parent's mapping, of which this process makes its own, is not to be counted twice.
    if (place.backing == Backing::Memfd) ::munmap(place.memory.data(), place.memory.size());
    if (!isMappedByItself(place.backing)) {
      settleMemory(ringFilesOf(place), shape.memory);
    } else if (queue.limits.provision == Provision::Harness) {
      const std::uint64_t bytes = queue.bytesNeeded(shape);
      Mapping& memory = open.mappings.emplace_back(openByItself(place, bytes, shape.memory));
      place.memory = {static_cast<std::byte*>(memory.get()), memory.size()};
    }
  }
  return open;
}

void settleMemory(const RingFiles& files, const MemoryOptions& options) {
  for (const MemoryArea& area : ringAreas(files)) {
    auto* const begin = reinterpret_cast<void*>(area.begin);
    const std::size_t size = area.end - area.begin;
    const int way = area.is_writable ? MADV_POPULATE_WRITE : MADV_POPULATE_READ;
    // A kernel before 5.14 knows neither: the first touch faults then, and is counted.
    if (options.prefault && ::madvise(begin, size, way) != 0 && errno != EINVAL) {
      throw std::system_error(errno, std::system_category(), "cannot touch a queue's memory");
    }
    if (options.lock && ringside::mlock(begin, size) != 0) {
      throw std::system_error(lastError, "cannot lock " + std::to_string(size) +
                                             " bytes of a queue's memory; raise `ulimit -l`");
    }
  }
}

RingFiles ringFilesOf(const Place& place) {
  RingFiles files{.name = place.name, .files = {}};
  if (isInherited(place.backing)) files.files = filesAt(place.memory.data(), place.memory.size());
  return files;
}

}  // namespace ringside::harness
