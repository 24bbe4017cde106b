#include "harness/workload_needs.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <iterator>

#include "harness/console.hpp"
#include "harness/memory_choice.hpp"
#include "harness/plugin/rehearsal.hpp"
#include "harness/scenario.hpp"

namespace ringside::harness {
namespace {

bool takes(const QueueLimits& limits, const QueueShape& shape) {
  return shape.producers <= limits.max_producers && shape.consumers <= limits.max_consumers;
}

/// The queue has no loops for this workload.
std::string reasonByLoops(const Cell& cell) {
  const QueueEntry& queue = *cell.queue;
  if (!queue.left_out.empty()) return fmt::format("left out: {}", queue.left_out);
  if (queue.loops[index(loopsOf(cell.workload))].produce != nullptr) return {};
  if (cell.workload == Workload::Stream && queue.loops[index(Workload::Throughput)].produce) {
    return fmt::format("{} has no elements in place: its adapter offers no tryClaim and tryTake",
                       queue.name);
  }
  std::vector<std::string_view> others;
  for (std::size_t i = 0; i < kWorkloadCount; ++i) {
    const auto loops = index(loopsOf(static_cast<Workload>(i)));
    if (queue.loops[loops].produce != nullptr) others.push_back(toString(static_cast<Workload>(i)));
  }
  return fmt::format("{} cannot be measured with {}, only with {}", queue.name,
                     toString(cell.workload), fmt::join(others, ", "));
}

std::string reasonByShape(const Cell& cell) {
  const QueueLimits& limits = cell.queue->limits;
  if (!takes(limits, cell.shape)) {
    return fmt::format("{} takes at most {} and {}", cell.queue->name,
                       counted(limits.max_producers, "producer"),
                       counted(limits.max_consumers, "consumer"));
  }
  const QueueShape reply = replyShape(cell.shape);
  if (cell.workload == Workload::PingPong && !takes(limits, reply)) {
    return fmt::format("the queue of the replies would need {} producers; {} takes {}",
                       reply.producers, cell.queue->name, limits.max_producers);
  }
  if (cell.workload == Workload::Duplex && cell.shape.producers + cell.shape.consumers != 2) {
    return fmt::format("duplex has one process on each side, not {} and {}", cell.shape.producers,
                       cell.shape.consumers);
  }
  return {};
}

std::string reasonBySizes(const Cell& cell) {
  const QueueLimits& limits = cell.queue->limits;
  const std::uint64_t size = cell.shape.element_size_bytes;
  if (size > limits.max_element_size_bytes) {
    return fmt::format("{} takes elements of at most {} bytes", cell.queue->name,
                       limits.max_element_size_bytes);
  }
  const auto& sizes = limits.element_sizes;
  if (!sizes.empty() && std::find(sizes.begin(), sizes.end(), size) == sizes.end()) {
    return fmt::format("{} was built for values of {} bytes, not of {}", cell.queue->name,
                       fmt::join(sizes, ", "), size);
  }
  if (cell.shape.capacity > limits.max_capacity) {
    return fmt::format("{} has a capacity of at most {}", cell.queue->name, limits.max_capacity);
  }
  const auto& capacities = limits.capacities;
  if (!capacities.empty() &&
      std::find(capacities.begin(), capacities.end(), cell.shape.capacity) == capacities.end()) {
    return fmt::format("{} was built for a capacity of {}, not of {}", cell.queue->name,
                       fmt::join(capacities, " or "), cell.shape.capacity);
  }
  return {};
}

/// Which axes mean something to a workload; what it does not take is not passed over in silence.
struct AxesTaken {
  Workload workload;
  bool batch;
  bool block;
  bool validate;
};
constexpr AxesTaken kAxesTaken[] = {
    {.workload = Workload::Throughput, .batch = true, .block = true, .validate = true},
    {.workload = Workload::PingPong, .batch = false, .block = true, .validate = true},
    {.workload = Workload::Stream, .batch = false, .block = false, .validate = true},
    {.workload = Workload::Duplex, .batch = false, .block = false, .validate = false},
    {.workload = Workload::Snapshot, .batch = false, .block = false, .validate = false},
    {.workload = Workload::Paced, .batch = false, .block = true, .validate = false},
    {.workload = Workload::Slo, .batch = false, .block = true, .validate = false},
};
static_assert(std::size(kAxesTaken) == kWorkloadCount, "each workload says which axes it takes");

std::string reasonByAxes(const Cell& cell) {
  const AxesTaken& taken = *std::find_if(
      std::begin(kAxesTaken), std::end(kAxesTaken),
      [&](const AxesTaken& candidate) { return candidate.workload == cell.workload; });
  const std::string_view workload = toString(cell.workload);
  if (cell.axes.batch > 1 && !taken.batch) {
    return fmt::format("{} has no batches, and {} were asked for: batches belong to throughput",
                       workload, cell.axes.batch);
  }
  if (cell.axes.wait == "block" && !taken.block) {
    return fmt::format("{} waits by spin or yield only", workload);
  }
  if (cell.validate != Validate::Full && !taken.validate) {
    return fmt::format(
        "{} always validates in full; less belongs to throughput, ping_pong and stream", workload);
  }
  return {};
}

}  // namespace

std::string reasonAgainst(const Cell& cell) {
  for (const auto& reason : {reasonByLoops(cell), reasonByShape(cell), reasonBySizes(cell),
                             reasonByAxes(cell), reasonByCalls(cell)}) {
    if (!reason.empty()) return reason;
  }
  return {};
}

std::size_t queueCount(const Cell& cell) {
  if (cell.queue->both_ways) return 1;
  if (cell.workload == Workload::PingPong) return 1 + cell.shape.producers;
  return cell.workload == Workload::Duplex ? 2 : 1;
}

std::uint64_t bytesOfQueues(const Cell& cell) {
  const std::uint64_t replies = queueCount(cell) - 1;
  return bytesNeededBy(*cell.queue, cell.shape) +
         (replies == 0 ? 0 : replies * bytesNeededBy(*cell.queue, replyShape(cell.shape)));
}

ControlShape controlShape(const Cell& cell) {
  const bool round_trips = cell.workload == Workload::PingPong;
  return {.producers = cell.shape.producers,
          .consumers = cell.shape.consumers,
          .histograms = round_trips,
          .replies = round_trips,
          .both_ways = cell.workload == Workload::Duplex,
          .reads = cell.workload == Workload::Snapshot};
}

}  // namespace ringside::harness
