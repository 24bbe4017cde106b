// One block: fresh processes of each arm, and slots of a few milliseconds in turns, in an order
// that chance decides pair by pair. The arms share everything but what differs between them: CPUs,
// length of slots, plan of sends, and the milliseconds around.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "harness/duet/arm_files.hpp"
#include "harness/duet/slot_job.hpp"
#include "harness/session.hpp"

namespace ringside::harness {

/// One arm, as the blocks need it.
struct Side {
  const ArmFiles* files = nullptr;
  Injection injection = {};
  /// Where it runs a cell of its own instead of the order's: its name, and the suite with it in it.
  std::string cell = {};
  std::filesystem::path suite = {};
  /// Where it wants the host to be otherwise: before its process is started, and no other one is
  /// started before that one is ready; and before each of its slots.
  std::function<void()> before_start = {};
  std::function<void()> before_slot = {};
};

/// What is to be run.
struct BlockOrder {
  std::filesystem::path suite;  ///< with the cell in it
  std::string cell;
  std::string queue;
  SlotTiming timing;
  double clock_bound_ns = 0;   ///< as in SlotJob
  bool tries_senders = false;  ///< the same; with two arms they would be in each other's way
  std::uint32_t number = 0;    ///< among the cell's blocks: settles which links are used
  std::uint64_t seed = 0;      ///< of all that chance decides in it
};

/// What came of it.
struct BlockReading {
  std::vector<ArmReading> arms = {};  ///< baseline first
  /// Of each pair of slots: whether the second arm came first.
  std::vector<bool> second_first = {};
  bool interrupted = false;
  /// The arm whose slot did not come to its end in time: the block ended there.
  std::optional<std::size_t> stuck = {};

  /// Of the first arm that has some.
  std::string trouble() const;
};

/// Runs it, with one arm or two. Whatever happens to an arm stands in its reading; nothing of it is
/// left when this returns. Throws std::system_error when no process or memory is to be had, and
/// what the sides' functions throw.
BlockReading runBlock(const std::vector<Side>& sides, const BlockOrder& order, Session& session);

}  // namespace ringside::harness
