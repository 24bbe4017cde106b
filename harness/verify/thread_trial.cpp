#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <random>
#include <thread>
#include <vector>

#include "harness/verify/play.hpp"

namespace ringside::harness {
namespace {

/// How long the producers go on.
constexpr long kCalmNs = 3'000'000;

/// In the process whose threads are the actors.
class ThreadedActors {
 public:
  /// The numbers are those of the filler, of producers and consumers, and of the finisher.
  ThreadedActors(Stage& stage, const Storm& storm, const std::vector<std::uint32_t>& numbers)
      : stage_(stage), storm_(storm), numbers_(numbers), random_(storm.seed) {}

  /// As actors answer: the first answer that is not kPartPlayed.
  int play() {
    stage_.holdForThreads();
    const Filling nothing = {random_() % 9, 0};
    const int filled = stage_.enact(
        numbers_.front(), [&](const ActorContext& me) { return playFiller(me, nothing); });
    if (filled != kPartPlayed) return filled;
    for (std::uint32_t i = 0; i < storm_.producers; ++i) cast(producers_, true);
    for (std::uint32_t i = 0; i < storm_.consumers; ++i) cast(consumers_, false);
    const ::timespec time = {0, kCalmNs};
    ::nanosleep(&time, nullptr);
    stage_.words().stop_producing.store(1);
    join(producers_);
    stage_.words().stop_all.store(1);
    join(consumers_);
    const auto bad = std::find_if(answers_.begin(), answers_.end(), [](int answer) {
      return answer != kPartPlayed && answer != kLogFull;
    });
    return bad != answers_.end() ? *bad : stage_.enact(numbers_.back(), playFinisher);
  }

 private:
  void cast(std::vector<std::thread>& threads, bool produces) {
    const std::size_t i = ++cast_;
    const StormPart part = {.produces = produces, .batches = storm_.batches, .seed = random_()};
    threads.emplace_back([this, i, part] {
      answers_[i] = stage_.enact(numbers_[i],
                                 [&part](const ActorContext& me) { return playInStorm(me, part); });
    });
  }
  static void join(std::vector<std::thread>& threads) {
    for (std::thread& thread : threads) thread.join();
  }

  Stage& stage_;
  const Storm& storm_;
  const std::vector<std::uint32_t>& numbers_;
  std::mt19937_64 random_;
  std::size_t cast_ = 0;
  std::vector<int> answers_ = std::vector<int>(numbers_.size(), kPartPlayed);
  std::vector<std::thread> producers_;
  std::vector<std::thread> consumers_;
};

}  // namespace

TrialOutcome runThreads(Stage& stage, const Storm& storm) {
  Play play(stage, fmt::format("{} producers and {} consumers, threads of one process, seed {}",
                               storm.producers, storm.consumers, storm.seed));
  std::vector<std::uint32_t> numbers(2 + storm.producers + storm.consumers);
  for (std::uint32_t& number : numbers) number = stage.castActor();
  Child process([&] { return ThreadedActors(stage, storm, numbers).play(); });
  const std::optional<int> status = play.waitForEndOf(process);
  process.kill();
  if (playedItsPart(status)) {
    play.finish(Ending::Complete, "");
  } else {
    play.finishBecauseOf("the process of all threads", status);
  }
  return std::move(play.outcome());
}

}  // namespace ringside::harness
