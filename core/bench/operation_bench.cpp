// What one tryPush and one tryPop cost, in one thread, per policy and element size, and what the
// clock costs that everything else is measured with. Flags and JSON are Google Benchmark's own.
#include <benchmark/benchmark.h>
#include <time.h>

#include <chrono>
#include <cstddef>
#include <vector>

#include "ringside/ringside.hpp"

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace {

constexpr std::uint64_t kCapacity = 1024;

template <class Policy>
void BM_PushPop(benchmark::State& state) {
  const auto size = static_cast<std::uint64_t>(state.range(0));
  const auto geometry = ringside::makeGeometry(Policy::kKind, size, kCapacity);
  const auto segment = ringside::RingSegment::local(geometry, {});
  ringside::PushSide<typename Policy::Writer> push(segment.view(), ringside::Wait::Spin);
  ringside::PopSide<typename Policy::Reader> pop(segment.view(), ringside::Wait::Spin);
  std::vector<std::byte> out(size);
  std::vector<std::byte> in(size);
  for (auto _ : state) {
    if (!push.tryPush(out.data()) || !pop.tryPop(in.data())) {
      state.SkipWithError("the ring was full or empty");
      break;
    }
    benchmark::DoNotOptimize(in.data());
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations());
  state.SetBytesProcessed(state.iterations() * state.range(0));
}

void elementSizes(benchmark::internal::Benchmark* bench) {
  bench->ArgName("element_size_bytes");
  for (const int size : {8, 64, 256, 1472, 4096}) bench->Arg(size);
}

BENCHMARK_TEMPLATE(BM_PushPop, ringside::Spsc)->Apply(elementSizes);
BENCHMARK_TEMPLATE(BM_PushPop, ringside::Mpsc)->Apply(elementSizes);
BENCHMARK_TEMPLATE(BM_PushPop, ringside::Mpmc)->Apply(elementSizes);

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
