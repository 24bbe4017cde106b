// What the memory changes: one tryPush and one tryPop of 64 bytes, and making and opening a ring,
// in every kind of memory. With reserved huge pages (sysctl vm.nr_hugepages) those too.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <string>

#include "bench_ring.hpp"

namespace {

using ringside::MemoryOptions;

constexpr std::uint64_t kSize = 64;

MemoryOptions optionsOf(ringside::HugePages huge_pages) {
  MemoryOptions options;
  options.huge_pages = huge_pages;
  options.prefault = true;
  return options;
}

/// The file and the segment that benchmarks use, gone at the end.
struct Places {
  std::string name = "ringside-bench-" + std::to_string(::getpid());
  std::string path = (std::filesystem::temp_directory_path() / name).string();
  ~Places() { clear(); }
  void clear() const {
    ringside::ShmMem::unlink(name);
    std::filesystem::remove(path);
  }
};
const Places places;

template <class Ring>
void pushAndPop(benchmark::State& state, Ring& ring) {
  alignas(64) std::array<std::byte, kSize> out{};
  alignas(64) std::array<std::byte, kSize> in{};
  for (auto _ : state) {
    if (!ring.push.tryPush(out.data()) || !ring.pop.tryPop(in.data())) {
      state.SkipWithError("the ring was full or empty");
      break;
    }
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations());
  state.counters["page_size_bytes"] = static_cast<double>(ring.segment.memory().pageSize());
}

template <class Policy, class Memory, class... Place>
void addIn(const std::string& memory, ringside::HugePages huge_pages, const Place&... place) {
  const std::string policy = Policy::kKind == ringside::PolicyKind::Spsc   ? "spsc"
                             : Policy::kKind == ringside::PolicyKind::Mpsc ? "mpsc"
                                                                           : "mpmc";
  const auto guarded = [=](auto&& body) {
    return [=](benchmark::State& state) {
      try {
        places.clear();
        body(state);
      } catch (const std::system_error& error) {
        state.SkipWithError(error.what());
      }
    };
  };
  benchmark::RegisterBenchmark(
      ("BM_PushPopIn/" + policy + "/" + memory).c_str(), guarded([=](benchmark::State& state) {
        ringside::bench::Ring<Memory, Policy> ring(kSize, optionsOf(huge_pages), place...);
        pushAndPop(state, ring);
      }));
  benchmark::RegisterBenchmark(
      ("BM_MakeRing/" + policy + "/" + memory).c_str(), guarded([=](benchmark::State& state) {
        for (auto _ : state) {
          ringside::bench::Ring<Memory, Policy> ring(kSize, optionsOf(huge_pages), place...);
          benchmark::DoNotOptimize(ring.segment.view().slots);
          places.clear();
        }
      }))
      ->Unit(benchmark::kMicrosecond);
}

template <class Policy>
void addAll() {
  using ringside::HugePages;
  addIn<Policy, ringside::LocalMem>("local", HugePages::Never);
  addIn<Policy, ringside::AnonMem>("anon", HugePages::Never);
  addIn<Policy, ringside::MemfdMem>("memfd", HugePages::Never);
  addIn<Policy, ringside::ShmMem>("shm", HugePages::Never, places.name);
  addIn<Policy, ringside::FileMem>("file", HugePages::Never, places.path);
  addIn<Policy, ringside::SysvMem>("sysv", HugePages::Never);
  addIn<Policy, ringside::LocalMem>("local_huge", HugePages::Require);
  addIn<Policy, ringside::ShmMem>("shm_huge", HugePages::Require, places.name);
}

const bool added = [] {
  addAll<ringside::Spsc>();
  addAll<ringside::Mpsc>();
  addAll<ringside::Mpmc>();
  return true;
}();

}  // namespace
