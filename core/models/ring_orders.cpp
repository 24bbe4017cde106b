// ring_orders SHAPE [MUTANT]: the rings of MPSC and MPMC under the C++ memory model, with deaths at
// random steps and new processes in the entries of the dead. 0 when no schedule shows an error, or
// when a mutant's was found.
#include "ring_model.hpp"

namespace ringside::models {
namespace {

constexpr Shape kShapes[] = {
    // name          producers, consumers, capacity, slots, batch, contend, redeliver
    {"mpsc", 2, 1, 2, 2, 1, false, false},
    {"mpsc_batches", 2, 1, 3, 4, 2, false, false},
    {"mpmc", 2, 2, 2, 2, 1, true, false},
    {"mpmc_alone", 1, 2, 1, 1, 1, true, false},
    {"mpmc_batches", 1, 2, 3, 4, 2, true, false},
    {"redeliver", 1, 2, 2, 2, 1, true, true},
    {"redeliver_batches", 2, 2, 2, 2, 2, true, true},
};

constexpr Mutant<Protocol> kMutants[] = {
    {"no_announce", [](Protocol& p) { p.announces = false; }},
    {"announce_after_claim", [](Protocol& p) { p.announces_before_claim = false; }},
    {"keep_intent", [](Protocol& p) { p.retracts = false; }},
    {"repair_living_producer", [](Protocol& p) { p.spares_living_producers = false; }},
    {"repair_living_consumer", [](Protocol& p) { p.spares_living_consumers = false; }},
    {"repair_by_store", [](Protocol& p) { p.repairs_by_exchange = false; }},
    {"commit_before_copy", [](Protocol& p) { p.copies_before_commit = false; }},
    {"release_before_copy", [](Protocol& p) { p.copies_before_release = false; }},
    {"adopt_unseen", [](Protocol& p) { p.looks_again_before_adoption = false; }},
    {"adopt_without_lock", [](Protocol& p) { p.adopts_under_lock = false; }},
    {"claim_relaxed", [](Protocol& p) { p.claim = rl::mo_relaxed; }},
    {"commit_relaxed", [](Protocol& p) { p.commit = rl::mo_relaxed; }},
    {"give_back_relaxed", [](Protocol& p) { p.give_back = rl::mo_relaxed; }},
    {"full_seen_relaxed", [](Protocol& p) { p.full_seen = rl::mo_relaxed; }},
    {"free_seen_relaxed", [](Protocol& p) { p.free_seen = rl::mo_relaxed; }},
    {"position_seen_relaxed", [](Protocol& p) { p.position_seen = rl::mo_relaxed; }},
    {"repair_relaxed", [](Protocol& p) { p.repair = rl::mo_relaxed; }},
};

constexpr unsigned kMessages = 8;  // of all producers
constexpr unsigned kTries = 12;    // of each process
constexpr unsigned kSteps = 80;    // about as many has a process
constexpr rl::iteration_t kSchedules = 60'000;

Shape shape;
Protocol protocol;

/// Producers have the first entries, then come the consumers; the audit has the last two.
template <int Threads>
class RingSuite : public rl::test_suite<RingSuite<Threads>, Threads> {
 public:
  void before() { ring_.emplace(shape, protocol); }

  void thread(unsigned entry) {
    unsigned next = entry * perProducer();
    Process kernel;
    for (int life = 0; life < 2; ++life) {
      ring_->locks[entry].tryLock(kernel, entry);
      if (live(entry, next)) return;
      ring_->adoption.takeBack(entry);
      ring_->locks[entry].takeBack(entry);
    }
  }

  void after() {
    Process process;
    Consumer consumer(*ring_, history_, process, Threads, shape.consumers, perProducer());
    drain(consumer, process);
    Producer producer(*ring_, history_, process, Threads + 1);
    unsigned next = kMessages;
    const unsigned end = next + static_cast<unsigned>(shape.capacity);
    for (unsigned tries = 0; next < end && tries < kAuditTries; ++tries) producer.push(next, 1);
    RL_ASSERT(next == end);              // the full capacity
    RL_ASSERT(!producer.push(next, 1));  // and no more
    drain(consumer, process);
    history_.checkEnd(
        shape.consumers_contend && !shape.redeliver ? shape.consumers * 2 * shape.batch : 0);
  }

 private:
  static constexpr unsigned kAuditTries = 40;

  static unsigned perProducer() { return kMessages / shape.producers; }

  /// False when it died.
  bool live(unsigned entry, unsigned& next) {
    Process process = mortal(kSteps);
    try {
      if (entry < shape.producers) {
        produce(process, entry, next);
      } else {
        consume(process, entry);
      }
    } catch (const Killed&) {
      return false;
    }
    return true;
  }
  void produce(Process& process, unsigned entry, unsigned& next) {
    Producer producer(*ring_, history_, process, entry);
    const unsigned end = (entry + 1) * perProducer();
    for (unsigned tries = 0; next < end && tries < kTries; ++tries) {
      producer.push(next, std::min<std::uint64_t>(shape.batch, end - next));
    }
  }
  void consume(Process& process, unsigned entry) {
    Consumer consumer(*ring_, history_, process, entry, entry - shape.producers, perProducer());
    for (unsigned tries = 0; tries < kTries; ++tries) consumer.pop();
  }
  void drain(Consumer& consumer, Process& process) {
    for (unsigned tries = 0; tries < kAuditTries; ++tries) consumer.pop();
    RL_ASSERT(ring_->read_position.load(process, rl::mo_acquire) ==
              ring_->write_position.load(process, rl::mo_acquire));
  }

  std::optional<Ring> ring_;
  History history_;
};

int run(std::string_view mutant) {
  return shape.producers + shape.consumers == 3
             ? judgeWith<RingSuite<3>>(shape.name, kMutants, mutant, protocol, kSchedules)
             : judgeWith<RingSuite<4>>(shape.name, kMutants, mutant, protocol, kSchedules);
}

}  // namespace
}  // namespace ringside::models

int main(int count, char** arguments) {
  using namespace ringside::models;
  const Shape* found = findByName<Shape>(kShapes, count > 1 ? arguments[1] : "");
  if (found == nullptr) return 2;
  shape = *found;
  return run(count > 2 ? arguments[2] : "");
}
