// What one tryPush and one tryPop cost, in one thread, per policy and element size, what a pop that
// sleeps costs, and what the clock costs that everything else is measured with.
#include <benchmark/benchmark.h>
#include <time.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <vector>

#include "bench_ring.hpp"

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace {

double secondsOf(::clockid_t clock) {
  ::timespec now = {};
  ::clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) * 1e-9;
}

template <class Policy>
void BM_PushPop(benchmark::State& state) {
  const auto size = static_cast<std::uint64_t>(state.range(0));
  ringside::bench::Ring<ringside::LocalMem, Policy> ring(size);
  std::vector<std::byte> out(size);
  std::vector<std::byte> in(size);
  for (auto _ : state) {
    if (!ring.push.tryPush(out.data()) || !ring.pop.tryPop(in.data())) {
      state.SkipWithError("the ring was full or empty");
      break;
    }
    benchmark::DoNotOptimize(in.data());
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(state.iterations() * state.range(0));
}

/// The same without a copy: claim, commit, take, release.
template <class Policy>
void BM_ClaimTake(benchmark::State& state) {
  const auto size = static_cast<std::uint64_t>(state.range(0));
  ringside::bench::Ring<ringside::LocalMem, Policy> ring(size);
  for (auto _ : state) {
    const ringside::Claim claim = ring.push.tryClaim(1);
    benchmark::DoNotOptimize(ring.push.slot(claim, 0));
    ring.push.commit(claim, claim.count);
    const ringside::Claim taken = ring.pop.tryTake(1);
    benchmark::DoNotOptimize(ring.pop.slot(taken, 0));
    ring.pop.release(taken);
    if (claim.count + taken.count != 2) {
      state.SkipWithError("the ring was full or empty");
      break;
    }
  }
  state.SetItemsProcessed(state.iterations());
}

void elementSizes(benchmark::internal::Benchmark* bench) {
  bench->ArgName("element_size_bytes");
  for (const int size : {8, 64, 256, 1472, 4096}) bench->Arg(size);
}

BENCHMARK_TEMPLATE(BM_PushPop, ringside::Spsc)->Apply(elementSizes);
BENCHMARK_TEMPLATE(BM_PushPop, ringside::Mpsc)->Apply(elementSizes);
BENCHMARK_TEMPLATE(BM_PushPop, ringside::Mpmc)->Apply(elementSizes);

BENCHMARK_TEMPLATE(BM_ClaimTake, ringside::Spsc)->ArgName("element_size_bytes")->Arg(64);
BENCHMARK_TEMPLATE(BM_ClaimTake, ringside::Mpsc)->ArgName("element_size_bytes")->Arg(64);
BENCHMARK_TEMPLATE(BM_ClaimTake, ringside::Mpmc)->ArgName("element_size_bytes")->Arg(64);

/// A pop that sleeps 100 ms and gets nothing. The counter is what that uses of a core, in percent.
template <class Policy>
void BM_BlockedPop(benchmark::State& state) {
  const ringside::bench::Ring<ringside::LocalMem, Policy> ring(64);
  ringside::PopSide<typename Policy::Reader> pop(ring.segment.view(), ringside::Attachment{},
                                                 ringside::Wait::Block);
  std::array<std::byte, 64> in;
  double cpu_s = 0;
  double waited_s = 0;
  for (auto _ : state) {
    const double cpu_before_s = secondsOf(CLOCK_THREAD_CPUTIME_ID);
    const double before_s = secondsOf(CLOCK_MONOTONIC);
    if (pop.popUntil(in.data(), ringside::deadlineAfter(std::chrono::milliseconds(100)))) {
      state.SkipWithError("the ring was not empty");
      break;
    }
    waited_s += secondsOf(CLOCK_MONOTONIC) - before_s;
    cpu_s += secondsOf(CLOCK_THREAD_CPUTIME_ID) - cpu_before_s;
  }
  state.counters["core_percent"] = 100 * cpu_s / waited_s;
}

BENCHMARK_TEMPLATE(BM_BlockedPop, ringside::Spsc)->Unit(benchmark::kMillisecond);
BENCHMARK_TEMPLATE(BM_BlockedPop, ringside::Mpsc)->Unit(benchmark::kMillisecond);
BENCHMARK_TEMPLATE(BM_BlockedPop, ringside::Mpmc)->Unit(benchmark::kMillisecond);

void BM_SteadyClock(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(std::chrono::steady_clock::now());
}
BENCHMARK(BM_SteadyClock);

void BM_ClockMonotonicRaw(benchmark::State& state) {
  ::timespec now = {};
  for (auto _ : state) {
    ::clock_gettime(CLOCK_MONOTONIC_RAW, &now);
    benchmark::DoNotOptimize(now);
  }
}
BENCHMARK(BM_ClockMonotonicRaw);

#if defined(__x86_64__)
void BM_TimeStampCounter(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(__rdtsc());
}
BENCHMARK(BM_TimeStampCounter);
#endif

}  // namespace

BENCHMARK_MAIN();
