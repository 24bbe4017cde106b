#include "harness/verify/kill_points.hpp"

#include <signal.h>
#include <time.h>

#include <random>

#include "ringside/kill_point.hpp"

namespace ringside::harness {

#if defined(RINGSIDE_KILL_POINTS)

namespace {

/// Of this process, which has one thread.
StageWords* stage_words = nullptr;
std::uint32_t own_number = 0;
std::uint64_t stays_one_in = 1;
std::minstd_rand random_points;

void stopHere(const char* name) noexcept {
  stage_words->point.store(name);
  if (stage_words->nobody_stays.load() == 0) ::raise(SIGSTOP);
}

void perhapsStayHere(const char* name) noexcept {
  if (random_points() % stays_one_in != 0) return;
  constexpr ::timespec kBetweenLooks = {0, 50'000};
  std::atomic<const char*>& stays = stage_words->stays_at[own_number];
  stays.store(name);
  while (stays.load() != nullptr && stage_words->nobody_stays.load() == 0) {
    ::nanosleep(&kBetweenLooks, nullptr);
  }
  stays.store(nullptr);
}

}  // namespace

void stopAtKillPoints(StageWords& words) noexcept {
  stage_words = &words;
  kill_point_hook.store(stopHere);
}

void stayAtSomeKillPoints(const ActorContext& context, std::uint64_t seed,
                          std::uint64_t one_in) noexcept {
  stage_words = &context.words;
  own_number = context.number;
  stays_one_in = one_in;
  random_points.seed(static_cast<std::uint32_t>(seed));
  kill_point_hook.store(perhapsStayHere);
}

void passKillPoints() noexcept { kill_point_hook.store(nullptr); }

#else

void stopAtKillPoints(StageWords&) noexcept {}
void stayAtSomeKillPoints(const ActorContext&, std::uint64_t, std::uint64_t) noexcept {}
void passKillPoints() noexcept {}

#endif

}  // namespace ringside::harness
