#include "harness/registry.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "harness/verify/snapshot.hpp"

namespace ringside::harness {
namespace {

std::vector<QueueEntry>& entries() {
  static std::vector<QueueEntry> all;
  return all;
}

std::vector<QueueEntry>& patterns() {
  static std::vector<QueueEntry> all;
  return all;
}

std::vector<QueueEntry>& absentOnes() {
  static std::vector<QueueEntry> all;
  return all;
}

const QueueEntry* findIn(const std::vector<QueueEntry>& all, std::string_view name) {
  for (const QueueEntry& entry : all) {
    if (entry.name == name) return &entry;
  }
  return nullptr;
}

void enterInto(std::vector<QueueEntry>& all, const QueueEntry& entry) {
  if (findMeasured(entry.name) != nullptr) {
    throw std::logic_error("two queues are called " + std::string(entry.name));
  }
  const auto place =
      std::lower_bound(all.begin(), all.end(), entry,
                       [](const QueueEntry& a, const QueueEntry& b) { return a.name < b.name; });
  all.insert(place, entry);
}

}  // namespace

bool enter(const Entrant& entrant) {
  enterFrom({}, entrant);
  return true;
}

void enterFrom(std::string_view origin, const Entrant& entrant) {
  if (entrant.kind == Entrant::Kind::Snapshot) {
    SnapshotEntry made = entrant.make_snapshot(entrant.name, entrant.summary);
    made.entry.origin = origin;
    enterSnapshot(std::move(made));
    return;
  }
  QueueEntry entry = entrant.make(entrant.name, entrant.summary);
  entry.origin = origin;
  entrant.kind == Entrant::Kind::Queue ? enterQueue(entry) : enterPattern(entry);
}

const std::vector<QueueEntry>& allQueues() { return entries(); }

const QueueEntry* findQueue(std::string_view name) { return findIn(entries(), name); }

bool enterQueue(const QueueEntry& entry) {
  enterInto(entries(), entry);
  return true;
}

const std::vector<QueueEntry>& absentQueues() { return absentOnes(); }

bool enterAbsentQueue(std::string_view name, std::string_view why) {
  QueueEntry entry;
  entry.name = name;
  entry.left_out = why;
  entry.limits = {.max_producers = kMaxWorkersPerRole, .max_consumers = kMaxWorkersPerRole};
  entry.bytesNeeded = [](const QueueShape& shape) -> std::uint64_t {
    return shape.capacity * shape.element_size_bytes;
  };
  enterInto(absentOnes(), entry);
  return true;
}

const std::vector<QueueEntry>& allPatterns() { return patterns(); }

bool enterPattern(const QueueEntry& entry) {
  enterInto(patterns(), entry);
  return true;
}

const QueueEntry* findMeasured(std::string_view name) {
  for (const auto* all : {&entries(), &patterns(), &absentOnes()}) {
    if (const QueueEntry* found = findIn(*all, name)) return found;
  }
  return nullptr;
}

}  // namespace ringside::harness
