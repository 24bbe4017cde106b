#include "harness/duet/arm_process.hpp"

#include <fmt/format.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <stdexcept>

#include "harness/crew.hpp"
#include "harness/duet/slot_reading.hpp"
#include "harness/plugin/plugin_file.hpp"
#include "harness/proof_judge.hpp"
#include "harness/queue_names.hpp"
#include "harness/queue_places.hpp"
#include "harness/send_plan.hpp"
#include "harness/shared_word.hpp"
#include "harness/tally.hpp"
#include "harness/workload_needs.hpp"
#include "results/whole_file.hpp"

namespace ringside::harness {
namespace {

/// For all slots of both arms together, and for what a queue that loses makes its workers wait.
constexpr Patience kBlockPatience{.until_attached = std::chrono::seconds(20),
                                  .until_ended = std::chrono::seconds(100)};
constexpr std::uint64_t kGapsPerWorker = 1 << 14;

/// The page with TurnWords, which whoever directs has mapped as well.
class SharedTurns {
 public:
  explicit SharedTurns(int descriptor) {
    void* const page =
        ::mmap(nullptr, sizeof(TurnWords), PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    if (page == MAP_FAILED) throw std::runtime_error("the page of whose turn it is was not given");
    words_ = static_cast<TurnWords*>(page);
  }
  SharedTurns(const SharedTurns&) = delete;
  SharedTurns& operator=(const SharedTurns&) = delete;
  ~SharedTurns() { ::munmap(words_, sizeof(TurnWords)); }
  TurnWords& words() const { return *words_; }

 private:
  TurnWords* words_;
};

/// For the suite to be planned with; `job` outlives them.
void enterOthersOf(const SlotJob& job) {
  for (const std::string& other : job.other_queues) {
    if (findMeasured(other) != nullptr) continue;
    enterQueue(brokenEntry({.name = other, .summary = {}}, "it is not the queue of this cell"));
  }
}

/// The cell with the queue of the arm.
Cell cellOf(const SlotJob& job, const Topology& topology) {
  static QueueEntry own;  // the cell points to it, to the end of the process
  if (!job.plugin.empty()) {
    own = entryFrom(job.plugin, job.queue);
    if (findMeasured(job.queue) == nullptr) enterQueue(own);  // for the plan to find it
  }
  enterOthersOf(job);
  const Plan plan = makePlan(readSuite(job.suite, {}), topology, memoryLimitsOfThisMachine());
  const auto found = std::find_if(plan.cells.begin(), plan.cells.end(),
                                  [&](const Cell& cell) { return cell.name == job.cell; });
  if (found == plan.cells.end()) throw std::runtime_error(job.cell + " is not in the suite here");
  Cell cell = *found;
  if (cell.skip_reason) throw std::runtime_error(*cell.skip_reason);
  if (cell.fail_reason) throw std::runtime_error(*cell.fail_reason);
  if (!job.plugin.empty()) cell.queue = &own;
  // An older core, or another queue of that name: what it would leave aside would be judged.
  if (!cell.queue->limits.takes_tuning && cell.axes.tuning != "adaptive") {
    throw std::runtime_error(fmt::format("its queue {} takes no tuning, and the cell asks for {}",
                                         cell.queue->name, cell.axes.tuning));
  }
  return cell;
}

SlotTableShape shapeOf(const SlotJob& job, const Cell& cell) {
  return {.kind = *slotKindOf(cell.workload),
          .producers = cell.axes.producers,
          .consumers = cell.axes.consumers,
          .slots = job.timing.slots,
          .slot_ns = job.timing.slot_ns,
          .skip_ns = job.timing.skip_ns,
          .skip_messages = std::max(job.timing.skip_messages, 2 * cell.axes.capacity),
          .tries_senders = job.tries_senders};
}

/// The plans of all slots, one behind the other, and where each begins.
std::unique_ptr<Traffic> trafficOf(const SlotJob& job, const Cell& cell, SlotTable& table) {
  const std::uint32_t producers = cell.axes.producers;
  std::vector<std::vector<double>> planned(producers);
  std::vector<std::vector<std::uint64_t>> first(producers, {0});
  for (std::uint32_t slot = 0; slot < job.timing.slots; ++slot) {
    std::vector<std::vector<double>> one(producers);
    if (cell.workload == Workload::Paced) {
      one = planSends(cell.arrivals,
                      {.rate_per_s = cell.axes.rate_per_s.value_or(0),
                       .length_ns = static_cast<double>(job.timing.slot_ns + job.timing.skip_ns),
                       .producers = producers,
                       .seed = job.seed + slot});
    }
    for (std::uint32_t p = 0; p < producers; ++p) {
      planned[p].insert(planned[p].end(), one[p].begin(), one[p].end());
      first[p].push_back(planned[p].size());
    }
  }
  TrafficShape shape{.producers = producers,
                     .consumers = cell.axes.consumers,
                     .gaps_per_worker = cell.workload == Workload::Throughput ? 0 : kGapsPerWorker,
                     .round_trips = false,
                     .planned = {}};
  for (const auto& times : planned) shape.planned.push_back(times.size());
  auto traffic = std::make_unique<Traffic>(std::move(shape));
  for (std::uint32_t p = 0; p < producers; ++p) {
    std::ranges::transform(planned[p], traffic->planned(p).begin(), [&](double ns) {
      return static_cast<std::uint64_t>(ns / job.clock.ns_per_tick);
    });
    table.setFirstPlanned(p, std::move(first[p]));
  }
  return traffic;
}

/// From the start line to the end of the last worker, who is told by the turns when that is.
std::optional<Trouble> runSlots(Crew& crew, const QueueNames& names, TurnWords& turns) {
  if (auto trouble = crew.makeQueues()) return trouble;
  crew.start();
  if (auto trouble = crew.waitAtStartLine()) return trouble;
  names.removeOpened();
  // The stop comes at once: slots are ended by the turns, and who cannot push or pop within a
  // second gives up.
  if (auto trouble = crew.runPhase(Phase::Measure, std::chrono::milliseconds(0))) return trouble;
  turns.ready.store(1, std::memory_order_release);
  wakeAll(turns.ready);
  return crew.join();
}

/// Of the slots of one worker, the part in which it waited for its CPU.
double runDelayOf(const SlotTable& table, std::uint32_t worker, std::uint32_t slots) {
  std::uint64_t delay_ns = 0;
  for (std::uint32_t slot = 0; slot < slots; ++slot) {
    const std::uint64_t one = table.sheet(slot, worker).run_delay_ns;
    if (one != kNotReported) delay_ns += one;
  }
  const double all_ns = static_cast<double>(slots) *
                        static_cast<double>(table.shape().slot_ns + table.shape().skip_ns);
  return all_ns > 0 ? static_cast<double>(delay_ns) / all_ns : 0;
}

void readFindings(const Cell& cell, const Control& control, const SlotTable& table,
                  std::uint32_t slots, ArmReading& reading) {
  results::Validation validation = settleAll(control);
  for (std::uint32_t i = 0; i < control.workerCount(); ++i) {
    const WorkerFindings& findings = control.worker(i);
    validation.received += findings.received;
    validation.torn += findings.torn;
    reading.run_delay = std::max(reading.run_delay, runDelayOf(table, i, slots));
    if (reading.invalid.empty()) reading.invalid = complaintAboutCpu(findings);
  }
  if (reading.invalid.empty()) reading.invalid = complaintAboutMemory(cell, control);
  reading.validation = validation;
  const RingMemory& ring = control.producer(0).proof.after;
  reading.memory = {.page_size_bytes = ring.page_size_bytes, .locked_bytes = ring.locked_bytes};
}

void runBlock(const SlotJob& job, ArmReading& reading) {
  const SharedTurns turns(job.turns_descriptor);
  Session session(Topology::ofThisMachine(), kBlockPatience, job.clock);
  const Cell cell = cellOf(job, session.topology());
  const QueueNames names(cell, session);
  const Control control(controlShape(cell));
  SlotTable table(shapeOf(job, cell), turns.words());
  const std::unique_ptr<Traffic> traffic = trafficOf(job, cell, table);
  Crew crew({.cell = &cell,
             .session = &session,
             .control = &control,
             .places = preparePlaces(cell, names.all()),
             .traffic = traffic.get(),
             .slots = &table,
             .injection = job.injection},
            session.interrupts());
  if (const auto trouble = runSlots(crew, names, turns.words())) {
    reading.trouble = names.withoutNames(trouble->reason);
    reading.unobtainable = trouble->kind == Trouble::Kind::Unobtainable;
    return;
  }
  const std::uint32_t ended = turns.words().ended.load(std::memory_order_acquire);
  const std::uint32_t slots = std::min(ended, job.timing.slots);
  readFindings(cell, control, table, slots, reading);
  readSlots(cell, table, *traffic, {job.clock, job.clock_step_ns, job.clock_bound_ns}, slots,
            reading);
}

}  // namespace

void runArm(const SlotJob& job) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != job.parent) return;  // it died before the line above
  ::prctl(PR_SET_NAME, "ringside-arm");
  ArmReading reading;
  try {
    runBlock(job, reading);
  } catch (const std::exception& error) {
    reading.trouble = error.what();
  }
  // What is not whole is no JSON, and who reads it says so.
  results::writeAll(job.reading_descriptor, toJson(reading));
}

}  // namespace ringside::harness
