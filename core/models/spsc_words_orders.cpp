// spsc_words_orders [MUTANT]: the ring of SPSC whose slots have words, as spsc_orders.
#include "relacy_model.hpp"

namespace ringside::models {
namespace {

struct WordsProtocol {
  Order mark = rl::mo_release;
  Order word_seen = rl::mo_acquire;
  Order release = rl::mo_release;
  Order read_seen = rl::mo_acquire;
  bool marks_first_last = true;
  bool clears = true;
  bool copies_before_mark = true;
};

constexpr Mutant<WordsProtocol> kMutants[] = {
    {"mark_relaxed", [](WordsProtocol& p) { p.mark = rl::mo_relaxed; }},
    {"word_seen_relaxed", [](WordsProtocol& p) { p.word_seen = rl::mo_relaxed; }},
    {"release_relaxed", [](WordsProtocol& p) { p.release = rl::mo_relaxed; }},
    {"read_seen_relaxed", [](WordsProtocol& p) { p.read_seen = rl::mo_relaxed; }},
    {"mark_before_copy", [](WordsProtocol& p) { p.copies_before_mark = false; }},
    {"mark_forward", [](WordsProtocol& p) { p.marks_first_last = false; }},
    {"keep_words", [](WordsProtocol& p) { p.clears = false; }},
};

constexpr std::uint64_t kCapacity = 3;
constexpr std::uint64_t kMessages = 8;
constexpr unsigned kTries = 12;
constexpr unsigned kSteps = 60;
constexpr rl::iteration_t kSchedules = 100'000;

WordsProtocol protocol;

/// What a slot's word is for this position; 0 is for none.
constexpr std::uint64_t full(std::uint64_t position) { return position + 1; }

/// Positions are the messages' numbers: what was not published is written again by the next one,
/// which writes one at a time where the first one writes two.
class SpscWordsSuite : public rl::test_suite<SpscWordsSuite, 2> {
 public:
  void before() {
    write_position_.init(0);
    read_position_.init(0);
    for (Word& word : words_) word.init(0);
  }
  void thread(unsigned which) {
    for (int life = 0; life < 2; ++life) {
      Process process = mortal(kSteps);
      try {
        which == 0 ? produce(process, life == 0 ? 2 : 1) : consume(process);
        return;
      } catch (const Killed&) {
      }
    }
  }
  void after() {
    Process process;
    const std::uint64_t published = takeOver(process);
    consume(process);
    RL_ASSERT(delivered_ == published);
  }

 private:
  /// The position where a new producer goes on.
  std::uint64_t takeOver(Process& process) {
    const std::uint64_t written = write_position_.load(process, rl::mo_acquire);
    std::uint64_t position = read_position_.load(process, rl::mo_acquire);
    while (position < written && wordOf(position).load(process, rl::mo_acquire) == full(position)) {
      ++position;
    }
    RL_ASSERT(position == written || position == batch_begin_);  // batches are whole
    for (std::uint64_t i = position; protocol.clears && i < written; ++i) {
      wordOf(i).store(process, 0, rl::mo_relaxed);
    }
    write_position_.store(process, position, rl::mo_release);
    pushed_ = position;
    return position;
  }
  void produce(Process& process, std::uint64_t batch) {
    std::uint64_t position = takeOver(process);
    for (unsigned tries = 0; tries < kTries && position < kMessages; ++tries) {
      const std::uint64_t limit = read_position_.load(process, protocol.read_seen) + kCapacity;
      const std::uint64_t end = std::min({limit, position + batch, kMessages});
      if (end <= position) continue;
      if (protocol.copies_before_mark) fill(process, position, end);
      write_position_.store(process, end, rl::mo_relaxed);
      batch_begin_ = position;
      pushed_ = end;
      mark(process, position, end);
      if (!protocol.copies_before_mark) fill(process, position, end);
      position = end;
    }
  }
  void fill(Process& process, std::uint64_t position, std::uint64_t end) {
    for (; position < end; ++position) {
      process.step();
      payloads_.at(position % kCapacity)(RL_INFO) = position;
    }
  }
  void mark(Process& process, std::uint64_t position, std::uint64_t end) {
    for (std::uint64_t i = 0; i < end - position; ++i) {
      const std::uint64_t at = protocol.marks_first_last ? end - 1 - i : position + i;
      wordOf(at).store(process, full(at), protocol.mark);
    }
  }

  void consume(Process& process) {
    std::uint64_t position = read_position_.load(process, rl::mo_acquire);
    for (unsigned tries = 0; tries < kTries; ++tries) {
      if (wordOf(position).load(process, protocol.word_seen) != full(position)) continue;
      RL_ASSERT(position < pushed_);
      process.step();
      const std::uint64_t got = payloads_.at(position % kCapacity)(RL_INFO);
      RL_ASSERT(got == position);
      read_position_.store(process, ++position, protocol.release);
      delivered_ = position;
    }
  }

  Word& wordOf(std::uint64_t position) { return words_.at(position % kCapacity); }

  Word write_position_;
  Word read_position_;
  std::array<Word, kCapacity> words_;
  std::array<rl::var<std::uint64_t>, kCapacity> payloads_;
  // Not shared memory.
  std::uint64_t delivered_ = 0;
  std::uint64_t batch_begin_ = 0;
  std::uint64_t pushed_ = 0;
};

}  // namespace
}  // namespace ringside::models

int main(int count, char** arguments) {
  using namespace ringside::models;
  return judgeWith<SpscWordsSuite>("spsc_words", kMutants, count > 1 ? arguments[1] : "", protocol,
                                   kSchedules);
}
