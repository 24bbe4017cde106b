// What is seen in shared memory, who is said to use it, and what is taken away only when nobody
// does. Only names of this test are ever unlinked.
#include "ringside/segment_list.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <optional>

#include "forked.hpp"
#include "lock_file.hpp"
#include "memory_kinds.hpp"
#include "named_file.hpp"
#include "own_mounts.hpp"
#include "ringside/ringside.hpp"
#include "stepped_child.hpp"
#include "system_facts.hpp"
#include "unique_fd.hpp"

namespace ringside {
namespace {

struct Number {
  std::atomic<int> value{7};
};

std::optional<SegmentEntry> entryOf(const std::string& name) {
  const std::vector<SegmentEntry> entries = listSegments();
  const auto found = std::find_if(entries.begin(), entries.end(),
                                  [&](const SegmentEntry& entry) { return entry.name == name; });
  return found == entries.end() ? std::nullopt : std::optional(*found);
}

std::optional<SegmentKind> kindOf(const std::string& name) {
  const auto entry = entryOf(name);
  return entry ? std::optional(entry->kind) : std::nullopt;
}

/// Makes a ring that nobody uses.
void leaveRing(const std::string& name) {
  Mpmc::Producer producer(name, 64, 16);
  ASSERT_EQ(producer.open(), 0);
}

/// A child that calls `use` and then waits to be killed.
class User {
 public:
  explicit User(const std::function<void()>& use)
      : child_(inChild([&] {
          use();
          *ready_ = true;  // it could not; the test will see
          return 1;
        })) {
    waitFor([&] { return ready_->load(); });
  }
  User(const User&) = delete;
  User& operator=(const User&) = delete;
  ~User() { kill(); }

  /// Called by `use` when it has what it wants. Never returns.
  void stay() const {
    *ready_ = true;
    for (;;) ::pause();
  }
  ::pid_t pid() const { return child_; }
  void kill() {
    if (child_ > 0) killAndWait(child_);
    child_ = 0;
  }

 private:
  Shared<std::atomic<bool>> ready_{false};
  ::pid_t child_;
};

// --- what is listed -----------------------------------------------------------------------------

TEST(SegmentListTest, HoldsRingsObjectsAndMutexRings) {
  const ShmName ring, object, mutex_ring;
  leaveRing(ring.str());
  const SharedObject<Number> number(object.str());
  ShmMem memory(MutexRing::bytesNeeded(64, 8), mutex_ring.str(), kBasePages);
  MutexRing::create(memory.get(), memory.size(), 64, 8);
  EXPECT_EQ(kindOf(ring.str()), SegmentKind::Ring);
  EXPECT_EQ(kindOf(object.str()), SegmentKind::Object);
  EXPECT_EQ(kindOf(mutex_ring.str()), SegmentKind::MutexRing);
}

TEST(SegmentListTest, HoldsARingOfAnyPolicyAndDelivery) {
  for (const PolicyKind policy : {PolicyKind::Spsc, PolicyKind::Mpsc, PolicyKind::Mpmc}) {
    for (const Delivery delivery : {Delivery::AtMostOnce, Delivery::AtLeastOnce}) {
      const ShmName name;
      const Geometry geometry = makeGeometry(policy, 64, 16, delivery);
      { const RingSegment ring = RingSegment::in<ShmMem>(geometry, {}, name.str()); }
      EXPECT_EQ(kindOf(name.str()), SegmentKind::Ring);
    }
  }
}

TEST(SegmentListTest, SaysHowLargeAnEntryIsAndWhenItWasMade) {
  const ShmName name;
  const auto before = std::chrono::system_clock::now();
  leaveRing(name.str());
  const auto entry = entryOf(name.str());
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->path, name.path());
  EXPECT_EQ(entry->bytes, makeGeometry(PolicyKind::Mpmc, 64, 16).total_bytes);
  // The kernel's clock for files ticks a few times a second.
  EXPECT_LT(std::chrono::abs(entry->changed - before), std::chrono::minutes(10));
}

TEST(SegmentListTest, LeavesOutWhatCannotBeToldToBeOurs) {
  const ShmName blank, text, pipe, folder, link;
  const ShmMem memory(4096, blank.str());
  std::ofstream(text.path()) << "somebody's notes";
  ASSERT_EQ(::mkfifo(pipe.path().c_str(), 0600), 0);
  ASSERT_EQ(::mkdir(folder.path().c_str(), 0700), 0);
  ASSERT_EQ(::symlink("/dev/null", link.path().c_str()), 0);
  for (const ShmName* name : {&blank, &text, &pipe, &folder, &link}) {
    EXPECT_EQ(kindOf(name->str()), std::nullopt) << name->str();
  }
  EXPECT_EQ(::rmdir(folder.path().c_str()), 0);
}

TEST(SegmentListTest, LeavesOutARingWithADamagedHeader) {
  const ShmName name;
  leaveRing(name.str());
  const UniqueFd file(::open(name.path().c_str(), O_RDWR | O_CLOEXEC));
  for (const ::off_t byte : {0, 8, 16, 24, 28, 32, 56, 112, 248}) {
    unsigned char value = 0;
    ASSERT_EQ(::pread(file.get(), &value, 1, byte), 1);
    const unsigned char damaged = value ^ 1;
    ASSERT_EQ(::pwrite(file.get(), &damaged, 1, byte), 1);
    EXPECT_EQ(kindOf(name.str()), std::nullopt) << byte;
    ASSERT_EQ(::pwrite(file.get(), &value, 1, byte), 1);
  }
  EXPECT_EQ(kindOf(name.str()), SegmentKind::Ring);
}

TEST(SegmentListTest, HoldsARingThatWasCutOff) {
  const ShmName name;
  leaveRing(name.str());
  ASSERT_EQ(::truncate(name.path().c_str(), 4096), 0);
  EXPECT_EQ(kindOf(name.str()), SegmentKind::Ring);
}

TEST(SegmentListTest, LeavesOutAnObjectAndAMutexRingInAFileOfAnotherSize) {
  const ShmName object, mutex_ring;
  { const SharedObject<Number> number(object.str()); }
  {
    ShmMem memory(MutexRing::bytesNeeded(64, 8), mutex_ring.str(), kBasePages);
    MutexRing::create(memory.get(), memory.size(), 64, 8);
  }
  for (const ShmName* name : {&object, &mutex_ring}) {
    ASSERT_EQ(::truncate(name->path().c_str(), 1 << 20), 0);
    EXPECT_EQ(kindOf(name->str()), std::nullopt);
  }
}

TEST(SegmentListTest, HoldsTheScratchFileOfADeadCreatorAndTheLockFileOfASysvSegment) {
  const std::string scratch = std::string(kScratchName) + ".00000000" + "5ca1ab1e";
  std::ofstream("/dev/shm/" + scratch) << "half made";
  const SysvKey key;
  { const SysvMem::Spsc::Queue<int> queue(4, key.get()); }
  const auto sysv = entryOf(key.lockPath().substr(sizeof "/dev/shm"));
  EXPECT_EQ(kindOf(scratch), SegmentKind::Scratch);
  ASSERT_TRUE(sysv);
  EXPECT_EQ(sysv->kind, SegmentKind::Sysv);
  EXPECT_EQ(sysv->bytes, makeGeometry(PolicyKind::Spsc, sizeof(int), 4).total_bytes);
  EXPECT_EQ(unlinkIfUnused(*entryOf(scratch)), 0);
  EXPECT_FALSE(pathExists("/dev/shm/" + scratch));
  EXPECT_EQ(unlinkIfUnused(*sysv), 0);
  EXPECT_FALSE(pathExists(key.lockPath()));
  EXPECT_EQ(::shmget(key.get(), 0, 0), -1);
}

// --- who uses it --------------------------------------------------------------------------------

TEST(SegmentUseTest, ARingWithALivingProducerIsInUseAndNamesIt) {
  const ShmName name;
  User producer([&] {
    Spsc::Producer ring(name.str(), 64, 16);
    if (ring.open() == 0) producer.stay();
  });
  auto entry = entryOf(name.str());
  ASSERT_TRUE(entry);
  EXPECT_TRUE(entry->in_use);
  EXPECT_EQ(entry->participants, std::vector<::pid_t>{producer.pid()});
  EXPECT_EQ(unlinkIfUnused(*entry), -1);
  EXPECT_EQ(lastError, Errc::InUse);
  producer.kill();
  entry = entryOf(name.str());
  ASSERT_TRUE(entry);
  EXPECT_FALSE(entry->in_use);
  EXPECT_TRUE(entry->participants.empty());
  EXPECT_EQ(unlinkIfUnused(*entry), 0);
  EXPECT_FALSE(pathExists(name.path()));
}

TEST(SegmentUseTest, ARingThatWasOpenedByWhoTookNoRoleIsInUse) {
  const ShmName name;
  User user([&] {
    const ShmMem::Mpmc::Queue<int> queue(16, name.str());
    user.stay();
  });
  const auto entry = entryOf(name.str());
  ASSERT_TRUE(entry);
  EXPECT_TRUE(entry->in_use);
  EXPECT_TRUE(entry->participants.empty());
  EXPECT_EQ(ShmMem::unlinkIfUnused(name.str()), -1);
  EXPECT_EQ(lastError, Errc::InUse);
  user.kill();
  EXPECT_EQ(ShmMem::unlinkIfUnused(name.str()), 0);
  EXPECT_FALSE(pathExists(name.path()));
}

TEST(SegmentUseTest, ARingThatWasOpenedByItsPathIsInUse) {
  const ShmName name;
  leaveRing(name.str());
  User user([&] {
    const FileMem memory(makeGeometry(PolicyKind::Mpmc, 64, 16).total_bytes, name.path());
    user.stay();
  });
  EXPECT_EQ(ShmMem::unlinkIfUnused(name.str()), -1);
  EXPECT_EQ(lastError, Errc::InUse);
  EXPECT_TRUE(pathExists(name.path()));
}

TEST(SegmentUseTest, ARingIsInUseAsLongAsAForkedChildHasItMapped) {
  const ShmName name;
  const Shared<std::atomic<::pid_t>> grandchild{0};
  const ::pid_t parent = inChild([&] {
    const ShmMem::Mpmc::Queue<int> queue(16, name.str());
    if (::fork() == 0) {
      *grandchild = ::getpid();
      for (;;) ::pause();
    }
    waitFor([&] { return *grandchild != 0; });
    return 0;
  });
  EXPECT_EQ(resultOf(parent), 0);
  EXPECT_EQ(ShmMem::unlinkIfUnused(name.str()), -1);
  EXPECT_EQ(lastError, Errc::InUse);
  ::kill(*grandchild, SIGKILL);
  waitFor([&] { return ShmMem::unlinkIfUnused(name.str()) == 0; });
  EXPECT_FALSE(pathExists(name.path()));
}

TEST(SegmentUseTest, AStoppedProcessIsAlive) {
  const ShmName name;
  User producer([&] {
    Spsc::Producer ring(name.str(), 64, 16);
    if (ring.open() == 0) producer.stay();
  });
  ::kill(producer.pid(), SIGSTOP);
  EXPECT_EQ(ShmMem::unlinkIfUnused(name.str()), -1);
  EXPECT_EQ(lastError, Errc::InUse);
}

TEST(SegmentUseTest, AnObjectIsInUseAsLongAsSomebodyHasItOpen) {
  const ShmName name;
  {
    const SharedObject<Number> number(name.str());
    EXPECT_EQ(SharedMemory::unlinkIfUnused(name.str()), -1);
    EXPECT_EQ(lastError, Errc::InUse);
  }
  EXPECT_EQ(SharedMemory::unlinkIfUnused(name.str()), 0);
  EXPECT_FALSE(pathExists(name.path()));
}

TEST(SegmentUseTest, ASysvSegmentIsInUseAsLongAsItIsAttached) {
  const SysvKey key;
  {
    const SysvMem::Spsc::Queue<int> queue(4, key.get());
    EXPECT_EQ(SysvMem::removeIfUnused(key.get()), -1);
    EXPECT_EQ(lastError, Errc::InUse);
  }
  EXPECT_EQ(SysvMem::removeIfUnused(key.get()), 0);
  EXPECT_EQ(SysvMem::removeIfUnused(key.get()), 0) << "there is none";
  EXPECT_EQ(::shmget(key.get(), 0, 0), -1);
}

// --- unlinking by name --------------------------------------------------------------------------

TEST(UnlinkIfUnusedTest, OfWhatIsNotThereSucceeds) {
  EXPECT_EQ(ShmMem::unlinkIfUnused("ringside-test-never-made"), 0);
}

TEST(UnlinkIfUnusedTest, RefusesABadNameAndWhatIsNoPlainFile) {
  const ShmName pipe;
  ASSERT_EQ(::mkfifo(pipe.path().c_str(), 0600), 0);
  for (const std::string& name : {std::string(), std::string("a/b"), pipe.str()}) {
    EXPECT_EQ(ShmMem::unlinkIfUnused(name), -1) << name;
    EXPECT_EQ(lastError, Errc::InvalidParam) << name;
  }
  EXPECT_TRUE(pathExists(pipe.path()));
}

TEST(UnlinkIfUnusedTest, LeavesSomebodyElsesSegment) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become another user";
  const ShmName name;
  leaveRing(name.str());
  EXPECT_EQ(resultOf(inChild([&] {
              if (::seteuid(65534) != 0) return 1;
              if (ShmMem::unlinkIfUnused(name.str()) != -1) return 2;
              return lastError == Errc::PermissionDenied ? 0 : 3;
            })),
            0);
  EXPECT_TRUE(pathExists(name.path()));
}

TEST(UnlinkIfUnusedTest, OfAnEntryLeavesAnotherRingThatHasItsNameNow) {
  const ShmName name;
  leaveRing(name.str());
  const auto entry = entryOf(name.str());
  ASSERT_TRUE(entry);
  ASSERT_EQ(ShmMem::unlink(name.str()), 0);
  EXPECT_EQ(unlinkIfUnused(*entry), 0) << "there is none";
  leaveRing(name.str());
  EXPECT_EQ(unlinkIfUnused(*entry), -1);
  EXPECT_EQ(lastError, Errc::NotFound);
  EXPECT_TRUE(pathExists(name.path()));
}

TEST(UnlinkIfUnusedTest, OfAnEntryLeavesWhatHasBecomeSomethingElse) {
  const ShmName name;
  leaveRing(name.str());
  const auto entry = entryOf(name.str());
  ASSERT_TRUE(entry);
  std::ofstream(name.path()) << "somebody's notes";
  EXPECT_EQ(unlinkIfUnused(*entry), -1);
  EXPECT_EQ(lastError, Errc::NotFound);
  EXPECT_TRUE(pathExists(name.path()));
}

TEST(UnlinkIfUnusedTest, LeavesNoDescriptorOpen) {
  const ShmName name;
  const std::size_t before = openDescriptors();
  leaveRing(name.str());
  const auto entry = entryOf(name.str());
  ASSERT_TRUE(entry);
  EXPECT_EQ(unlinkIfUnused(*entry), 0);
  EXPECT_EQ(openDescriptors(), before);
}

TEST(UnlinkIfUnusedTest, LeavesAScratchFileWhoseCreatorLives) {
  const std::string scratch = std::string(kScratchName) + ".00000000" + "deadbeef";
  const std::string path = "/dev/shm/" + scratch;
  UniqueFd creator(::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600));
  ASSERT_TRUE(tryShare(creator.get(), kPresenceLock));
  const auto entry = entryOf(scratch);
  ASSERT_TRUE(entry);
  EXPECT_TRUE(entry->in_use);
  EXPECT_EQ(unlinkIfUnused(*entry), -1);
  EXPECT_EQ(lastError, Errc::InUse);
  creator = UniqueFd();
  EXPECT_EQ(unlinkIfUnused(*entry), 0);
  EXPECT_FALSE(pathExists(path));
}

}  // namespace
}  // namespace ringside
