// What waiting costs, and that no wake-up is lost: between processes, for every policy.
#include <gtest/gtest.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include <cstdlib>

#include "forked.hpp"
#include "ringside/ringside.hpp"
#include "shm_name.hpp"

namespace ringside {
namespace {

using namespace std::chrono_literals;

template <class Policy>
class WaitTest : public ::testing::Test {
 protected:
  ShmName name_;
};
using Policies = ::testing::Types<Spsc, Mpsc, Mpmc>;
TYPED_TEST_SUITE(WaitTest, Policies);

::rusage used() {
  ::rusage usage = {};
  ::getrusage(RUSAGE_THREAD, &usage);
  return usage;
}

double cpuSeconds(const ::rusage& usage) {
  const auto seconds = [](const ::timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// How small a share of a core that is, is BM_BlockedPop's to say: it differs from machine to
// machine. One that spun would use all of it.
TYPED_TEST(WaitTest, ABlockedPopSleepsOnceASlice) {
  typename TypeParam::Consumer consumer(this->name_.str(), 8, 4);
  ASSERT_EQ(consumer.open(), 0);
  std::uint64_t element = 0;
  const ::rusage before = used();
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(consumer.timedPop(&element, 500ms), -1);
  const auto waited = std::chrono::steady_clock::now() - begin;
  const ::rusage after = used();
  EXPECT_LE(after.ru_nvcsw - before.ru_nvcsw, waited / sleepTuning().slice + 1);
  const std::chrono::duration<double> seconds = waited;
  EXPECT_LT(cpuSeconds(after) - cpuSeconds(before), 0.25 * seconds.count());
}

/// From here on every system call but the end of the process kills it. False where the kernel
/// doesn't let a process do that to itself.
bool forbidSystemCalls() {
  ::sock_filter rules[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(::seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
  };
  const ::sock_fprog program = {4, rules};
  return ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
         ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

constexpr int kNotAllowed = 77;

/// Each operation that succeeds, and a pop that does not. False when one answers otherwise.
template <class Producer, class Consumer>
bool useEachOperation(Producer& producer, Consumer& consumer) {
  char element[64] = {};
  char batch[3 * 64] = {};
  if (producer.push(element) == -1 || producer.tryPush(batch, 3) != 3) return false;
  producer.claim().commit();
  producer.tryClaim(2).abort();
  if (consumer.pop(element) == -1 || consumer.tryPop(batch, 3) != 3) return false;
  consumer.take().release();
  return consumer.tryPop(element) == -1;
}

TYPED_TEST(WaitTest, NothingIsAskedOfTheKernelWhileNobodySleeps) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "AddressSanitizer makes system calls of its own";
#endif
  const int result = resultOf(inChild([&]() -> int {
    typename TypeParam::Producer producer(this->name_.str(), 64, 16);
    typename TypeParam::Consumer consumer(this->name_.str(), 64, 16);
    if (producer.open() == -1 || consumer.open() == -1) return 1;
    if (!useEachOperation(producer, consumer)) return 2;  // a sanitizer may prepare itself here
    if (!forbidSystemCalls()) return kNotAllowed;
    for (int i = 0; i < 1000; ++i) {
      if (!useEachOperation(producer, consumer)) ::_exit(3);
    }
    ::_exit(0);  // to close a ring takes system calls
  }));
  if (result == kNotAllowed) GTEST_SKIP() << "seccomp filters are not allowed here";
  EXPECT_EQ(result, 0);
}

/// One side of a game of catch over two rings of one element: each waits asleep for the other.
template <class Policy>
class Catcher {
 public:
  Catcher(const RingView& out, const RingView& in, std::atomic<std::uint64_t>& pushes,
          const std::atomic<std::uint64_t>& other_pushes)
      : push_(out, Attachment{}, Wait::Block),
        pop_(in, Attachment{}, Wait::Block),
        published_(in.producer_page->published),
        pushes_(pushes),
        other_pushes_(other_pushes) {}

  bool send(std::uint64_t ball) {
    const bool sent = push_.tryPush(&ball);
    pushes_.fetch_add(1);  // after the wake
    return sent;
  }
  /// Sleeps until the ball is there. False when it was there and nobody woke this process.
  bool receive(std::uint64_t& ball) {
    for (;;) {
      const std::uint32_t wakes = published_.wakes();
      if (published_.sleep(std::nullopt, [&] { return pop_.tryPop(&ball); })) break;
      ++sleeps_;
      if (!pop_.tryPop(&ball)) continue;
      // It came. Once the other has passed its wake, that must have been counted.
      while (other_pushes_ <= received_) pauseCore();
      ++received_;
      return published_.wakes() != wakes;
    }
    ++received_;
    return true;
  }
  std::uint64_t sleeps() const { return sleeps_; }

 private:
  PushSide<typename Policy::Writer> push_;
  PopSide<typename Policy::Reader> pop_;
  WaitPoint& published_;
  std::atomic<std::uint64_t>& pushes_;
  const std::atomic<std::uint64_t>& other_pushes_;
  std::uint64_t received_ = 0;
  std::uint64_t sleeps_ = 0;
};

/// RINGSIDE_SLEEPS asks for more; the slow checks ask for a million.
std::uint64_t sleepsToMake() {
  const char* asked = std::getenv("RINGSIDE_SLEEPS");
  return asked != nullptr ? std::strtoull(asked, nullptr, 10) : 5'000;
}

TYPED_TEST(WaitTest, NoWakeUpIsLost) {
  const Geometry geometry = makeGeometry(TypeParam::kKind, 8, 1);
  const RingSegment there = RingSegment::in<AnonMem>(geometry, {});
  const RingSegment back = RingSegment::in<AnonMem>(geometry, {});
  SharedArray<std::atomic<std::uint64_t>> pushes(2);
  const std::uint64_t wanted = sleepsToMake();
  constexpr std::uint64_t kEnd = ~0ULL;
  const ::pid_t other = inChild([&] {
    Catcher<TypeParam> catcher(back.view(), there.view(), pushes[1], pushes[0]);
    for (std::uint64_t ball = 0;;) {
      if (!catcher.receive(ball)) return 1;
      if (ball == kEnd) return 0;
      if (!catcher.send(ball)) return 2;
    }
  });
  Catcher<TypeParam> catcher(there.view(), back.view(), pushes[0], pushes[1]);
  std::uint64_t lost = 0;
  while (catcher.sleeps() < wanted / 2 && lost == 0) {  // the other sleeps as often
    std::uint64_t ball = 0;
    ASSERT_TRUE(catcher.send(ball));
    lost += catcher.receive(ball) ? 0 : 1;
  }
  EXPECT_EQ(lost, 0U);
  catcher.send(kEnd);
  EXPECT_EQ(resultOf(other), 0);
}

}  // namespace
}  // namespace ringside
