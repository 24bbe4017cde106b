#include "harness/registry.hpp"

#include <algorithm>
#include <stdexcept>

namespace ringside::harness {
namespace {

std::vector<QueueEntry>& entries() {
  static std::vector<QueueEntry> all;
  return all;
}

}  // namespace

const std::vector<QueueEntry>& allQueues() { return entries(); }

const QueueEntry* findQueue(std::string_view name) {
  for (const QueueEntry& entry : entries()) {
    if (entry.name == name) return &entry;
  }
  return nullptr;
}

bool enterQueue(const QueueEntry& entry) {
  std::vector<QueueEntry>& all = entries();
  const auto place =
      std::lower_bound(all.begin(), all.end(), entry,
                       [](const QueueEntry& a, const QueueEntry& b) { return a.name < b.name; });
  if (place != all.end() && place->name == entry.name) {
    throw std::logic_error("two queues are called " + std::string(entry.name));
  }
  all.insert(place, entry);
  return true;
}

}  // namespace ringside::harness
