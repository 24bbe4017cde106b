// Whether the gate is blind: of identical arms it must not matter which slot is called whose.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "harness/duet/gate_run.hpp"
#include "results/statistics/random_numbers.hpp"

namespace ringside::harness {

/// The block with the two slots of each pair exchanged or not, as chance decides, and so what is
/// known of an arm's slots together.
BlockReading relabelledOf(const KeptBlock& block, results::RandomNumbers& chance);

/// The effects of the first blocks of each cell that count, relabelled.
class Relabelled {
 public:
  /// `blocks`: so many of each cell.
  Relabelled(std::uint64_t seed, std::uint32_t blocks) : chance_(seed), blocks_(blocks) {}

  void take(const KeptBlock& block);
  /// Of the sign-flip test without a margin; nullopt where there are no blocks. Uniform, as far as
  /// the steps of an exact test allow.
  std::optional<double> pOf(const std::string& cell, const std::string& metric) const;

 private:
  results::RandomNumbers chance_;
  std::uint32_t blocks_;
  std::map<std::pair<std::string, std::string>, std::vector<double>> effects_;
};

}  // namespace ringside::harness
