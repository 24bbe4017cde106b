// Where one trial of a queue plays: the queue under a name of its own, memory that all processes of
// the trial share, and a log for each of them.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "harness/control.hpp"
#include "harness/history/history.hpp"
#include "harness/registry.hpp"
#include "harness/session.hpp"
#include "harness/verify/actor_log.hpp"

namespace ringside::harness {

constexpr std::uint32_t kMaxActors = 96;  ///< of one trial, the dead among them

constexpr std::size_t kMaxReasonBytes = 300;

/// Set by the one who directs the trial; everybody looks at them.
struct StageWords {
  alignas(64) std::atomic<std::uint32_t> stop_producing;
  alignas(64) std::atomic<std::uint32_t> stop_all;
  alignas(64) std::atomic<std::uint32_t> victim_at;  ///< 0 not yet, 1 in its operation, 2 done
  alignas(64) std::atomic<std::uint32_t> act;        ///< which act of its part a bystander plays
  alignas(64) std::atomic<std::uint32_t> acts_done;
  std::atomic<std::uint32_t> newcomers;  ///< who have attached in the place of the dead
  std::atomic<std::uint32_t> filled;     ///< the queue is there, with what it is to hold
  std::atomic<std::uint64_t> capacity_before;
  std::atomic<std::uint64_t> capacity_after;
  std::atomic<std::uint64_t> drops;
  std::atomic<std::int64_t> recovered_ns;   ///< when the survivors had both pushed and popped again
  std::atomic<const char*> point;           ///< a victim's last kill point, by name
  std::atomic<std::uint32_t> nobody_stays;  ///< at a kill point
  std::atomic<const char*> stays_at[kMaxActors];  ///< a kill point; reset to let the actor go on
  std::atomic<std::uint32_t> gave_up;             ///< actors whose part threw
  char reason[kMaxReasonBytes];                   ///< of the first of them, with a zero at its end
};

/// What an actor has, forked from whoever made the stage.
struct ActorContext {
  const QueueEntry& queue;
  const QueueShape& shape;
  std::uint32_t number;
  Place place;
  StageWords& words;
  LogPages& pages;
};

class Stage {
 public:
  Stage(const QueueEntry& queue, const QueueShape& shape, Session& session);
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;
  /// Removes what stands under the name.
  ~Stage();

  /// Another queue under another name, logs and words empty. Throws what the adapter's hold()
  /// throws for a queue that is only inherited.
  void reset();
  /// Takes the next log. Throws std::logic_error after kMaxActors.
  std::uint32_t castActor();
  std::uint32_t actors() const noexcept { return next_actor_; }
  bool hasRoomForActors(std::uint32_t count) const noexcept {
    return next_actor_ + count <= kMaxActors;
  }
  StageWords& words() const noexcept { return *words_; }
  LogPages& log(std::uint32_t actor) const;
  /// That all actors together have made so far.
  std::uint64_t calls() const;
  /// In a child: opens the memory that the harness provides, if this queue wants that, and plays
  /// the part. What that throws is kept as StageWords::reason; then the answer is kActorThrew.
  using Part = std::function<int(const ActorContext&)>;
  int enact(std::uint32_t actor, const Part& part) noexcept;
  /// In a child whose threads are the actors: makes the queue, which works between no others.
  /// Throws what the adapter's hold() throws.
  void holdForThreads() { held_ = queue_.hold(placeNow(), shape_); }
  const std::string& name() const noexcept { return name_; }
  const QueueEntry& queue() const noexcept { return queue_; }
  const QueueShape& shape() const noexcept { return shape_; }

  /// Names in /dev/shm that begin with this queue's.
  std::uint64_t segmentsLeft() const;
  /// The files in /dev/shm that it lies in.
  std::vector<std::string> segmentFiles() const;
  void removeNames() const;
  /// All that was logged. For when no actor lives any more.
  History history() const;

 private:
  ActorContext contextOf(std::uint32_t actor);
  Place placeNow() const;  ///< without the memory that the harness provides

  const QueueEntry& queue_;
  QueueShape shape_;
  Session& session_;
  std::string name_;
  SharedPages pages_;
  StageWords* words_;
  LogPages* logs_;
  std::uint32_t next_actor_ = 0;
  HeldQueue held_ = {};           ///< where it has no name
  std::optional<ShmMem> memory_;  ///< in a child, where the harness provides it
};

}  // namespace ringside::harness
