// wait_orders sleeper_pays|waker_pays [MUTANT]: WaitPoint under the C++ memory model. A lost
// wake-up is a deadlock, for no slice ends a sleep here. 0 when no schedule shows an error, or when
// a mutant's was found.
#include "relacy_model.hpp"

namespace ringside::models {
namespace {

struct WaitProtocol {
  Order announce = rl::mo_seq_cst;
  Order look = rl::mo_seq_cst;  ///< of a waker that pays
  Order event = rl::mo_release;
  Order event_seen = rl::mo_acquire;
  bool sleeper_pays = false;
  bool has_barrier = true;
  bool tries_again = true;
};

constexpr Mutant<WaitProtocol> kMutants[] = {
    {"no_barrier", [](WaitProtocol& p) { p.has_barrier = false; }},
    {"no_second_try", [](WaitProtocol& p) { p.tries_again = false; }},
    {"announce_relaxed", [](WaitProtocol& p) { p.announce = rl::mo_relaxed; }},
    {"look_relaxed", [](WaitProtocol& p) { p.look = rl::mo_relaxed; }},
    {"event_relaxed", [](WaitProtocol& p) { p.event = rl::mo_relaxed; }},
    {"event_seen_relaxed", [](WaitProtocol& p) { p.event_seen = rl::mo_relaxed; }},
};

constexpr unsigned kPairs = 2;  // a waker and a sleeper each
constexpr rl::iteration_t kSchedules = 100'000;

WaitProtocol protocol;

class WaitSuite : public rl::test_suite<WaitSuite, static_cast<rl::thread_id_t>(2 * kPairs)> {
 public:
  void before() {
    event_.init(0);
    sleeping_.init(0);
    for (Word& word : published_) word.init(0);
  }
  void thread(unsigned which) { which < kPairs ? publish(which) : sleep(which - kPairs); }

 private:
  void publish(unsigned what) {
    published_.at(what).store(process_, 1, rl::mo_release);
    if (isSomebodySleeping()) {
      sleeping_.store(process_, 0, rl::mo_relaxed);
      event_.add(process_, 1, protocol.event);
      event_.wakeAll();
    }
  }
  bool isSomebodySleeping() {
    if (protocol.sleeper_pays || !protocol.has_barrier)
      return sleeping_.load(process_, rl::mo_relaxed) != 0;
    return sleeping_.add(process_, 0, protocol.look) != 0;
  }

  void sleep(unsigned what) {
    while (!isThere(what)) {
      const std::uint64_t seen = event_.load(process_, protocol.event_seen);
      sleeping_.exchange(process_, 1, protocol.announce);
      if (protocol.sleeper_pays && protocol.has_barrier) rl::systemwide_fence(RL_INFO);
      if (protocol.tries_again && isThere(what)) return;
      event_.sleepWhile(seen);
    }
  }
  bool isThere(unsigned what) { return published_.at(what).load(process_, rl::mo_acquire) != 0; }

  Process process_;  ///< nobody dies
  Word event_;
  Word sleeping_;
  std::array<Word, kPairs> published_;
};

}  // namespace
}  // namespace ringside::models

int main(int count, char** arguments) {
  using namespace ringside::models;
  const std::string_view payer = count > 1 ? arguments[1] : "";
  if (payer != "sleeper_pays" && payer != "waker_pays") return 2;
  protocol.sleeper_pays = payer == "sleeper_pays";
  return judgeWith<WaitSuite>(payer, kMutants, count > 2 ? arguments[2] : "", protocol, kSchedules);
}
