#include "harness/duet/block.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <random>
#include <system_error>

#include "harness/duet/arm_process.hpp"
#include "harness/registry.hpp"
#include "harness/shared_word.hpp"
#include "harness/slot_table.hpp"

namespace ringside::harness {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::seconds kUntilReady{40};
constexpr std::chrono::seconds kUntilSlotEnded{8};  ///< beside its own length
constexpr std::chrono::seconds kUntilEnded{60};
/// How often whoever waits looks whether the other one still lives.
constexpr std::chrono::milliseconds kLook{100};
constexpr std::size_t kMostPadding = 4096;

/// Numbers of descriptors in the arm's process.
enum Handed : int { kJob = 100, kTurns, kReading, kPlugin, kProgram };

/// The page that says whose turn it is, and the descriptor by which the arm finds it.
class TurnPage {
 public:
  TurnPage() : file_(memoryFile("ringside-turns", std::string(sizeof(TurnWords), '\0'))) {
    void* const page =
        ::mmap(nullptr, sizeof(TurnWords), PROT_READ | PROT_WRITE, MAP_SHARED, file_.number(), 0);
    if (page == MAP_FAILED) throw std::system_error(errno, std::system_category(), "no memory");
    words_ = static_cast<TurnWords*>(page);
  }
  TurnPage(const TurnPage&) = delete;
  TurnPage& operator=(const TurnPage&) = delete;
  ~TurnPage() { ::munmap(words_, sizeof(TurnWords)); }

  TurnWords& words() const { return *words_; }
  int descriptor() const { return file_.number(); }

 private:
  results::Descriptor file_;
  TurnWords* words_;
};

/// What posix_spawn is told: which descriptors the arm gets, stdout to stderr, signals as a fresh
/// program expects them.
class ArmSpawn {
 public:
  ArmSpawn() {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawn_file_actions_adddup2(&actions_, STDERR_FILENO, STDOUT_FILENO);
    ::posix_spawnattr_init(&attributes_);
    ::sigset_t none;
    ::sigemptyset(&none);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK);
  }
  ArmSpawn(const ArmSpawn&) = delete;
  ArmSpawn& operator=(const ArmSpawn&) = delete;
  ~ArmSpawn() {
    ::posix_spawn_file_actions_destroy(&actions_);
    ::posix_spawnattr_destroy(&attributes_);
  }

  void hand(int descriptor, Handed as) {
    if (descriptor >= 0) ::posix_spawn_file_actions_adddup2(&actions_, descriptor, as);
  }
  /// The process; throws std::system_error. `environment_bytes`: by so much its stack is moved.
  ::pid_t start(std::size_t environment_bytes) const {
    const std::string padding = "RINGSIDE_PADDING=" + std::string(environment_bytes, 'x');
    std::vector<char*> environment = {const_cast<char*>(padding.c_str())};
    for (char** one = environ; *one != nullptr; ++one) environment.push_back(*one);
    environment.push_back(nullptr);
    const std::string program = fmt::format("/proc/self/fd/{}", static_cast<int>(kProgram));
    const std::string job = std::to_string(kJob);
    const char* const arguments[] = {"ringside", kArmVerb, "--job", job.c_str(), nullptr};
    ::pid_t pid = -1;
    const int failure = ::posix_spawn(&pid, program.c_str(), &actions_, &attributes_,
                                      const_cast<char* const*>(arguments), environment.data());
    if (failure != 0) {
      throw std::system_error(failure, std::system_category(), "an arm cannot be started");
    }
    return pid;
  }

 private:
  ::posix_spawn_file_actions_t actions_ = {};
  ::posix_spawnattr_t attributes_ = {};
};

/// One arm's process, from its start to its reading. Killed when it goes.
class ArmProcess {
 public:
  ArmProcess(const Side& side, SlotJob job, std::uint32_t link, std::size_t padding)
      : reading_(memoryFile("ringside-reading", "")) {
    const results::Descriptor program = side.files->freshProgram();
    const results::Descriptor plugin = side.files->freshPlugin(link);
    job.injection = side.injection;
    if (!side.cell.empty()) {
      job.cell = side.cell;
      job.suite = side.suite;
    }
    job.turns_descriptor = kTurns;
    job.reading_descriptor = kReading;
    job.parent = ::getpid();
    if (side.files->hasPlugin()) job.plugin = fmt::format("/proc/self/fd/{}", int{kPlugin});
    const results::Descriptor text = memoryFile("ringside-job", toJson(job));
    ArmSpawn spawn;
    spawn.hand(text.number(), kJob);
    spawn.hand(turns_.descriptor(), kTurns);
    spawn.hand(reading_.number(), kReading);
    spawn.hand(plugin.number(), kPlugin);
    spawn.hand(program.number(), kProgram);
    pid_ = spawn.start(padding);
  }
  ArmProcess(const ArmProcess&) = delete;
  ArmProcess& operator=(const ArmProcess&) = delete;
  ~ArmProcess() {
    if (ended_) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, &status_, 0);
  }

  /// False when it has ended, or does not come to that in time.
  bool isReadyWithin(std::chrono::nanoseconds patience, InterruptWatch& interrupts) {
    return waitFor(words().ready, 1, patience, interrupts);
  }
  /// Lets it run one slot, counted from 1. False when it did not come to its end.
  bool runSlot(std::uint32_t slot, std::chrono::nanoseconds patience, InterruptWatch& interrupts) {
    words().turn.store(slot, std::memory_order_release);  // SYNC: SlotSeat::begin()
    wakeAll(words().turn);
    return waitFor(words().ended, slot, patience, interrupts) && words().trouble.load() == 0;
  }
  void endSlots() {
    words().turn.store(kNoMoreSlots, std::memory_order_release);
    wakeAll(words().turn);
  }
  /// Waits for its end and takes what it has left.
  ArmReading read(InterruptWatch& interrupts) {
    const auto limit = steady_clock::now() + kUntilEnded;
    while (!hasEnded() && !interrupts.interrupted() && steady_clock::now() < limit) ::usleep(500);
    ArmReading reading;
    try {
      reading = armReadingFrom(contentOf(reading_));
    } catch (const std::exception&) {
      reading.trouble = ended_ ? how() : "its process hung, and was killed";
    }
    return reading;
  }

 private:
  TurnWords& words() const { return turns_.words(); }
  bool hasEnded() {
    if (!ended_) ended_ = ::waitpid(pid_, &status_, WNOHANG) == pid_;
    return ended_;
  }
  std::string how() const {
    if (!WIFSIGNALED(status_)) {
      return fmt::format("its process ended with {} and left nothing", WEXITSTATUS(status_));
    }
    return fmt::format("its process was killed by SIG{}", ::sigabbrev_np(WTERMSIG(status_)));
  }
  bool waitFor(const std::atomic<std::uint32_t>& word, std::uint32_t wanted,
               std::chrono::nanoseconds patience, InterruptWatch& interrupts) {
    const auto limit = steady_clock::now() + patience;
    for (;;) {
      const std::uint32_t seen = word.load(std::memory_order_acquire);  // SYNC: SlotSeat::end()
      if (seen == wanted) return true;
      if (hasEnded() || interrupts.interrupted() || steady_clock::now() > limit) return false;
      sleepWhile(word, seen, kLook);
    }
  }

  TurnPage turns_;
  results::Descriptor reading_;
  ::pid_t pid_ = -1;
  int status_ = 0;
  bool ended_ = false;
};

/// Both arms in the order in which they were started, and which side each is.
using Arms = std::vector<std::unique_ptr<ArmProcess>>;

Arms startArms(const std::vector<Side>& sides, const BlockOrder& order, const SlotJob& job,
               std::mt19937_64& chance, InterruptWatch& interrupts) {
  std::vector<std::size_t> sequence(sides.size());
  for (std::size_t i = 0; i < sides.size(); ++i) sequence[i] = i;
  if (sequence.size() == 2 && (chance() & 1) != 0) std::swap(sequence[0], sequence[1]);
  Arms arms(sides.size());
  for (const std::size_t side : sequence) {
    if (sides[side].before_start) sides[side].before_start();
    arms[side] = std::make_unique<ArmProcess>(sides[side], job, order.number,
                                              static_cast<std::size_t>(chance() % kMostPadding));
    if (sides[side].before_start) arms[side]->isReadyWithin(kUntilReady, interrupts);
  }
  return arms;
}

/// The arm that did not come to the end, where there is one.
std::optional<std::size_t> runPairs(const std::vector<Side>& sides, Arms& arms,
                                    const SlotTiming& timing, Session& session,
                                    std::mt19937_64& chance, std::vector<bool>& second_first) {
  const auto patience = kUntilSlotEnded + std::chrono::nanoseconds(timing.slot_ns + timing.skip_ns);
  for (std::uint32_t slot = 1; slot <= timing.slots; ++slot) {
    const bool swapped = arms.size() == 2 && (chance() & 1) != 0;
    second_first.push_back(swapped);
    for (std::size_t turn = 0; turn < arms.size(); ++turn) {
      const std::size_t side = swapped ? 1 - turn : turn;
      if (sides[side].before_slot) sides[side].before_slot();
      if (!arms[side]->runSlot(slot, patience, session.interrupts())) return side;
    }
  }
  return std::nullopt;
}

/// The same of their beginning.
std::optional<std::size_t> waitUntilReady(Arms& arms, InterruptWatch& interrupts) {
  for (std::size_t side = 0; side < arms.size(); ++side) {
    if (!arms[side]->isReadyWithin(kUntilReady, interrupts)) return side;
  }
  return std::nullopt;
}

/// The names of all queues that came from a plug-in.
std::vector<std::string> queuesOfPlugins() {
  std::vector<std::string> names;
  for (const QueueEntry& entry : allQueues()) {
    if (!entry.origin.empty()) names.emplace_back(entry.name);
  }
  return names;
}

}  // namespace

std::string BlockReading::trouble() const {
  const auto found = std::find_if(arms.begin(), arms.end(),
                                  [](const ArmReading& arm) { return !arm.trouble.empty(); });
  return found == arms.end() ? "" : found->trouble;
}

BlockReading runBlock(const std::vector<Side>& sides, const BlockOrder& order, Session& session) {
  std::mt19937_64 chance(order.seed);
  SlotJob job;
  job.suite = order.suite;
  job.cell = order.cell;
  job.queue = order.queue;
  job.other_queues = queuesOfPlugins();
  job.timing = order.timing;
  job.seed = chance();
  job.clock = session.clock();
  job.clock_bound_ns = order.clock_bound_ns;
  job.tries_senders = order.tries_senders;
  job.clock_step_ns = session.clockSurvey().step().step_ns;
  BlockReading reading;
  Arms arms = startArms(sides, order, job, chance, session.interrupts());
  reading.stuck = waitUntilReady(arms, session.interrupts());
  if (!reading.stuck) {
    reading.stuck = runPairs(sides, arms, order.timing, session, chance, reading.second_first);
  }
  for (const auto& arm : arms) arm->endSlots();
  for (const auto& arm : arms) reading.arms.push_back(arm->read(session.interrupts()));
  reading.interrupted = session.interrupts().interrupted();
  return reading;
}

}  // namespace ringside::harness
