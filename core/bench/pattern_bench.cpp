// What the process-shared patterns cost when nobody else wants them.
#include <benchmark/benchmark.h>

#include <array>
#include <vector>

#include "ringside/ringside.hpp"

namespace {

using namespace ringside;

struct Sample {
  std::array<std::uint64_t, 32> words{};
};

void BM_RobustMutexLockUnlock(benchmark::State& state) {
  SharedObject<RobustMutex, AnonMem> mutex;
  for (auto _ : state) {
    mutex->lock();
    mutex->unlock();
  }
}
BENCHMARK(BM_RobustMutexLockUnlock);

void BM_DoubleBufferWrite(benchmark::State& state) {
  SharedObject<DoubleBuffer<Sample>, AnonMem> buffer;
  const Sample sample;
  for (auto _ : state) buffer->write(sample);
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(sizeof(Sample)));
}
BENCHMARK(BM_DoubleBufferWrite);

void BM_DoubleBufferRead(benchmark::State& state) {
  SharedObject<DoubleBuffer<Sample>, AnonMem> buffer;
  Sample sample;
  for (auto _ : state) {
    buffer->read(sample);
    benchmark::DoNotOptimize(sample);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(sizeof(Sample)));
}
BENCHMARK(BM_DoubleBufferRead);

void BM_DoubleBufferView(benchmark::State& state) {
  SharedObject<DoubleBuffer<Sample>, AnonMem> buffer;
  for (auto _ : state) benchmark::DoNotOptimize(buffer->view()->words[0]);
}
BENCHMARK(BM_DoubleBufferView);

void BM_SharedConfigRead(benchmark::State& state) {
  SharedObject<SharedConfig<Sample>, AnonMem> config;
  Versioned<Sample> seen;
  for (auto _ : state) {
    config->read(seen);
    benchmark::DoNotOptimize(seen);
  }
}
BENCHMARK(BM_SharedConfigRead);

void BM_MutexRingPushPop(benchmark::State& state) {
  constexpr std::uint64_t kSize = 64;
  constexpr std::uint64_t kCapacity = 1024;
  AnonMem memory(MutexRing::bytesNeeded(kSize, kCapacity));
  MutexRing::create(memory.get(), memory.size(), kSize, kCapacity);
  MutexRing ring(memory.get(), memory.size());
  std::array<std::byte, kSize> element{};
  for (auto _ : state) {
    ring.tryPush(element.data());
    ring.tryPop(element.data());
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_MutexRingPushPop);

}  // namespace
