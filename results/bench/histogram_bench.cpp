// What a histogram costs on one thread: one recording (it stands in the timed path), one merge and
// one percentile (they do not).
#include <benchmark/benchmark.h>

#include <memory>
#include <random>
#include <vector>

#include "results/histogram.hpp"

namespace {

using ringside::results::Histogram;

constexpr std::size_t kValues = 4096;

/// Round trips as they are: some hundred ns, and now and then a long one.
std::vector<std::uint64_t> makeValues() {
  std::mt19937_64 random(1);
  std::lognormal_distribution<double> distribution(5.5, 0.8);
  std::vector<std::uint64_t> values(kValues);
  for (std::uint64_t& value : values) value = static_cast<std::uint64_t>(distribution(random));
  return values;
}

std::unique_ptr<Histogram> makeFilled() {
  auto histogram = std::make_unique<Histogram>();
  for (const std::uint64_t value : makeValues()) histogram->record(value);
  return histogram;
}

void recordOne(benchmark::State& state) {
  const std::vector<std::uint64_t> values = makeValues();
  const auto histogram = std::make_unique<Histogram>();
  std::size_t position = 0;
  for ([[maybe_unused]] auto _ : state) {
    histogram->record(values[position]);
    position = (position + 1) % kValues;
  }
  benchmark::DoNotOptimize(histogram->count());
}
BENCHMARK(recordOne);

void mergeOne(benchmark::State& state) {
  const auto source = makeFilled();
  const auto target = std::make_unique<Histogram>();
  for ([[maybe_unused]] auto _ : state) {
    target->merge(*source);
    benchmark::ClobberMemory();
  }
}
BENCHMARK(mergeOne);

void findPercentile(benchmark::State& state) {
  const auto histogram = makeFilled();
  for ([[maybe_unused]] auto _ : state)
    benchmark::DoNotOptimize(histogram->valueAtPercentile(99.0));
}
BENCHMARK(findPercentile);

}  // namespace
