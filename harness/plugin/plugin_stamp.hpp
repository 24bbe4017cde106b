// What a plug-in and the program must agree on before anything of the plug-in runs. Both compile
// this file; the program reads the plug-in's stamp out of the file, as bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "harness/plugin/plugin_build.hpp"
#include "harness/verify/snapshot.hpp"
#include "results/histogram.hpp"

namespace ringside::harness {

/// Text only, each with a zero byte at its end: it means the same to everybody who reads it.
struct PluginStamp {
  char magic[24];
  char version[32];    ///< of ringside, whose package it was built against
  char headers[24];    ///< a check of that package's harness headers: the loops that are timed
  char layout[24];     ///< a check of what the two hand to each other, see layoutCheck()
  char compiler[120];  ///< for people
};
inline constexpr std::string_view kPluginMagic = "ringside plug-in stamp\n";

#if defined(__clang__)
inline constexpr std::string_view kPluginCompiler = "clang++ " __clang_version__;
#else
inline constexpr std::string_view kPluginCompiler = "g++ " __VERSION__;
#endif

/// FNV-1a over the sizes of all that is shared, and over what the standard library is like. A
/// plug-in with a core of its own has its own idea of some of them.
constexpr std::uint64_t layoutCheck() {
  const std::uint64_t facts[] = {
    sizeof(void*),
    sizeof(std::size_t),
    sizeof(std::string),
    sizeof(std::vector<int>),
    sizeof(QueueEntry),
    sizeof(QueueLimits),
    sizeof(QueueShape),
    sizeof(Place),
    sizeof(HeldQueue),
    sizeof(AnyQueue),
    sizeof(SnapshotEntry),
    sizeof(WorkloadLoops),
    kLoopCount,
    sizeof(MemoryOptions),
    offsetof(MemoryOptions, prefault),
    offsetof(MemoryOptions, lock),
    offsetof(MemoryOptions, numa_nodes),
    offsetof(MemoryOptions, access),
    static_cast<std::uint64_t>(HugePages::Require),
    static_cast<std::uint64_t>(Wait::Yield),
    static_cast<std::uint64_t>(Wait::Block),
    static_cast<std::uint64_t>(ChannelSide::B),
    sizeof(WorkerContext),
    sizeof(Control),
    sizeof(ControlWords),
    sizeof(WorkerFindings),
    sizeof(Ledger),
    sizeof(LedgerPage),
    sizeof(Clock),
    sizeof(GapLog),
    sizeof(GapWatch),
    sizeof(Traffic),
    sizeof(SlotTable),
    sizeof(SlotSeat),
    sizeof(SlotSheet),
    sizeof(Injection),
    sizeof(Usage),
    sizeof(Proof),
    sizeof(RingFiles),
    sizeof(results::Histogram),
#if defined(_GLIBCXX_USE_CXX11_ABI)
    _GLIBCXX_USE_CXX11_ABI,
#else
    2,
#endif
  };
  std::uint64_t check = 0xcbf29ce484222325ULL;
  for (const std::uint64_t fact : facts) {
    check ^= fact;
    check *= 0x100000001b3ULL;
  }
  return check;
}

/// Of whoever compiles it.
constexpr PluginStamp pluginStamp() {
  PluginStamp stamp = {};
  const auto put = [](auto& field, std::string_view text) {
    for (std::size_t i = 0; i + 1 < sizeof field && i < text.size(); ++i) field[i] = text[i];
  };
  put(stamp.magic, kPluginMagic);
  put(stamp.version, kPluginVersion);
  put(stamp.headers, kPluginHeaders);
  put(stamp.compiler, kPluginCompiler);
  std::uint64_t check = layoutCheck();
  for (int digit = 15; digit >= 0; --digit, check >>= 4) {
    stamp.layout[digit] = "0123456789abcdef"[check & 15];
  }
  return stamp;
}

/// The one function that a plug-in exports, and its type.
inline constexpr const char* kPluginEntrants = "ringside_plugin_entrants";
using PluginEntrants = const std::vector<Entrant>* (*)();

}  // namespace ringside::harness
