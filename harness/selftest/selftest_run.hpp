// The gate tried on itself: with arms that are the same, with delays of a known size, and with
// links of the same code.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "harness/duet/gate_run.hpp"
#include "harness/selftest/injected_delay.hpp"
#include "harness/selftest/selftest_record.hpp"

namespace ringside::harness {

/// What all gates of a self-test share.
struct SelftestOrder {
  const Suite* suite = nullptr;
  const Plan* plan = nullptr;
  std::filesystem::path suite_file;
  const Arm* arm = nullptr;  ///< both arms
  std::string machine;       ///< hash of its fingerprint
  std::string cpu;
  /// Sees the name of its cell after each block.
  std::function<void(const std::string& cell)> on_block = [](const std::string&) {};
};

/// One gate of identical arms. nullopt when the user interrupted.
std::optional<TriedGate> tryIdentical(const SelftestOrder& order, std::uint64_t seed,
                                      Session& session);

/// One gate with the injection in one cell, which `seed` chooses. Throws UsageError where the suite
/// has no cell for it.
std::optional<TriedGate> tryInjection(const SelftestOrder& order, const InjectionAsked& asked,
                                      std::uint64_t seed, Session& session);

/// How far links of one core lie apart: `arm` has them as its plug-ins, at least 3. Each is
/// measured against the first, in so many blocks of each cell.
std::optional<TriedGate> tryLinks(const SelftestOrder& order, std::uint32_t blocks,
                                  std::uint64_t seed, Session& session);

}  // namespace ringside::harness
