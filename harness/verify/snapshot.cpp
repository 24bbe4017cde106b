#include "harness/verify/snapshot.hpp"

#include <algorithm>
#include <utility>

namespace ringside::harness {
namespace {

std::vector<SnapshotEntry>& snapshots() {
  static std::vector<SnapshotEntry> all;
  return all;
}

}  // namespace

const std::vector<SnapshotEntry>& allSnapshots() { return snapshots(); }

const SnapshotEntry* findSnapshot(std::string_view name) {
  for (const SnapshotEntry& one : snapshots()) {
    if (one.entry.name == name) return &one;
  }
  return nullptr;
}

bool enterSnapshot(SnapshotEntry entry) {
  enterPattern(entry.entry);
  std::vector<SnapshotEntry>& all = snapshots();
  all.push_back(std::move(entry));
  std::sort(all.begin(), all.end(), [](const SnapshotEntry& a, const SnapshotEntry& b) {
    return a.entry.name < b.entry.name;
  });
  return true;
}

}  // namespace ringside::harness
