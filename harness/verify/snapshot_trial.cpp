#include "harness/verify/snapshot_trial.hpp"

#include <fmt/format.h>
#include <sys/wait.h>
#include <time.h>

#include <random>

#include "harness/verify/actor.hpp"
#include "harness/verify/play.hpp"
#include "harness/verify/stepped.hpp"

namespace ringside::harness {
namespace {

// Exit codes of the processes, but kPartPlayed.
constexpr int kTorn = 20;
constexpr int kBack = 21;
constexpr int kAhead = 22;
constexpr int kRefused = 23;

/// So many that a slow reader's buffer is written again, however many buffers there are.
constexpr int kWritesMeanwhile = 6;
constexpr long kMostSteps = 200'000;

/// What all processes of a trial know of the writes.
struct Progress {
  alignas(64) std::atomic<std::uint64_t> begun;
  alignas(64) std::atomic<std::uint64_t> ended;
  alignas(64) std::atomic<std::uint32_t> stop;
};

/// A process's hand on the snapshot.
class Hand {
 public:
  Hand(const SnapshotEntry& snapshot, const std::string& name, Progress& progress)
      : snapshot_(snapshot.open(name)), progress_(progress) {}

  int write(const CallMark& mark = {}) {
    const std::uint64_t number = progress_.begun.load() + 1;
    progress_.begun.store(number);
    const SnapshotValue value = SnapshotValue::of(number);
    mark.enter();
    const bool written = snapshot_->write(value);
    mark.leave();
    progress_.ended.store(number);
    return written ? kPartPlayed : kRefused;
  }
  int read(const CallMark& mark = {}) {
    const std::uint64_t oldest = progress_.ended.load();
    SnapshotValue value;
    std::uint64_t version = 0;
    mark.enter();
    const bool was_read = snapshot_->read(value, version);
    mark.leave();
    if (!was_read) return kRefused;
    if (!value.isWhole() && (oldest > 0 || value.number() > 0)) return kTorn;
    if (value.number() < oldest || version < version_) return kBack;
    if (value.number() > progress_.begun.load()) return kAhead;
    version_ = version;
    return kPartPlayed;
  }
  /// A number of writes, each of them read.
  int writeAndRead(int times) {
    for (int i = 0; i < times; ++i) {
      if (const int result = write(); result != kPartPlayed) return result;
      if (const int result = read(); result != kPartPlayed) return result;
    }
    return kPartPlayed;
  }

 private:
  std::unique_ptr<AnySnapshot> snapshot_;
  Progress& progress_;
  std::uint64_t version_ = 0;
};

std::string describeEnd(const std::optional<int>& status) {
  if (!status) return fmt::format("is still in a call after {} ms", kPatience.count());
  if (!WIFEXITED(*status)) return "was " + describeStatus(*status);
  switch (WEXITSTATUS(*status)) {
    case kTorn:
      return "read a torn value";
    case kBack:
      return "read an older value than one that was there before";
    case kAhead:
      return "read a value that nobody had written";
    case kRefused:
      return "was refused";
    default:
      return describeStatus(*status);
  }
}

class SnapshotPlay {
 public:
  SnapshotPlay(Stage& stage, const SnapshotEntry& snapshot, std::string fault_point)
      : stage_(stage), snapshot_(snapshot), pages_(sizeof(Progress)) {
    stage_.reset();
    progress_ = new (pages_.data()) Progress{};
    outcome_.fault_point = std::move(fault_point);
  }
  ~SnapshotPlay() { stage_.removeNames(); }
  SnapshotPlay(const SnapshotPlay&) = delete;
  SnapshotPlay& operator=(const SnapshotPlay&) = delete;

  bool prepare() {
    return playedBy("who made it", [](Hand& hand) { return hand.writeAndRead(3); });
  }
  /// In a process of its own, to its end. False, and the outcome says why, when that is no good
  /// one.
  template <class Part>
  bool playedBy(std::string_view who, Part&& part) {
    Child child = cast(part);
    return endedWell(who, child);
  }
  template <class Part>
  Child cast(Part part) {
    return Child([this, part] {
      Hand hand(snapshot_, stage_.name(), *progress_);
      return part(hand);
    });
  }
  bool endedWell(std::string_view who, Child& child) {
    const std::optional<int> status = child.waitFor(kPatience);
    if (playedItsPart(status)) return true;
    outcome_.progress = status ? ProgressClass::Corrupts : ProgressClass::Stalls;
    outcome_.evidence = fmt::format("{} {}", who, describeEnd(status));
    return false;
  }
  bool callVictim(const SteppedSnapshotCall& stepped) {
    const auto work = [this, stepped] {
      Hand hand(snapshot_, stage_.name(), *progress_);
      CallMark mark;
      mark.setBy(stage_.words(), stepped.step_to);
      return stepped.call == SnapshotCall::Write ? hand.write(mark) : hand.read(mark);
    };
    victim_.emplace(work, stage_.words(), stepped.step_to);
    return victim_->reachCall(kPatience);
  }
  SteppedChild& victim() { return *victim_; }
  Progress& progress() { return *progress_; }
  TrialOutcome& outcome() { return outcome_; }

 private:
  Stage& stage_;
  const SnapshotEntry& snapshot_;
  SharedPages pages_;
  Progress* progress_;
  TrialOutcome outcome_;
  std::optional<SteppedChild> victim_;
};

void goOnUntilItsEnd(SnapshotPlay& play, SnapshotCall call, bool kills) {
  const bool meanwhile =
      play.playedBy("one beside a process that stands still", [call](Hand& hand) {
        return call == SnapshotCall::Read ? hand.writeAndRead(kWritesMeanwhile) : hand.read();
      });
  if (kills) {
    play.victim().child().kill();
  } else {
    play.victim().letGo();
    if (meanwhile && !play.endedWell("one that had stood still", play.victim().child())) return;
  }
  if (meanwhile) play.playedBy("a survivor", [](Hand& hand) { return hand.writeAndRead(4); });
}

int readUntilTheEnd(Hand& hand, const Progress& progress) {
  while (progress.stop.load(std::memory_order_relaxed) == 0) {
    if (const int result = hand.read(); result != kPartPlayed) return result;
  }
  return kPartPlayed;
}

int writeUntilTheEnd(Hand& hand, const Progress& progress) {
  while (progress.stop.load(std::memory_order_relaxed) == 0) {
    if (const int result = hand.write(); result != kPartPlayed) return result;
  }
  return kPartPlayed;
}

}  // namespace

long lengthOf(Stage& stage, const SnapshotEntry& snapshot, const SteppedSnapshotCall& call) {
  SnapshotPlay play(stage, snapshot, "");
  long steps = 0;
  if (!play.prepare() || !play.callVictim(call)) return 0;
  do {
    ++steps;
  } while (steps < kMostSteps && play.victim().step());
  return steps;
}

std::optional<TrialOutcome> strikeSnapshot(Stage& stage, const SnapshotEntry& snapshot,
                                           const SteppedSnapshotCall& call, bool kills,
                                           long steps) {
  SnapshotPlay play(
      stage, snapshot,
      fmt::format("{}, {} {}", call.call == SnapshotCall::Read ? "read" : "write",
                  call.step_to == StepTo::NextInstruction ? "instruction" : "kill point", steps));
  play.outcome().faults = 1;
  if (!play.prepare()) return std::move(play.outcome());
  if (!play.callVictim(call)) return std::nullopt;
  for (long i = 0; i < steps; ++i) {
    if (!play.victim().step()) return std::nullopt;
  }
  goOnUntilItsEnd(play, call.call, kills);
  return std::move(play.outcome());
}

TrialOutcome stormSnapshot(Stage& stage, const SnapshotEntry& snapshot, std::uint32_t kills,
                           std::uint64_t seed) {
  constexpr int kReaders = 2;
  constexpr ::timespec kBetween = {0, 2'000'000};
  SnapshotPlay play(stage, snapshot,
                    fmt::format("storm of a writer and {} readers, seed {}", kReaders, seed));
  if (!play.prepare()) return std::move(play.outcome());
  std::mt19937_64 random(seed);
  std::vector<Child> children;  // the writer first
  const auto cast = [&](bool writes) {
    return play.cast([&play, writes](Hand& hand) {
      return writes ? writeUntilTheEnd(hand, play.progress())
                    : readUntilTheEnd(hand, play.progress());
    });
  };
  for (int i = 0; i <= kReaders; ++i) children.push_back(cast(i == 0));
  for (std::uint32_t i = 0; i < kills; ++i) {
    ::nanosleep(&kBetween, nullptr);
    const std::size_t victim = random() % children.size();
    if (children[victim].waitFor(std::chrono::nanoseconds(0))) break;  // see below
    children[victim].kill();
    children[victim] = cast(victim == 0);
    ++play.outcome().faults;
  }
  for (int i = 0; i < 4; ++i) ::nanosleep(&kBetween, nullptr);
  play.progress().stop.store(1);
  for (std::size_t i = 0; i < children.size(); ++i) {
    if (!play.endedWell(i == 0 ? "the writer" : "a reader", children[i])) {
      return std::move(play.outcome());
    }
  }
  play.playedBy("who came after the storm", [](Hand& hand) { return hand.writeAndRead(4); });
  return std::move(play.outcome());
}

}  // namespace ringside::harness
