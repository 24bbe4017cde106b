// What the parent reads of itself and of the ring before and after the timed phase: an observer
// whose view of the memory is its own. It maps what workers opened by name for reading only, after
// they have been forked, and touches nothing of it before they are done.
#pragma once

#include <chrono>
#include <cstddef>
#include <span>
#include <vector>

#include "harness/proof.hpp"
#include "harness/queue_contract.hpp"

namespace ringside::harness {

class ParentWatch {
 public:
  /// `ring` is the place of the queue itself; it outlives this.
  explicit ParentWatch(const Place& ring) : ring_(ring) {}
  ParentWatch(const ParentWatch&) = delete;
  ParentWatch& operator=(const ParentWatch&) = delete;
  ~ParentWatch();

  /// When all workers have attached, and the names are still there.
  void lookBefore();
  void beginTimedPhase();
  void endTimedPhase();
  /// When all workers are gone.
  void lookAfter();

  results::ProcessReading reading() const;

 private:
  void mapFile(const std::string& path);
  std::vector<MemoryArea> areas() const;

  const Place& ring_;
  std::vector<std::span<std::byte>> mapped_;  ///< by this
  std::chrono::steady_clock::time_point began_;
  int cpu_at_end_ = -1;
  Proof proof_;
};

/// The same numbers as a record has them.
results::ProcessReading toReading(const Proof& proof);

}  // namespace ringside::harness
