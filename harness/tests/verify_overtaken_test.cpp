// Whether a queue lets in somebody who is late by a whole lap: found by holding a call up while
// others go past it.
#include <gmock/gmock.h>

#include <atomic>
#include <cstring>
#include <new>

#include "harness/verify/campaign.hpp"
#include "stage_test.hpp"

namespace ringside::harness {
namespace {

using ::testing::HasSubstr;

/// Slots say whether they are filled, and not in which lap: who is held up between taking a number
/// and filling its slot finds it empty again a lap later.
struct LaplessQueue {
  static constexpr std::uint64_t kSlots = 4;
  struct Slot {
    std::atomic<std::uint32_t> filled;
    alignas(8) std::byte element[256];
  };
  struct Shared {
    alignas(64) std::atomic<std::uint64_t> written;
    alignas(64) std::atomic<std::uint64_t> read;
    alignas(64) Slot slots[kSlots];
  };

  static QueueLimits limits() {
    return {.max_producers = 8,
            .max_consumers = 8,
            .max_element_size_bytes = 256,
            .exact_capacity = false,
            .capacity_note = "always four"};
  }
  static std::uint64_t bytesNeeded(const QueueShape&) { return sizeof(Shared); }
  static void create(const Place& place, const QueueShape&) { new (place.memory.data()) Shared{}; }

  class Side {
   public:
    Side(const Place& place, const QueueShape& shape)
        : shared_(*reinterpret_cast<Shared*>(place.memory.data())),
          size_bytes_(shape.element_size_bytes) {}
    bool tryPush(const void* element) noexcept {
      std::uint64_t number = shared_.written.load();
      do {
        if (number - shared_.read.load() >= kSlots) return false;
      } while (!shared_.written.compare_exchange_strong(number, number + 1));
      Slot& slot = shared_.slots[number % kSlots];
      while (slot.filled.load() != 0) ::sched_yield();
      std::memcpy(slot.element, element, size_bytes_);
      slot.filled.store(1);
      return true;
    }
    bool tryPop(void* element) noexcept {
      std::uint64_t number = shared_.read.load();
      do {
        if (number >= shared_.written.load()) return false;
      } while (!shared_.read.compare_exchange_strong(number, number + 1));
      Slot& slot = shared_.slots[number % kSlots];
      while (slot.filled.load() == 0) ::sched_yield();
      std::memcpy(element, slot.element, size_bytes_);
      slot.filled.store(0);
      return true;
    }

   private:
    Shared& shared_;
    std::uint64_t size_bytes_;
  };
  using Producer = Side;
  using Consumer = Side;
};

RINGSIDE_QUEUE(fragile_lapless, LaplessQueue, "test only");

class OvertakenTest : public StageTest {
 protected:
  CampaignFinding find(const char* queue) {
    Campaign campaign;
    campaign.queues = {findQueue(queue)};
    campaign.faults = {FaultKind::OvertakenAtInstruction};
    campaign.capacities = {3};
    campaign.stop_points = 25;
    return runCampaign(campaign, session_).at(0);
  }
};

#define SKIP_WITHOUT_TRACING(finding) \
  if (!(finding).tried()) GTEST_SKIP() << (finding).skipped

TEST_F(OvertakenTest, AQueueWhoseSlotsKnowNoLapsIsFoundToReorder) {
  const CampaignFinding finding = find("fragile_lapless");
  SKIP_WITHOUT_TRACING(finding);
  EXPECT_EQ(finding.progress, ProgressClass::Corrupts);
  EXPECT_GT(finding.counts.reordered, 0U) << finding.worst.evidence;
}

TEST_F(OvertakenTest, AtomicQueueIsFoundToReorder) {
  if (findQueue("atomic_queue") == nullptr) GTEST_SKIP() << "libatomic-queue-dev is not here";
  const CampaignFinding finding = find("atomic_queue");
  SKIP_WITHOUT_TRACING(finding);
  EXPECT_EQ(finding.progress, ProgressClass::Corrupts);
  EXPECT_GT(finding.counts.reordered, 0U) << finding.worst.evidence;
}

TEST_F(OvertakenTest, AQueueWhoseSlotsKnowTheirLapsKeepsTheOrder) {
  const CampaignFinding finding = find("mpmc");
  SKIP_WITHOUT_TRACING(finding);
  EXPECT_EQ(finding.progress, ProgressClass::Survives) << finding.worst.evidence;
  EXPECT_EQ(finding.counts.reordered, 0U);
}

TEST_F(OvertakenTest, WhereNobodyCanOvertakeItIsNotTried) {
  const CampaignFinding finding = find("spsc");
  EXPECT_FALSE(finding.tried());
  EXPECT_THAT(finding.skipped, HasSubstr("whom nobody overtakes"));
}

}  // namespace
}  // namespace ringside::harness
