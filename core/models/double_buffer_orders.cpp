// double_buffer_orders [MUTANT]: DoubleBuffer under the C++ memory model, with deaths at random
// steps: one writer, one reader that copies, two viewers that pin. 0 when no schedule shows an
// error, or when a mutant's was found.
#include "ringside/double_buffer.hpp"
// After what is not to be simulated.
#include "relacy_model.hpp"

namespace ringside::models {
namespace {

struct BufferProtocol {
  Order word_store = rl::mo_release;
  Order word_seen = rl::mo_acquire;
  Order name = rl::mo_acq_rel;
  Order state_seen = rl::mo_acquire;
  Order pin = rl::mo_acquire;
  Order let_go = rl::mo_release;
  bool takes_back_dead_pin = true;
};

constexpr Mutant<BufferProtocol> kMutants[] = {
    {"word_store_relaxed", [](BufferProtocol& p) { p.word_store = rl::mo_relaxed; }},
    {"word_seen_relaxed", [](BufferProtocol& p) { p.word_seen = rl::mo_relaxed; }},
    {"name_relaxed", [](BufferProtocol& p) { p.name = rl::mo_relaxed; }},
    {"state_seen_relaxed", [](BufferProtocol& p) { p.state_seen = rl::mo_relaxed; }},
    {"pin_relaxed", [](BufferProtocol& p) { p.pin = rl::mo_relaxed; }},
    {"let_go_relaxed", [](BufferProtocol& p) { p.let_go = rl::mo_relaxed; }},
    {"keep_dead_pin", [](BufferProtocol& p) { p.takes_back_dead_pin = false; }},
};

constexpr unsigned kWrites = 6;
constexpr unsigned kTries = 4;
constexpr unsigned kSteps = 40;
constexpr rl::iteration_t kSchedules = 100'000;

BufferProtocol protocol;

/// Copies read `words`, one of which is the version it belongs to; views read `in_place`, which is
/// the same memory, so there any write meanwhile is a race.
struct Buffer {
  Word stamp;
  std::array<Word, 2> words;
  rl::var<std::uint64_t> in_place;
};

class BufferSuite : public rl::test_suite<BufferSuite, 4> {
  using State = DoubleBufferState;

 public:
  void before() {
    state_.init(0);
    viewers_.init();
    for (Buffer& buffer : buffers_) {
      buffer.stamp.init(0);
      for (Word& word : buffer.words) word.init(0);
      buffer.in_place(RL_INFO) = 0;
    }
  }
  void thread(unsigned which) {
    for (int life = 0; life < 2; ++life) {
      Process process = mortal(kSteps);
      try {
        if (which == 0) return write(process);
        if (which == 1) return copy(process);
        return view(process, which);
      } catch (const Killed&) {
      }
      viewers_.takeBack(which);
    }
  }
  void after() {
    Process process;
    const State state(state_.load(process, rl::mo_acquire));
    RL_ASSERT(state.version() == named_);  // no write was lost
    const std::uint64_t value = buffers_[state.current()].in_place(RL_INFO);
    RL_ASSERT(value == named_);
  }

 private:
  void write(Process& process) {
    for (unsigned i = 0; i < kWrites; ++i) {
      const State before(state_.load(process, protocol.state_seen));
      Buffer& buffer = buffers_[before.freeBuffer()];
      buffer.stamp.store(process, before.version() + 1, rl::mo_relaxed);
      buffer.in_place(RL_INFO) = before.version() + 1;
      for (Word& word : buffer.words)
        word.store(process, before.version() + 1, protocol.word_store);
      std::uint64_t word = before.word();
      while (!state_.exchangeIf(process, word, State(word).withCurrent(before.freeBuffer()).word(),
                                protocol.name)) {
      }
      ++named_;
    }
  }

  void copy(Process& process) {
    std::uint64_t last = 0;
    for (unsigned i = 0; i < kTries; ++i) {
      const State seen(state_.load(process, protocol.state_seen));
      const Buffer& buffer = buffers_[seen.current()];
      const std::uint64_t first = buffer.words[0].load(process, protocol.word_seen);
      const std::uint64_t second = buffer.words[1].load(process, protocol.word_seen);
      if (buffer.stamp.load(process, rl::mo_relaxed) != seen.version()) continue;
      RL_ASSERT(first == seen.version() && second == seen.version());  // never torn
      RL_ASSERT(seen.version() >= last);                               // never back
      last = seen.version();
    }
  }

  void view(Process& process, unsigned which) {
    for (unsigned i = 0; i < kTries; ++i) {
      if (!viewers_.tryLock(process, which)) continue;
      const State before(state_.load(process, rl::mo_acquire));
      if (before.pinned() && protocol.takes_back_dead_pin) letGo(process);
      const State pinned(state_.add(process, State::kPin, protocol.pin));
      for (int looks = 0; looks < 2; ++looks) {
        process.step();
        const std::uint64_t value = buffers_[pinned.current()].in_place(RL_INFO);
        RL_ASSERT(value == pinned.version());  // whole, and the same throughout
      }
      letGo(process);
      viewers_.unlock(process);
    }
  }
  void letGo(Process& process) { state_.bitAnd(process, ~State::kPinAndHeld, protocol.let_go); }

  Word state_;
  KernelLock viewers_;
  std::array<Buffer, State::kBuffers> buffers_;
  std::uint64_t named_ = 0;  ///< not shared memory
};

}  // namespace
}  // namespace ringside::models

int main(int count, char** arguments) {
  using namespace ringside::models;
  return judgeWith<BufferSuite>("double_buffer", kMutants, count > 1 ? arguments[1] : "", protocol,
                                kSchedules);
}
