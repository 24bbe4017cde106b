#include "harness/proof.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <thread>

#include "harness/parent_watch.hpp"
#include "harness/proof_judge.hpp"
#include "harness/registry.hpp"
#include "harness/workloads/pace.hpp"
#include "ringside/backings.hpp"

namespace ringside::harness {
namespace {

constexpr std::size_t kPage = 4096;
constexpr std::size_t kPages = 64;

TEST(UsageTest, CountsTheFirstTouchOfEachPage) {
  const LocalMem memory(kPages * kPage, {.huge_pages = HugePages::Never});
  auto* const bytes = static_cast<volatile char*>(const_cast<void*>(memory.get()));
  const Usage before = readUsage();
  for (std::size_t page = 0; page < kPages; ++page) bytes[page * kPage] = 1;
  const Usage used = readUsage() - before;
  EXPECT_GE(used.minor_faults + used.major_faults, kPages);
}

TEST(UsageTest, CountsSleepsAndTimeOnTheCpu) {
  const Usage before = readUsage();
  std::this_thread::sleep_for(std::chrono::milliseconds(2));
  volatile std::uint64_t sum = 0;
  for (std::uint64_t i = 0; i < 1'000'000; ++i) sum = sum + i;
  const Usage used = readUsage() - before;
  EXPECT_GE(used.voluntary_switches, 1U);
  EXPECT_GT(used.cpu_ns, 0U);
}

TEST(UsageTest, ARunDelayThatIsNotReportedStaysSo) {
  const Usage known{.run_delay_ns = 5};
  const Usage unknown{.run_delay_ns = kNotReported};
  EXPECT_EQ((known - known).run_delay_ns, 0U);
  EXPECT_EQ((known - unknown).run_delay_ns, kNotReported);
  EXPECT_EQ((unknown - known).run_delay_ns, kNotReported);
  Proof proof;
  proof.timed = unknown;
  EXPECT_FALSE(toReading(proof).run_delay_ns.has_value());
}

TEST(RingMemoryTest, FindsMemoryWithoutANameByItsFile) {
  const MemoryOptions options{.huge_pages = HugePages::Never, .prefault = true};
  const AnonMem anon(kPages * kPage, options);
  const MemfdMem memfd(kPages * kPage, options);
  const SysvMem sysv(kPages * kPage, options);
  const std::pair<const Mapping*, std::string> kinds[] = {
      {&anon, "anon"}, {&memfd, "memfd"}, {&sysv, "sysv"}};
  for (const auto& [memory, kind] : kinds) {
    const RingFiles files{.name = "", .files = filesAt(memory->get(), memory->size())};
    ASSERT_EQ(files.files.size(), 1U) << kind;
    const RingMemory ring = readRingMemory(ringAreas(files));
    EXPECT_EQ(ring.mapped_bytes, kPages * kPage) << kind;
    EXPECT_EQ(ring.page_size_bytes, kPage) << kind;
    EXPECT_EQ(ring.backing, kind);
  }
}

TEST(RingMemoryTest, FindsMemoryByItsNameAlsoWhenThatIsGone) {
  const std::string name = "ringside-proof-test-" + std::to_string(::getpid());
  const MemoryOptions options{.huge_pages = HugePages::Never, .prefault = true};
  // Who made it had it before it had a name, and the kernel shows that it had none.
  const ShmMem made(kPages * kPage, name, options);
  const ShmMem opened(kPages * kPage, name, options);
  ShmMem::unlink(name);
  const RingMemory ring = readRingMemory(ringAreas({.name = name, .files = {}}));
  EXPECT_EQ(ring.mapped_bytes, kPages * kPage);
  EXPECT_STREQ(ring.backing, "posix_shm");
  std::uint64_t pages = 0;
  for (const auto& [node, count] : toReading(ring).node_pages) pages += count;
  if (pages == 0) GTEST_SKIP() << "the kernel says of no page where it lies";
  EXPECT_EQ(pages, kPages);
}

TEST(RingMemoryTest, HasNothingOfANameThatNobodyHasMapped) {
  EXPECT_TRUE(ringAreas({.name = "ringside-proof-test-nobody", .files = {}}).empty());
  EXPECT_TRUE(ringAreas({.name = "", .files = {}}).empty());
  EXPECT_EQ(readRingMemory({}).mapped_bytes, 0U);
}

TEST(BackingTest, IsNamedByThePathOfTheMapping) {
  EXPECT_EQ(backingOf("/dev/shm/ringside-1-2-3-0q (deleted)", kPage), "posix_shm");
  EXPECT_EQ(backingOf("/memfd:ringside (deleted)", kPage), "memfd");
  EXPECT_EQ(backingOf("/SYSV00000000 (deleted)", kPage), "sysv");
  EXPECT_EQ(backingOf("/dev/zero (deleted)", kPage), "anon");
  EXPECT_EQ(backingOf("/var/tmp/ringside-1-2-3-0q", kPage), "file");
  EXPECT_EQ(backingOf("/dev/hugepages/ringside", 2 << 20), "hugetlbfs");
}

TEST(PaceTest, TheSlowestTenthOfTheBatchesDoesNotCount) {
  const auto batches = std::make_unique<results::Histogram>();
  for (int i = 0; i < 90; ++i) batches->record(1000);
  for (int i = 0; i < 10; ++i) batches->record(1'000'000);
  const FastestBatches fastest = fastestOf(*batches);
  EXPECT_EQ(fastest.batches, 90U);
  EXPECT_EQ(fastest.ns, 90'000U);
}

TEST(PaceTest, TakesAPartOfABucketWhereTheBoundLiesInIt) {
  const auto batches = std::make_unique<results::Histogram>();
  for (int i = 0; i < 100; ++i) batches->record(i < 50 ? 100 : 200);
  const FastestBatches fastest = fastestOf(*batches);
  EXPECT_EQ(fastest.batches, 90U);
  EXPECT_EQ(fastest.ns, 50U * 100 + 40U * 200);
}

TEST(PaceTest, TooFewBatchesHaveNone) {
  const auto batches = std::make_unique<results::Histogram>();
  for (std::uint64_t i = 0; i + 1 < kFewestBatches; ++i) batches->record(100);
  EXPECT_EQ(fastestOf(*batches).batches, 0U);
}

// --- what it is judged by -----------------------------------------------------------------------

class ProofJudgeTest : public ::testing::Test {
 protected:
  ProofJudgeTest() {
    cell_.queue = findMeasured("spsc");
    for (std::uint32_t i = 0; i < control_.workerCount(); ++i) {
      control_.worker(i).proof.before.mapped_bytes = kPage;
      control_.worker(i).proof.after = {.mapped_bytes = kPage, .page_size_bytes = kPage};
    }
  }

  Cell cell_;
  Control control_{{.producers = 1, .consumers = 1}};
};

TEST_F(ProofJudgeTest, MemoryAsItWasAskedForIsNoComplaint) {
  cell_.axes.huge_pages = "never";
  EXPECT_EQ(complaintAboutMemory(cell_, control_), "");
}

TEST_F(ProofJudgeTest, PagesThatWereNotAskedForAreNamedWithTheirWorker) {
  cell_.axes.huge_pages = "never";
  control_.consumer(0).proof.after.page_size_bytes = 512 * kPage;
  const std::string complaint = complaintAboutMemory(cell_, control_);
  EXPECT_NE(complaint.find("consumer 0, after the timed phase"), std::string::npos) << complaint;
  EXPECT_NE(complaint.find("it had pages of 2097152 bytes"), std::string::npos) << complaint;
}

TEST_F(ProofJudgeTest, PagesThatWereRequiredAndNotHadAreNamed) {
  cell_.axes.huge_pages = "require";
  const std::string complaint = complaintAboutMemory(cell_, control_);
  EXPECT_NE(complaint.find("producer 0"), std::string::npos) << complaint;
}

TEST_F(ProofJudgeTest, AWorkerOnAnotherCpuThanItWasPinnedToIsAComplaint) {
  WorkerFindings& findings = control_.producer(0);
  findings.cpu_pinned = 1;
  findings.cpu_at_end = 1;
  EXPECT_EQ(complaintAboutCpu(findings), "");
  findings.cpu_at_end = 0;
  EXPECT_EQ(complaintAboutCpu(findings), "a worker was pinned to CPU 1 and ran on CPU 0");
  findings.cpu_pinned = -1;
  EXPECT_EQ(complaintAboutCpu(findings), "") << "it was not pinned";
}

}  // namespace
}  // namespace ringside::harness
