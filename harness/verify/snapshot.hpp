// Values that are replaced as a whole and read as a whole: the workload snapshot measures them, and
// `ringside verify` judges them beside the queues. An adapter is a class template over the value,
// any trivially copyable type, and one line, as for a queue:
//
//   template <class Value> class MySnapshot {
//     MySnapshot(const std::string& name, const MemoryOptions&);  // makes it or opens it
//     bool write(const Value&);                                   // by one at a time
//     bool read(Versioned<Value>&);                               // how many writes came before
//   };
//   RINGSIDE_SNAPSHOT(my_snapshot, MySnapshot, "what it is, in a line")
#pragma once

#include <array>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "harness/registry.hpp"
#include "harness/workloads/snapshot.hpp"

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

/// One of this type, its type forgotten.
template <class S>
class SnapshotOf final : public AnySnapshot {
 public:
  explicit SnapshotOf(const std::string& name) : snapshot_(name, MemoryOptions{}) {}
  bool write(const SnapshotValue& value) override { return snapshot_.write(value); }
  bool read(SnapshotValue& value, std::uint64_t& version) override {
    Versioned<SnapshotValue> both;
    if (!snapshot_.read(both)) return false;
    value = both.value;
    version = both.version;
    return true;
  }

 private:
  S snapshot_;
};

struct SnapshotEntry {
  QueueEntry entry;  ///< as it is measured; among allPatterns(), too
  /// Makes or opens it. Throws what the adapter's constructor throws.
  std::unique_ptr<AnySnapshot> (*open)(const std::string& name) = nullptr;
};

/// All snapshots of this program, in the order of their names.
const std::vector<SnapshotEntry>& allSnapshots();
/// nullptr for an unknown name.
const SnapshotEntry* findSnapshot(std::string_view name);
/// Its value means nothing. Throws std::logic_error for a name that is taken.
bool enterSnapshot(SnapshotEntry entry);

/// The sizes of values that are measured: a type has one, which is settled when it is compiled.
inline constexpr std::uint64_t kSnapshotSizes[] = {8, 64, 256, 1024, 4096, 16384, 65536};

/// Calls `action` with a SnapshotBytes of this size, one of kSnapshotSizes.
template <std::size_t kIndex = 0, class Action>
void withSnapshotOf(std::uint64_t size_bytes, Action&& action) {
  if constexpr (kIndex < std::size(kSnapshotSizes)) {
    if (size_bytes == kSnapshotSizes[kIndex]) {
      return action(SnapshotBytes<kSnapshotSizes[kIndex]>{});
    }
    withSnapshotOf<kIndex + 1>(size_bytes, action);
  } else {
    throw std::invalid_argument("no snapshot of " + std::to_string(size_bytes) + " bytes");
  }
}

template <template <class> class S>
QueueEntry makeMeasuredSnapshot(std::string_view name, std::string_view summary) {
  QueueEntry entry;
  entry.name = name;
  entry.summary = summary;
  entry.limits = {.max_consumers = kMaxWorkersPerRole,
                  .element_sizes = kSnapshotSizes,
                  .provision = Provision::Queue,
                  .takes_memory_options = true,
                  .exact_capacity = false,
                  .capacity_note = "it holds one value: capacity means nothing"};
  // An upper bound of what three values and their locks take.
  entry.bytesNeeded = [](const QueueShape& shape) -> std::uint64_t {
    return 2 * kPageBytes + 3 * shape.element_size_bytes;
  };
  entry.create = [](const Place& place, const QueueShape& shape) {
    withSnapshotOf(shape.element_size_bytes,
                   [&]<class Value>(const Value&) { S<Value>(place.name, shape.memory); });
  };
  entry.loops[index(Workload::Snapshot)] = {
      [](WorkerContext& context) {
        withSnapshotOf(context.shape.element_size_bytes, [&]<class Value>(const Value&) {
          writeSnapshots<S<Value>, Value>(context);
        });
      },
      [](WorkerContext& context) {
        withSnapshotOf(context.shape.element_size_bytes,
                       [&]<class Value>(const Value&) { readSnapshots<S<Value>, Value>(context); });
      }};
  return entry;
}

template <template <class> class S>
SnapshotEntry makeSnapshotEntry(std::string_view name, std::string_view summary) {
  SnapshotEntry made;
  made.entry = makeMeasuredSnapshot<S>(name, summary);
  made.open = [](const std::string& place) -> std::unique_ptr<AnySnapshot> {
    return std::make_unique<SnapshotOf<S<SnapshotValue>>>(place);
  };
  return made;
}

}  // namespace ringside::harness

/// Enters the template Type when the program starts, or when the plug-in is loaded.
#define RINGSIDE_SNAPSHOT(name, Type, summary)                                             \
  [[maybe_unused]] static const bool ringside_entered_##name = ::ringside::harness::enter( \
      {::ringside::harness::Entrant::Kind::Snapshot, #name, summary, nullptr,              \
       [](std::string_view called, std::string_view described) {                           \
         return ::ringside::harness::makeSnapshotEntry<Type>(called, described);           \
       }})
