// spsc_orders [MUTANT]: the ring of SPSC under the C++ memory model, with deaths at random steps
// and a new process in the place of each dead one. 0 when no schedule shows an error, or when a
// mutant's was found.
#include "relacy_model.hpp"

namespace ringside::models {
namespace {

struct SpscProtocol {
  Order publish = rl::mo_release;
  Order written_seen = rl::mo_acquire;
  Order release = rl::mo_release;
  Order read_seen = rl::mo_acquire;
  bool copies_before_publish = true;
  bool copies_before_release = true;
};

constexpr Mutant<SpscProtocol> kMutants[] = {
    {"publish_relaxed", [](SpscProtocol& p) { p.publish = rl::mo_relaxed; }},
    {"written_seen_relaxed", [](SpscProtocol& p) { p.written_seen = rl::mo_relaxed; }},
    {"release_relaxed", [](SpscProtocol& p) { p.release = rl::mo_relaxed; }},
    {"read_seen_relaxed", [](SpscProtocol& p) { p.read_seen = rl::mo_relaxed; }},
    {"commit_before_copy", [](SpscProtocol& p) { p.copies_before_publish = false; }},
    {"release_before_copy", [](SpscProtocol& p) { p.copies_before_release = false; }},
};

constexpr std::uint64_t kCapacity = 3;
constexpr std::uint64_t kBatch = 2;
constexpr std::uint64_t kMessages = 8;
constexpr unsigned kTries = 12;
constexpr unsigned kSteps = 40;
constexpr rl::iteration_t kSchedules = 100'000;

SpscProtocol protocol;

/// Positions are the messages' numbers: what was not published is written again by the next one.
class SpscSuite : public rl::test_suite<SpscSuite, 2> {
 public:
  void before() {
    write_position_.init(0);
    read_position_.init(0);
  }
  void thread(unsigned which) {
    for (int life = 0; life < 2; ++life) {
      Process process = mortal(kSteps);
      try {
        which == 0 ? produce(process) : consume(process);
        return;
      } catch (const Killed&) {
      }
    }
  }
  void after() {
    Process process;
    consume(process);
    RL_ASSERT(delivered_ == write_position_.load(process, rl::mo_acquire));
  }

 private:
  void produce(Process& process) {
    std::uint64_t position = write_position_.load(process, rl::mo_acquire);
    for (unsigned tries = 0; tries < kTries && position < kMessages; ++tries) {
      const std::uint64_t limit = read_position_.load(process, protocol.read_seen) + kCapacity;
      const std::uint64_t end = std::min({limit, position + kBatch, kMessages});
      if (protocol.copies_before_publish) fill(process, position, end);
      write_position_.store(process, end, protocol.publish);
      if (!protocol.copies_before_publish) fill(process, position, end);
      position = end;
    }
  }
  void fill(Process& process, std::uint64_t position, std::uint64_t end) {
    for (; position < end; ++position) {
      process.step();
      payloads_.at(position % kCapacity)(RL_INFO) = position;
    }
  }

  void consume(Process& process) {
    std::uint64_t position = read_position_.load(process, rl::mo_acquire);
    for (unsigned tries = 0; tries < kTries; ++tries) {
      const std::uint64_t limit = write_position_.load(process, protocol.written_seen);
      const std::uint64_t end = std::min(limit, position + kBatch);
      if (protocol.copies_before_release) check(process, position, end);
      read_position_.store(process, end, protocol.release);
      delivered_ = end;
      if (!protocol.copies_before_release) check(process, position, end);
      position = end;
    }
  }
  void check(Process& process, std::uint64_t position, std::uint64_t end) {
    for (; position < end; ++position) {
      process.step();
      const std::uint64_t got = payloads_.at(position % kCapacity)(RL_INFO);
      RL_ASSERT(got == position);
    }
  }

  Word write_position_;
  Word read_position_;
  std::array<rl::var<std::uint64_t>, kCapacity> payloads_;
  std::uint64_t delivered_ = 0;  ///< not shared memory
};

}  // namespace
}  // namespace ringside::models

int main(int count, char** arguments) {
  using namespace ringside::models;
  return judgeWith<SpscSuite>("spsc", kMutants, count > 1 ? arguments[1] : "", protocol,
                              kSchedules);
}
