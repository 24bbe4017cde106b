#include "harness/verify/damage_trial.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <filesystem>
#include <random>

#include "harness/plugin/rehearsal.hpp"
#include "harness/verify/play.hpp"

namespace ringside::harness {
namespace {

using std::chrono::milliseconds;

constexpr const char* kFolder = "/dev/shm";

void pauseFor(milliseconds time) {
  const ::timespec duration = {0, std::chrono::nanoseconds(time).count()};
  ::nanosleep(&duration, nullptr);
}

/// One file, mapped for writing by somebody who has no business there.
class Intruder {
 public:
  explicit Intruder(const std::string& path)
      : descriptor_(::open(path.c_str(), O_RDWR | O_CLOEXEC)) {
    struct ::stat facts = {};
    if (descriptor_ < 0 || ::fstat(descriptor_, &facts) != 0) return;
    size_ = static_cast<std::size_t>(facts.st_size);
    void* const data = ::mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor_, 0);
    if (data != MAP_FAILED) words_ = static_cast<std::uint64_t*>(data);
  }
  Intruder(const Intruder&) = delete;
  Intruder& operator=(const Intruder&) = delete;
  ~Intruder() {
    if (words_ != nullptr) ::munmap(words_, size_);
    ::close(descriptor_);
  }

  /// Half of the words are random, half are a little beside what stands there.
  void overwrite(std::mt19937_64& random) {
    constexpr int kWrites = 3000;
    if (words_ == nullptr) return;
    for (int i = 0; i < kWrites; ++i) {
      volatile std::uint64_t& word = words_[random() % (size_ / sizeof(std::uint64_t))];
      word = random() % 2 == 0 ? random() : word + random() % 9 - 4;
      if (i % 100 == 0) ::sched_yield();
    }
  }
  void truncate(std::mt19937_64& random) {
    const auto size = static_cast<::off_t>(random() % 2 == 0 ? 0 : random() % size_);
    if (::ftruncate(descriptor_, size) != 0) throw std::runtime_error("it cannot be truncated");
  }

 private:
  int descriptor_;
  std::size_t size_ = 0;
  std::uint64_t* words_ = nullptr;
};

/// A producer and a consumer that go about their business, and what happens to their memory.
class DamagePlay {
 public:
  DamagePlay(Stage& stage, FaultKind kind, std::uint64_t seed)
      : play_(stage, fmt::format("{}, seed {}", toString(kind), seed)),
        stage_(stage),
        kind_(kind),
        random_(seed) {
    play_.outcome().faults = 1;
  }

  DamageOutcome run() {
    std::string skipped = play();
    return {std::move(play_.outcome()), std::move(skipped)};
  }

 private:
  /// Why it could not be tried; empty otherwise.
  std::string play() {
    if (!play_.fill({random_() % 9, 0})) return "";
    const std::vector<std::string> files = stage_.segmentFiles();
    if (files.empty()) return "it lies in no file of /dev/shm";
    constexpr std::uint64_t kElements = 1500;  // that a consumer's log has room for
    Child producer = cast({.seed = random_(), .most_elements = kElements});
    Child consumer = cast({.produces = false, .seed = random_()});
    awaitCalls();
    for (const std::string& file : files) strike(file);
    pauseFor(milliseconds(5));
    stage_.words().stop_producing.store(1);
    const bool producer_well = endedWell(producer, "the producer");
    stage_.words().stop_all.store(1);
    const bool consumer_well = endedWell(consumer, "the consumer");
    if (producer_well && consumer_well) afterwards();
    stage_.removeNames();
    return "";
  }

  Child cast(const StormPart& part) {
    const std::uint32_t number = stage_.castActor();
    return Child([this, number, part] {
      return stage_.enact(number,
                          [&part](const ActorContext& me) { return playInStorm(me, part); });
    });
  }
  /// Until both have attached.
  void awaitCalls() {
    const auto limit = std::chrono::steady_clock::now() + kPatience;
    for (std::uint32_t actor = 1; actor < stage_.actors(); ++actor) {
      while (stage_.log(actor).calls.load() == 0 && std::chrono::steady_clock::now() < limit) {
        ::sched_yield();
      }
    }
  }
  void strike(const std::string& file) {
    if (kind_ == FaultKind::Unlinked) {
      std::filesystem::remove(file);
      return;
    }
    Intruder intruder(file);
    if (kind_ == FaultKind::Truncated) intruder.truncate(random_);
    if (kind_ == FaultKind::Overwritten) intruder.overwrite(random_);
  }

  /// What was overwritten may be refused, and is; nobody crashes over it. What was only unlinked
  /// still delivers.
  void afterwards() {
    if (kind_ == FaultKind::Unlinked) {
      stage_.words().capacity_after.store(stage_.words().capacity_before.load());
      play_.finish(Ending::Complete, "");
      return;
    }
    Child late = cast({.seed = random_()});
    endedWell(late, "one that opened it afterwards");
  }

  bool endedWell(Child& child, std::string_view who) {
    const std::optional<int> status = play_.waitForEndOf(child);
    if (status && WIFEXITED(*status)) return true;
    TrialOutcome& trial = play_.outcome();
    trial.progress = status ? ProgressClass::Corrupts : ProgressClass::Stalls;
    trial.evidence = status
                         ? fmt::format("{} was {}", who, describeStatus(*status))
                         : fmt::format("{} is still in a call after {} ms", who, kPatience.count());
    child.kill();
    return false;
  }

  Play play_;
  Stage& stage_;
  FaultKind kind_;
  std::mt19937_64 random_;
};

constexpr int kRefusedAndClean = 0;
constexpr int kLeftSomething = 2;
constexpr int kTakenWithoutRoom = 3;
constexpr int kNoMounts = 4;

/// In a child: a /dev/shm of its own, too small.
int makeWithoutRoom(const Stage& stage, const QueueShape& shape) {
  const bool own = ::unshare(CLONE_NEWNS) == 0 &&
                   ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                   ::mount("tmpfs", kFolder, "tmpfs", 0, "size=64k") == 0;
  if (!own) return kNoMounts;
  bool refused = false;
  try {
    Place place{stage.name(), {}};
    std::optional<ShmMem> memory;
    if (stage.queue().limits.provision == Provision::Harness) {
      memory.emplace(stage.queue().bytesNeeded(shape), place.name, shape.memory);
      place.memory = {static_cast<std::byte*>(memory->get()), memory->size()};
    }
    stage.queue().create(place, shape);
  } catch (const std::exception&) {
    refused = true;
  }
  if (!refused) return kTakenWithoutRoom;
  const bool clean = std::filesystem::is_empty(kFolder);
  return clean ? kRefusedAndClean : kLeftSomething;
}

DamageOutcome runFullMemory(Stage& stage) {
  DamageOutcome outcome;
  stage.reset();
  const QueueLimits& limits = stage.queue().limits;
  QueueShape shape = stage.shape();
  shape.capacity = limits.capacities.empty() ? 4096 : limits.capacities.back();
  if (bytesNeededBy(stage.queue(), shape) == 0) {
    outcome.skipped = "its memory is the kernel's own";
    return outcome;
  }
  if (limits.inherited_only) {
    outcome.skipped = "it lies in no file of /dev/shm";
    return outcome;
  }
  Child maker([&] { return makeWithoutRoom(stage, shape); });
  const std::optional<int> status = maker.waitFor(kPatience);
  TrialOutcome& trial = outcome.trial;
  trial.faults = 1;
  trial.fault_point = "made where /dev/shm has 64 KiB";
  if (status && WIFEXITED(*status)) {
    const int result = WEXITSTATUS(*status);
    if (result == kNoMounts) outcome.skipped = "a small /dev/shm cannot be mounted here";
    if (result != kTakenWithoutRoom && result != kLeftSomething) return outcome;
    trial.stale_segments = result == kLeftSomething ? 1 : 0;
    trial.evidence = result == kLeftSomething ? "it was refused, and left something behind"
                                              : "it was made without room for it";
  } else {
    trial.evidence = status ? "its maker was " + describeStatus(*status) : "its maker hangs";
  }
  trial.progress = status ? ProgressClass::Corrupts : ProgressClass::Stalls;
  return outcome;
}

}  // namespace

DamageOutcome runDamage(Stage& stage, FaultKind kind, std::uint64_t seed) {
  if (kind == FaultKind::FullMemory) return runFullMemory(stage);
  return DamagePlay(stage, kind, seed).run();
}

}  // namespace ringside::harness
