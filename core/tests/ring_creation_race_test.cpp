// Rings of one place that several create, open and use at once, some of whom are killed at random
// moments: whoever gets one gets the same one, it works, and nothing else is left behind.
#include <gtest/gtest.h>
#include <signal.h>
#include <time.h>

#include <array>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <random>
#include <vector>

#include "memory_kinds.hpp"
#include "ringside/ringside.hpp"
#include "stepped_child.hpp"
#include "system_facts.hpp"

namespace ringside {
namespace {

constexpr int kRacers = 4;
/// About as long as it takes to create a ring, so that most die in it and some live.
constexpr long kLatestDeath_ns = 300'000;

using Uuid = std::array<std::uint8_t, sizeof SegmentHeader::uuid>;

struct PlaceInShm {
  static constexpr const char* kName = "Shm";
  ShmName name;
  RingSegment open(const Geometry& geometry) const {
    return RingSegment::in<ShmMem>(geometry, kBasePages, name.str());
  }
  void remove() const { ShmMem::unlink(name.str()); }
  std::size_t files() const { return filesIn("/dev/shm", name.str()); }
};

struct PlaceInFolder {
  static constexpr const char* kName = "File";
  TestFolder folder;
  RingSegment open(const Geometry& geometry) const {
    return RingSegment::in<FileMem>(geometry, kBasePages, folder.path("ring"));
  }
  void remove() const { std::filesystem::remove(folder.path("ring")); }
  std::size_t files() const { return filesIn(folder.path()); }
};

struct PlaceOfKey {
  static constexpr const char* kName = "SysvKeyed";
  SysvKey key;
  RingSegment open(const Geometry& geometry) const {
    return RingSegment::in<SysvMem>(geometry, kBasePages, key.get());
  }
  void remove() const { SysvMem::remove(key.get()); }
  std::size_t files() const {
    return filesIn("/dev/shm", std::filesystem::path(key.lockPath()).filename().string());
  }
};

/// What the racers of one round tell.
struct Round {
  std::atomic<int> ready;
  std::atomic<bool> begun;
  std::atomic<int> creators;
  std::array<std::atomic<bool>, kRacers> opened;
  std::array<Uuid, kRacers> uuids;  ///< of those who have opened
};

Uuid uuidOf(const RingSegment& segment) {
  SegmentHeader header;
  std::memcpy(&header, segment.memory().get(), sizeof header);
  Uuid uuid;
  std::memcpy(uuid.data(), header.uuid, uuid.size());
  return uuid;
}

/// SIGKILL for this process, so much later, whatever it does then.
void dieIn(long delay_ns) {
  struct ::sigevent event = {};
  event.sigev_notify = SIGEV_SIGNAL;
  event.sigev_signo = SIGKILL;
  ::timer_t timer = nullptr;
  if (::timer_create(CLOCK_MONOTONIC, &event, &timer) != 0) throwErrno("cannot make a timer");
  struct ::itimerspec when = {};
  when.it_value.tv_nsec = delay_ns;
  if (::timer_settime(timer, 0, &when, nullptr) != 0) throwErrno("cannot set a timer");
}

const Geometry& geometry() {
  static const Geometry ring = makeGeometry(PolicyKind::Mpmc, sizeof(std::uint64_t), 8);
  return ring;
}

/// It pushes one and gets one, its own or another's: as many go in as come out.
bool isUsable(RingSegment& segment) {
  const Attachment pushes = segment.attach(Role::Producer);
  const Attachment pops = segment.attach(Role::Consumer);
  PushSide<Mpmc::Writer> producer(segment.view(), pushes, Wait::Block);
  PopSide<Mpmc::Reader> consumer(segment.view(), pops, Wait::Block);
  const std::uint64_t sent = 42;
  std::uint64_t received = 0;
  const Deadline deadline = deadlineAfter(std::chrono::seconds(20));
  return producer.pushUntil(&sent, deadline) && consumer.popUntil(&received, deadline) &&
         received == sent;
}

template <class Place>
class RingCreationRaceTest : public ::testing::Test {
 protected:
  int race(std::size_t who, long death_ns) {
    ++round_->ready;
    waitFor([&] { return round_->begun.load(); });
    if (death_ns > 0) dieIn(death_ns);
    RingSegment segment = place_.open(geometry());
    if (segment.memory().created()) ++round_->creators;
    round_->uuids[who] = uuidOf(segment);
    round_->opened[who] = true;
    // Who is to die uses nothing: what died with it would be missed by the others.
    return death_ns > 0 || isUsable(segment) ? 0 : 1;
  }

  void runRound() {
    new (&*round_) Round{};
    std::vector<::pid_t> children;
    std::vector<bool> doomed;
    for (std::size_t who = 0; who < kRacers; ++who) {
      const long death_ns =
          random_() % 2 == 0 ? static_cast<long>(random_()) % kLatestDeath_ns + 1 : 0;
      doomed.push_back(death_ns > 0);
      children.push_back(inChild([&] { return race(who, death_ns); }));
    }
    waitFor([&] { return round_->ready == kRacers; });
    round_->begun = true;
    for (std::size_t who = 0; who < kRacers; ++who) {
      const int result = resultOf(children[who]);
      if (result == 1000 + SIGKILL && doomed[who]) {
        ++deaths_;
        deaths_in_opening_ += !round_->opened[who];
      } else {
        EXPECT_EQ(result, 0);
      }
      EXPECT_TRUE(doomed[who] || round_->opened[who]);
    }
    expectOneRing();
  }

  /// Also when all have died: then it may be that there was none.
  void expectOneRing() {
    EXPECT_LE(round_->creators, 1);
    const std::size_t files = place_.files();
    EXPECT_LE(files, 1U);
    {
      RingSegment segment = place_.open(geometry());
      const Uuid uuid = uuidOf(segment);
      bool any = false;
      for (std::size_t who = 0; who < kRacers; ++who) {
        if (!round_->opened[who]) continue;
        any = true;
        EXPECT_EQ(round_->uuids[who], uuid) << "two rings of one place";
      }
      EXPECT_TRUE(!any || !segment.memory().created()) << "a ring that was opened has vanished";
      EXPECT_TRUE(isUsable(segment));
      EXPECT_EQ(place_.files(), 1U);
    }
    place_.remove();
    EXPECT_EQ(place_.files(), 0U) << "something is left behind";
  }

  Place place_;
  const Shared<Round> round_;
  std::minstd_rand random_{1};
  std::uint64_t deaths_ = 0;
  std::uint64_t deaths_in_opening_ = 0;
};
using Places = ::testing::Types<PlaceInShm, PlaceInFolder, PlaceOfKey>;
TYPED_TEST_SUITE(RingCreationRaceTest, Places, MemoryKindNames);

/// For each place; RINGSIDE_RACES asks for more.
int races() {
  const char* const asked = std::getenv("RINGSIDE_RACES");
  return asked == nullptr ? 100 : std::atoi(asked);
}

TYPED_TEST(RingCreationRaceTest, WhoeverIsKilledTheOthersGetOneRingAndNothingIsLeftBehind) {
  for (int round = 0; round < races() && !this->HasFailure(); ++round) {
    SCOPED_TRACE("round " + std::to_string(round));
    this->runRound();
  }
  EXPECT_GT(this->deaths_, 0U);
  this->RecordProperty("races", races());
  this->RecordProperty("deaths", std::to_string(this->deaths_));
  this->RecordProperty("deaths_in_opening", std::to_string(this->deaths_in_opening_));
  EXPECT_GT(this->deaths_in_opening_, 0U) << "nobody was killed while it created or opened";
}

}  // namespace
}  // namespace ringside
