// The delay that a self-test puts into the candidate of one cell, and what is expected of it.
#pragma once

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/duet/gate_run.hpp"
#include "harness/selftest/selftest_record.hpp"

namespace ringside::harness {

/// What is put into the candidate, as it was asked for. One of the first four is there.
struct InjectionAsked {
  std::optional<double> ns = {};             ///< to each message
  std::optional<double> percent = {};        ///< the same, of the round trip's p50 of the cell
  std::optional<double> tail_fraction = {};  ///< of the messages, with `tail_ns`
  double tail_ns = 0;
  bool stall = false;  ///< 5 us to one message in 500

  /// Every message is later by the same.
  bool isShift() const { return ns || percent; }
  bool any() const { return ns || percent || tail_fraction || stall; }
};

/// Block by block of one gate.
class InjectedDelay {
 public:
  /// `alone`: the cell's metrics without it. All but `cell` outlive it.
  InjectedDelay(const InjectionAsked& asked, const Cell& cell, const Clock& clock,
                const std::map<std::string, double>& alone);

  /// Of the next block.
  const Injection& now() const { return injection_; }

  /// A block that had it. A percentage is of the round trip as it has just been: a hypervisor moves
  /// virtual CPUs, and in the next minute a round trip may take three times as long.
  void take(const KeptBlock& block);

  TriedInjection judgedBy(const GateResult& result, const results::GateTerms& terms);

 private:
  void choose(double baseline_ns);

  const InjectionAsked& asked_;
  const Clock& clock_;
  const std::map<std::string, double>& alone_;
  Injection injection_;
  double true_ns_ = 0;
  TriedInjection tried_;
  bool in_second_ = false;
  std::array<std::vector<double>, 2> expected_;  ///< in each block, before stage two and from it on
  std::vector<double> costs_;
};

}  // namespace ringside::harness
