// What the process of one arm is told about a block, and what it tells when that is over.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/clock.hpp"
#include "harness/injection.hpp"
#include "results/record.hpp"

namespace ringside::harness {

/// How long the slots of a cell are, and how many there are of each arm.
struct SlotTiming {
  std::uint32_t slots = 12;
  std::uint64_t slot_ns = 5'000'000;
  std::uint64_t skip_ns = 500'000;
  std::uint64_t skip_messages = 8192;
};

/// Handed over as JSON.
struct SlotJob {
  std::filesystem::path suite;  ///< a scenario file, whole
  std::string cell;
  std::string queue;  ///< of the cell
  /// Of plug-ins, this arm's or the other's: the suite may name them, and nothing of them runs.
  std::vector<std::string> other_queues;
  SlotTiming timing;
  std::uint64_t seed = 0;  ///< of the plans of paced slots: the same in both arms
  Clock clock;
  double clock_step_ns = 0;    ///< the least by which two different readings of the clock differ
  double clock_bound_ns = 0;   ///< by so much times of paced slots may be wrong
  bool tries_senders = false;  ///< of paced slots: how late they come without any queue
  Injection injection;
  std::string plugin;           ///< what the arm's queues come from; empty: the program itself
  int parent = 0;               ///< the process that it dies with
  int turns_descriptor = -1;    ///< of the page with TurnWords
  int reading_descriptor = -1;  ///< of the file that takes the ArmReading
};
std::string toJson(const SlotJob& job);
/// Throws std::exception for what is none.
SlotJob slotJobFrom(const std::string& text);

/// What one slot came to.
struct SlotReading {
  double canary_ns = 0;        ///< 0 where it was not measured
  std::uint64_t messages = 0;  ///< or round trips, in the measured part
  std::uint64_t counted = 0;   ///< undisturbed ones; where throughput is measured, batches
  bool saturated = false;      ///< the planned rate was not kept
  std::map<std::string, double> metrics;
};

/// What the queue lay in, as the kernel told the first producer; zeros where that is no mapped
/// memory.
struct ArmMemory {
  std::uint64_t page_size_bytes = 0;
  std::uint64_t locked_bytes = 0;
};

/// What one arm came to in a block.
struct ArmReading {
  std::vector<SlotReading> slots;
  std::map<std::string, double> block_metrics;  ///< which need all slots together
  std::optional<results::Validation> validation;
  double run_delay = 0;  ///< part of the slots in which a worker waited for its CPU, of the worst
  std::string trouble;   ///< why there is nothing, or not all; empty: all went well
  bool unobtainable = false;  ///< of the trouble: this machine cannot do it
  /// Why the figures say nothing though all ended well: another CPU or other memory than was asked
  /// for, messages that came before they were sent. Empty: they do.
  std::string invalid;
  ArmMemory memory;
  double senders_late_ns = 0;  ///< without any queue, p90 of the worst; 0 where not tried
};
std::string toJson(const ArmReading& reading);
/// Throws std::exception for what is none.
ArmReading armReadingFrom(const std::string& text);

}  // namespace ringside::harness
