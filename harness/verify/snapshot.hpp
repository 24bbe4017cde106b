// Values that are replaced as a whole and read as a whole, which `ringside verify` judges beside
// the queues. An adapter is a class with write() and read() and one line, as for a queue:
//
//   RINGSIDE_SNAPSHOT(my_snapshot, MySnapshot, "what it is, in a line")
#pragma once

#include <array>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "harness/registry.hpp"

namespace ringside::harness {

/// Every word follows from the number, so that a value of two writes shows.
struct SnapshotValue {
  static constexpr std::size_t kWords = 17;  ///< beyond two lines
  std::array<std::uint64_t, kWords> words = {};

  static SnapshotValue of(std::uint64_t number) noexcept {
    SnapshotValue value;
    for (std::size_t i = 0; i < kWords; ++i) value.words[i] = number + i * (number ^ 0x5a17);
    return value;
  }
  std::uint64_t number() const noexcept { return words[0]; }
  bool isWhole() const noexcept { return words == of(number()).words; }
};

class AnySnapshot {
 public:
  virtual ~AnySnapshot() = default;
  /// One writer at a time calls it.
  virtual bool write(const SnapshotValue& value) = 0;
  /// `version` only grows, by one with each write.
  virtual bool read(SnapshotValue& value, std::uint64_t& version) = 0;
};

struct SnapshotEntry {
  QueueEntry entry;  ///< name and summary; it can be verified, not measured
  /// Makes or opens it. Throws what the adapter's constructor throws.
  std::unique_ptr<AnySnapshot> (*open)(const std::string& name) = nullptr;
};

/// All snapshots of this program, in the order of their names.
const std::vector<SnapshotEntry>& allSnapshots();
/// nullptr for an unknown name.
const SnapshotEntry* findSnapshot(std::string_view name);
/// Its value means nothing.
bool enterSnapshot(SnapshotEntry entry);

template <class S>
SnapshotEntry makeSnapshotEntry(std::string_view name, std::string_view summary) {
  SnapshotEntry made;
  made.entry.name = name;
  made.entry.summary = summary;
  made.entry.limits.provision = Provision::Queue;
  made.open = [](const std::string& place) -> std::unique_ptr<AnySnapshot> {
    return std::make_unique<S>(place);
  };
  return made;
}

}  // namespace ringside::harness

/// Enters Type, which is made from a name, when the program starts.
#define RINGSIDE_SNAPSHOT(name, Type, summary)                                                     \
  [[maybe_unused]] static const bool ringside_entered_##name = ::ringside::harness::enterSnapshot( \
      ::ringside::harness::makeSnapshotEntry<Type>(#name, summary))
