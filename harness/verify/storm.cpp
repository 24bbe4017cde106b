#include <fmt/format.h>
#include <sys/wait.h>
#include <time.h>

#include <random>
#include <vector>

#include "harness/verify/play.hpp"

namespace ringside::harness {
namespace {

using std::chrono::milliseconds;

constexpr int kQuietMs = 3;

class StormPlay {
 public:
  StormPlay(Stage& stage, const Storm& storm)
      : play_(stage, fmt::format("storm of {} producers and {} consumers, seed {}", storm.producers,
                                 storm.consumers, storm.seed)),
        storm_(storm),
        // Rare enough that most calls end, so often that many are caught in each storm.
        stays_one_in_(storm.at_kill_points ? 100 : 0),
        random_(storm.seed) {}

  TrialOutcome run() {
    if (play_.fill({random_() % 9, 0})) {
      for (std::uint32_t i = 0; i < storm_.producers; ++i) cast(part(true));
      for (std::uint32_t i = 0; i < storm_.consumers; ++i) cast(part(false));
      if (strike() && calm()) finish();
    }
    return std::move(play_.outcome());
  }

 private:
  struct Actor {
    std::uint32_t number;
    Child child;
    StormPart part;
  };

  StormPart part(bool produces) {
    return {.produces = produces,
            .batches = storm_.batches,
            .seed = random_(),
            .stays_one_in = stays_one_in_};
  }
  void cast(const StormPart& part) {
    Stage& stage = play_.stage();
    const std::uint32_t number = stage.castActor();
    actors_.push_back({number, Child([&stage, number, part] {
                         return stage.enact(
                             number, [&](const ActorContext& me) { return playInStorm(me, part); });
                       }),
                       part});
  }

  /// Who has left because its log was full is replaced; any other end is none that was dealt.
  bool keepUp() {
    for (std::size_t i = 0; i < actors_.size(); ++i) {
      const std::optional<int> status = actors_[i].child.waitFor(milliseconds(0));
      if (!status) continue;
      if (!WIFEXITED(*status) || WEXITSTATUS(*status) != kLogFull) {
        end(status, fmt::format("an actor that nobody struck ({})",
                                actors_[i].part.produces ? "producer" : "consumer"));
        return false;
      }
      if (play_.stage().hasRoomForActors(2)) replace(i);  // and one who comes after the storm
    }
    return true;
  }
  void replace(std::size_t i) {
    StormPart part = actors_[i].part;
    part.seed = random_();
    actors_.erase(actors_.begin() + static_cast<std::ptrdiff_t>(i));
    cast(part);
  }

  bool strike() {
    for (std::uint32_t struck = 0; struck < storm_.kills + storm_.stops; ++struck) {
      pause(20'000 + static_cast<long>(random_() % 400'000));
      if (!keepUp()) return false;
      if (!play_.stage().hasRoomForActors(4)) break;  // the rest comes in another storm
      if (!storm_.at_kill_points) {
        strikeOne(random_() % actors_.size());
      } else if (const std::optional<std::size_t> held = oneAtAKillPoint()) {
        strikeHeld(*held);
      }
    }
    play_.words().nobody_stays.store(1);
    for (int i = 0; i < kQuietMs; ++i) {  // and some time without
      pause(1'000'000);
      if (!keepUp()) return false;
    }
    return true;
  }
  /// Killed at once, or stopped and then killed or let go on, in the proportion that was asked for.
  void strikeOne(std::size_t i) {
    Child& child = actors_[i].child;
    if (random_() % (storm_.kills + storm_.stops) < storm_.stops) {
      ++play_.outcome().faults;
      child.signal(SIGSTOP);
      pause(static_cast<long>(random_() % 600'000));
      if (random_() % 2 == 0) return child.signal(SIGCONT);
    }
    kill(i);
  }
  void kill(std::size_t i) {
    ++play_.outcome().faults;
    actors_[i].child.kill();
    replace(i);
  }

  std::optional<std::size_t> oneAtAKillPoint() const {
    for (std::size_t i = 0; i < actors_.size(); ++i) {
      if (play_.words().stays_at[actors_[i].number].load() != nullptr) return i;
    }
    return std::nullopt;
  }
  /// It is killed where it stays, or goes on, perhaps after another was killed.
  void strikeHeld(std::size_t held) {
    const std::size_t other = (held + 1) % actors_.size();
    const std::uint64_t what = random_() % 3;
    if (what == 0) return kill(held);
    const std::uint32_t number = actors_[held].number;
    if (what == 1) kill(other);
    play_.words().stays_at[number].store(nullptr);
  }

  /// No more faults: producers end, then consumers, once nothing comes any more.
  bool calm() {
    for (Actor& actor : actors_) actor.child.signal(SIGCONT);
    play_.words().stop_producing.store(1);
    if (!leaveAll(true)) return false;
    play_.words().stop_all.store(1);
    return leaveAll(false);
  }
  bool leaveAll(bool producers) {
    for (Actor& actor : actors_) {
      if (actor.part.produces != producers) continue;
      const std::optional<int> status = play_.waitForEndOf(actor.child);
      const bool left = status && WIFEXITED(*status) &&
                        (WEXITSTATUS(*status) == kPartPlayed || WEXITSTATUS(*status) == kLogFull);
      if (left) continue;
      end(status, producers ? "a producer that survived" : "a consumer that survived");
      return false;
    }
    return true;
  }

  void finish() {
    Stage& stage = play_.stage();
    const std::uint32_t actor = stage.castActor();
    Child finisher([&] { return stage.enact(actor, playFinisher); });
    const std::optional<int> status = play_.waitForEndOf(finisher);
    finisher.kill();
    actors_.clear();
    if (playedItsPart(status)) return play_.finish(Ending::Complete, "");
    play_.finishBecauseOf("who came after the storm", status);
  }

  void end(const std::optional<int>& status, std::string_view who) {
    actors_.clear();
    play_.finishBecauseOf(who, status);
  }

  static void pause(long ns) {
    const ::timespec time = {0, ns};
    ::nanosleep(&time, nullptr);
  }

  Play play_;
  Storm storm_;
  std::uint64_t stays_one_in_;
  std::mt19937_64 random_;
  std::vector<Actor> actors_;
};

}  // namespace

TrialOutcome runStorm(Stage& stage, const Storm& storm) { return StormPlay(stage, storm).run(); }

}  // namespace ringside::harness
