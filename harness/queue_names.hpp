// What the queues of one repetition are called while they are there.
#pragma once

#include <string>
#include <vector>

#include "harness/janitor.hpp"
#include "harness/plan.hpp"
#include "harness/session.hpp"
#include "harness/workload_needs.hpp"

namespace ringside::harness {

/// The names of the queues of one repetition. What stands under them in /dev/shm goes as soon as
/// all workers have opened it, and in any case when this goes.
class QueueNames {
 public:
  QueueNames(const Cell& cell, Session& session) : are_needed_(cell.queue->limits.inherited_only) {
    for (std::size_t i = 0; i < queueCount(cell); ++i) names_.push_back(session.freshName());
  }
  QueueNames(const QueueNames&) = delete;
  QueueNames& operator=(const QueueNames&) = delete;
  ~QueueNames() { removeAll(); }

  const std::vector<std::string>& all() const { return names_; }
  /// When all workers have opened what is called so.
  void removeOpened() const {
    if (!are_needed_) removeAll();
  }
  void removeAll() const {
    for (const std::string& name : names_) removeSegments(name);
  }
  /// The names are new in each repetition; a reason is better read, and counted, without them.
  std::string withoutNames(std::string text) const {
    for (const std::string& name : names_) {
      for (std::size_t at = 0; (at = text.find(name, at)) != std::string::npos;) {
        text.replace(at, name.size(), "SEGMENT");
      }
    }
    return text;
  }

 private:
  bool are_needed_;  ///< to the end: for what must be taken away then
  std::vector<std::string> names_;
};

}  // namespace ringside::harness
