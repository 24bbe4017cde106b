#include "harness/plan.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <set>

#include "harness/console.hpp"
#include "harness/memory_choice.hpp"
#include "harness/open_loop.hpp"
#include "harness/plugin/rehearsal.hpp"
#include "harness/schedule.hpp"
#include "harness/slo.hpp"
#include "harness/usage_error.hpp"
#include "harness/workload_needs.hpp"
#include "results/contest.hpp"

namespace ringside::harness {
namespace {

const Sweep& sweepOf(const Scenario& scenario, std::string_view axis) {
  return *std::find_if(scenario.sweeps.begin(), scenario.sweeps.end(),
                       [&](const Sweep& sweep) { return sweep.axis->name == axis; });
}

const Where& whereOf(const Scenario& scenario, std::string_view axis) {
  return sweepOf(scenario, axis).where;
}

bool takes(const QueueLimits& limits, const Workers& workers) {
  return workers.producers <= limits.max_producers && workers.consumers <= limits.max_consumers;
}

/// Which of the two axes asks for too many, whatever the other says.
std::string_view axisBeyond(const Scenario& scenario, const QueueLimits& limits) {
  for (const AxisValue& producers : sweepOf(scenario, "producers").values) {
    if (std::get<std::uint64_t>(producers) <= limits.max_producers) return "consumers";
  }
  return "producers";
}

bool takesAShapeOf(const Scenario& scenario, const QueueLimits& limits) {
  for (const AxisValue& producers : sweepOf(scenario, "producers").values) {
    for (const AxisValue& consumers : sweepOf(scenario, "consumers").values) {
      const Workers workers{static_cast<std::uint32_t>(std::get<std::uint64_t>(producers)),
                            static_cast<std::uint32_t>(std::get<std::uint64_t>(consumers))};
      if (takes(limits, workers)) return true;
    }
  }
  return false;
}

bool names(const Scenario& scenario, const AxisValue& queue) {
  const Sweep& queues = sweepOf(scenario, "queue");
  return !queues.is_all &&
         std::find(queues.values.begin(), queues.values.end(), queue) != queues.values.end();
}

/// A queue that can take none of the shapes that a suite asks of it was asked for by mistake.
void refuseQueuesWithoutAShape(const Suite& suite, const Scenario& scenario) {
  for (const AxisValue& name : sweepOf(scenario, "queue").values) {
    if (!names(scenario, name)) return;  // all of them
    const QueueEntry& queue = *findMeasured(std::get<std::string>(name));
    const bool takes_any =
        std::any_of(suite.scenarios.begin(), suite.scenarios.end(), [&](const Scenario& candidate) {
          return names(candidate, name) && takesAShapeOf(candidate, queue.limits);
        });
    if (takes_any) continue;
    throw UsageError(fmt::format(
        "{}: queue '{}' takes at most {} and {}, and scenario '{}' asks for more; ask for fewer or "
        "leave the queue out",
        whereOf(scenario, axisBeyond(scenario, queue.limits)).text, queue.name,
        counted(queue.limits.max_producers, "producer"),
        counted(queue.limits.max_consumers, "consumer"), scenario.name));
  }
}

std::string reasonByLimits(const Cell& cell) {
  const QueueLimits& limits = cell.queue->limits;
  const results::Axes& axes = cell.axes;
  if (std::string reason = reasonAgainst(cell); !reason.empty()) return reason;
  if (!limits.takes_memory_options && limits.provision == Provision::Queue &&
      (axes.huge_pages != "never" || axes.lock_memory || !axes.prefault)) {
    return fmt::format(
        "{} makes its own memory: no huge pages or locking can be asked for, nor that it is "
        "touched later",
        cell.queue->name);
  }
  return {};
}

Tuning parseTuning(const std::string& name) {
  if (name == "latency") return Tuning::RoundTrip;
  return name == "throughput" ? Tuning::Throughput : Tuning::Adaptive;
}

HugePages parseHugePages(const std::string& name) {
  if (name == "try") return HugePages::Try;
  return name == "require" ? HugePages::Require : HugePages::Never;
}

Validate parseValidate(const std::string& name) {
  if (name == "off") return Validate::Off;
  return name == "sequence" ? Validate::Sequence : Validate::Full;
}

class Planner {
 public:
  Planner(const Suite& suite, const Topology& topology, const MemoryLimits& limits)
      : suite_(suite), topology_(topology), limits_(limits), placer_(topology) {}

  Plan plan() {
    Plan plan{.suite = suite_.name, .cells = {}, .compares_queues = suite_.contest.hasSubjects()};
    refuseUnusedAxes(suite_);
    for (const Scenario& scenario : suite_.scenarios) {
      refuseQueuesWithoutAShape(suite_, scenario);
      combine(scenario, 0, {}, plan);
    }
    plan.combination_times = std::move(combination_times_);
    plan.combination_groups = std::move(combination_groups_);
    return plan;
  }

 private:
  /// All values of axis number `next` and of those after it, on top of `axes`.
  void combine(const Scenario& scenario, std::size_t next, const results::Axes& axes, Plan& plan) {
    if (next == scenario.sweeps.size()) {
      Cell cell = makeCell(scenario, axes);
      if (sweepOf(scenario, "queue").is_all && cell.unfit) {
        plan.left_out.push_back({cell.name, *cell.skip_reason});
        return;
      }
      // "auto" may come to what another value of the axis names.
      if (names_.insert(cell.name).second) plan.cells.push_back(std::move(cell));
      return;
    }
    const Sweep& sweep = scenario.sweeps[next];
    for (const AxisValue& value : sweep.values) {
      results::Axes extended = axes;
      sweep.axis->set(extended, value);
      value_numbers_.push_back(static_cast<std::size_t>(&value - sweep.values.data()));
      combine(scenario, next + 1, extended, plan);
      value_numbers_.pop_back();
    }
  }

  Cell makeCell(const Scenario& scenario, const results::Axes& asked) {
    Cell cell;
    cell.scenario = scenario.name;
    cell.workload = scenario.workload;
    cell.timing = scenario.timing;
    cell.axes = asked;
    cell.queue = findMeasured(asked.queue);
    cell.axes.workload = toString(scenario.workload);
    settleOpenLoop(suite_, scenario, cell);
    cell.validate = parseValidate(asked.validate);
    cell.shape = {.producers = asked.producers,
                  .consumers = asked.consumers,
                  .element_size_bytes = asked.element_size_bytes,
                  .capacity = asked.capacity,
                  .memory = {.huge_pages = parseHugePages(asked.huge_pages),
                             .prefault = asked.prefault,
                             .lock = asked.lock_memory},
                  .tuning = parseTuning(asked.tuning)};
    number(cell);
    askQueue(cell);
    place(scenario, cell);
    skipFor(cell, chooseNodes(cell, topology_));
    cell.name = nameOf(cell);
    chooseWait(cell);
    if (cell.queue->limits.threads_only) {
      cell.notes.emplace_back("threads of one process: this queue works between no others");
    }
    if (!cell.queue->limits.exact_capacity) {
      cell.notes.emplace_back(cell.queue->limits.capacity_note);
    }
    if (!cell.skip_reason && !cell.fail_reason) checkMemory(scenario, cell);
    if (cell.skip_reason) cell.notes.clear();  // about how it would have run
    return cell;
  }

  /// What the queue has against it; that of a plug-in may crash when it is asked.
  static void askQueue(Cell& cell) {
    if (!cell.queue->trouble.empty()) {
      cell.fail_reason = cell.queue->trouble;
      return;
    }
    try {
      skipFor(cell, reasonByLimits(cell));
      cell.unfit = cell.skip_reason.has_value();
      skipFor(cell, chooseBacking(cell));
    } catch (const AdapterFailed& error) {
      cell.fail_reason = error.what();
    }
  }

  /// Its place among all combinations, before anything is asked of this machine.
  void number(Cell& cell) {
    cell.combination = combination_times_.size();
    cell.value_numbers = value_numbers_;
    combination_times_.push_back(timeOnAnyMachine(cell));
    combination_groups_.push_back(groupOf(cell));
  }

  /// Its contest, or where nothing is compared a group of its own.
  std::size_t groupOf(const Cell& cell) {
    if (!suite_.contest.hasSubjects()) return cell.combination;
    const results::Axes contest = results::contestOf(cell.axes);
    const auto known = std::find(contests_.begin(), contests_.end(), contest);
    const auto group = static_cast<std::size_t>(known - contests_.begin());
    if (known == contests_.end()) contests_.push_back(contest);
    return group;
  }

  static void skipFor(Cell& cell, const std::string& reason) {
    if (!reason.empty() && !cell.skip_reason) cell.skip_reason = reason;
  }

  void place(const Scenario& scenario, Cell& cell) {
    const auto& placed =
        placer_.place(cell.axes.placement, {cell.axes.producers, cell.axes.consumers});
    if (const auto* none = std::get_if<NoPlacing>(&placed)) {
      if (none->fault == NoPlacing::Fault::User) {
        throw UsageError(fmt::format("{}: placement is '{}'; {}",
                                     whereOf(scenario, "placement").text, cell.axes.placement,
                                     none->reason));
      }
      if (!cell.skip_reason) cell.skip_reason = none->reason;
      return;
    }
    cell.placing = std::get<Placing>(placed);
    cell.axes.placement = cell.placing.name;
    if (!cell.placing.shares_cpus) return;
    std::set<int> used(cell.placing.producer_cpus.begin(), cell.placing.producer_cpus.end());
    used.insert(cell.placing.consumer_cpus.begin(), cell.placing.consumer_cpus.end());
    const std::size_t cpus = used.empty() ? topology_.cpus().size() : used.size();
    cell.notes.push_back(fmt::format(
        "{} workers share {}", cell.axes.producers + cell.axes.consumers, counted(cpus, "CPU")));
  }

  std::string nameOf(const Cell& cell) const {
    std::string name = fmt::format("{}/{}/{}/{}p{}c", suite_.name, cell.scenario, cell.queue->name,
                                   cell.axes.producers, cell.axes.consumers);
    for (const Axis& axis : allAxes()) {
      const std::string label = axis.label(cell.axes);
      if (!label.empty()) name += "/" + label;
    }
    return name;
  }

  /// Spinning takes the CPU from the very worker one waits for, where they share it.
  static void chooseWait(Cell& cell) {
    const bool is_auto = cell.axes.wait == "auto";
    const bool yields = is_auto ? cell.placing.shares_cpus : cell.axes.wait == "yield";
    const bool blocks = cell.axes.wait == "block";
    cell.wait = yields ? Wait::Yield : blocks ? Wait::Block : Wait::Spin;
    cell.axes.wait = yields ? "yield" : blocks ? "block" : "spin";
    if (is_auto && yields) cell.notes.back() += "; waiting yields instead of spinning";
  }

  void checkMemory(const Scenario& scenario, Cell& cell) {
    const std::string where = whereOf(scenario, "element_size_bytes").text;
    try {
      cell.bytes_needed = bytesOfQueues(cell);
    } catch (const AdapterFailed& error) {
      cell.fail_reason = error.what();
      return;
    } catch (const std::exception& error) {
      throw UsageError(fmt::format("{}: {} elements of {} bytes: {}", where, cell.axes.capacity,
                                   cell.axes.element_size_bytes, error.what()));
    }
    if (cell.bytes_needed > limits_.total_bytes) {
      throw UsageError(fmt::format(
          "{}: {} elements of {} bytes need {} bytes of memory, this machine has {}; use a smaller "
          "element_size_bytes or capacity",
          where, cell.axes.capacity, cell.axes.element_size_bytes, cell.bytes_needed,
          limits_.total_bytes));
    }
    if (cell.backing == Backing::PosixShm && cell.bytes_needed > limits_.shm_free_bytes) {
      cell.skip_reason = fmt::format("it needs {} bytes in /dev/shm, where {} are free",
                                     cell.bytes_needed, limits_.shm_free_bytes);
    }
  }

  const Suite& suite_;
  const Topology& topology_;
  const MemoryLimits& limits_;
  Placer placer_;
  std::set<std::string> names_;
  std::vector<std::size_t> value_numbers_;  ///< of the combination that is being made
  std::vector<std::chrono::milliseconds> combination_times_;
  std::vector<std::size_t> combination_groups_;
  std::vector<results::Axes> contests_;
};

}  // namespace

std::uint64_t Plan::runnable() const {
  return static_cast<std::uint64_t>(std::count_if(
      cells.begin(), cells.end(), [](const Cell& cell) { return !cell.skip_reason; }));
}

std::chrono::milliseconds Plan::estimate() const {
  std::chrono::milliseconds total{0};
  for (const Cell& cell : cells) {
    if (cell.skip_reason) continue;
    total += static_cast<long>(cell.timing.repetitions) * timeOfRepetition(cell);
  }
  return total;
}

MemoryLimits memoryLimitsOfThisMachine() {
  MemoryLimits limits;
  limits.total_bytes = static_cast<std::uint64_t>(::sysconf(_SC_PHYS_PAGES)) *
                       static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  struct ::statvfs shm = {};
  if (::statvfs("/dev/shm", &shm) == 0) {
    // A tmpfs without a limit reports no blocks at all.
    limits.shm_free_bytes = shm.f_blocks == 0 ? limits.total_bytes : shm.f_bavail * shm.f_frsize;
  }
  return limits;
}

Plan makePlan(const Suite& suite, const Topology& topology, const MemoryLimits& limits) {
  return Planner(suite, topology, limits).plan();
}

}  // namespace ringside::harness
