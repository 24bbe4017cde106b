// What the processes of a trial do, each in a child of its own.
#pragma once

#include <cstdint>

#include "harness/verify/actor.hpp"

namespace ringside::harness {

/// The call that a victim is in when it is struck.
enum class Call : std::uint8_t { Push, PushBatch, Pop, PopBatch, PushBlocking, PopBlocking };
constexpr bool isPush(Call call) {
  return call == Call::Push || call == Call::PushBatch || call == Call::PushBlocking;
}
constexpr bool isBlocking(Call call) {
  return call == Call::PushBlocking || call == Call::PopBlocking;
}
constexpr bool isBatch(Call call) { return call == Call::PushBatch || call == Call::PopBatch; }

/// How long an actor keeps on without any success before it says that nothing moves any more. Far
/// beyond what a survivor needs: a kernel takes up to a tenth of a second to bury a large process.
constexpr std::chrono::milliseconds kNothingMoves{1000};
/// How long a sleeper may sleep in trials of waking: a wake that is lost shows as one that hangs.
constexpr std::chrono::seconds kLongSlice{20};
/// And how often it tries before it sleeps: each try is stepped through.
constexpr int kFewTries = 2;

// Exit codes of actors; all else is a death.
constexpr int kPartPlayed = 0;
constexpr int kLogFull = 10;
constexpr int kNothingMoved = 11;

/// What lies in the queue when the victim comes.
struct Filling {
  std::uint64_t laps = 0;      ///< elements that went through before
  std::uint64_t elements = 0;  ///< that lie in it
};

/// Makes the queue, measures how many elements it holds, and leaves it filled. Where several may
/// attach it stays, idle, until it is killed: some queues forget what they hold when nobody has
/// them open.
int playFiller(const ActorContext& context, const Filling& filling);

/// Makes one call, marked for who steps through it.
int playVictim(const ActorContext& context, Call call, StepTo step_to);

/// Acts that a bystander plays, in this order, each when StageWords::act says so. Before the first
/// it attaches what the victim leaves it.
enum class Act : std::uint32_t {
  Attach = 0,
  Meanwhile = 1,  ///< some tries of what it can, while the victim stands still
  Answer = 2,     ///< one call against the victim's, to end or begin its wait
  Aftermath = 3,  ///< the victim is dead or through: see playFinisher
  Leave = 4
};
int playBystander(const ActorContext& context, Call victims_call);

/// Attaches in the place of a victim that was killed in this call, and stays there idle until it is
/// killed itself.
int playNewcomer(const ActorContext& context, Call victims_call);

/// A producer or consumer of a storm, until it is told to stop.
struct StormPart {
  bool produces = true;
  bool batches = false;
  std::uint64_t seed = 0;
  std::uint64_t most_elements = kMaxLogged;  ///< a producer ends after so many
  std::uint64_t stays_one_in = 0;  ///< at one of so many kill points, until let go; 0: at none
};
int playInStorm(const ActorContext& context, const StormPart& part);

/// Attaches both sides afresh, exchanges more than the queue holds, measures again how many it
/// holds, and empties it.
int playFinisher(const ActorContext& context);

}  // namespace ringside::harness
