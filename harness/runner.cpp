#include "harness/runner.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "harness/crew.hpp"
#include "harness/floor.hpp"
#include "harness/paced_run.hpp"
#include "harness/parent_watch.hpp"
#include "harness/proof_judge.hpp"
#include "harness/queue_names.hpp"
#include "harness/queue_places.hpp"
#include "harness/slo.hpp"
#include "harness/tally.hpp"
#include "harness/workload_needs.hpp"
#include "results/metrics.hpp"

namespace ringside::harness {
namespace {

using results::Record;
using results::Status;

/// What starting and stopping may take from or add to the measured phase.
constexpr double kWindowSlackMs = 10;

Record emptyRecord(const Cell& cell, const std::string& suite, std::uint32_t repetition) {
  Record record;
  record.suite = suite;
  record.cell = cell.name;
  record.repetition = repetition;
  record.notes = cell.notes;
  record.axes = cell.axes;
  record.gives_up = cell.queue->limits.gives_up;
  return record;
}

std::optional<Trouble> runPhases(Crew& crew, const QueueNames& names, const Timing& timing,
                                 ParentWatch& parent, const std::function<void()>& before_warm_up) {
  if (auto trouble = crew.makeQueues()) return trouble;
  crew.start();
  if (auto trouble = crew.waitAtStartLine()) return trouble;
  parent.lookBefore();
  names.removeOpened();
  before_warm_up();
  if (timing.warmup_ms > 0) {  // else what is touched first is timed
    const std::chrono::milliseconds warmup(timing.warmup_ms);
    if (auto trouble = crew.runPhase(Phase::WarmUp, warmup)) return trouble;
  }
  parent.beginTimedPhase();
  if (auto trouble = crew.runPhase(Phase::Measure, std::chrono::milliseconds(timing.duration_ms))) {
    return trouble;
  }
  parent.endTimedPhase();
  auto trouble = crew.join();
  parent.lookAfter();
  return trouble;
}

results::Validation validationOf(const Control& control) {
  results::Validation validation = settleAll(control);
  for (std::uint32_t i = 0; i < control.workerCount(); ++i) {
    const WorkerFindings& findings = control.worker(i);
    validation.received += findings.received;
    validation.torn += findings.torn;
  }
  return validation;
}

results::Obtained obtainedBy(const Cell& cell, const Control& control, const Crew& crew) {
  results::Obtained obtained;
  for (std::uint32_t i = 0; i < control.shape().producers; ++i) {
    obtained.producer_cpus.push_back(control.producer(i).cpu_at_end);
  }
  for (std::uint32_t i = 0; i < control.shape().consumers; ++i) {
    obtained.consumer_cpus.push_back(control.consumer(i).cpu_at_end);
  }
  obtained.producer_pids = crew.pids(WorkerRole::Producer);
  obtained.consumer_pids = crew.pids(WorkerRole::Consumer);
  if (cell.queue->limits.exact_capacity) obtained.capacity = cell.axes.capacity;
  const WorkerFindings& leader = control.producer(0);
  if (leader.canary_before_ns > 0 && leader.canary_after_ns > 0) {
    obtained.canary = {.before_ns = leader.canary_before_ns, .after_ns = leader.canary_after_ns};
  }
  return obtained;
}

/// Each who counted has a window of its own; the seconds are those in which all messages pass at
/// the sum of their rates.
void fillMeasurement(const Control& control, Record& record) {
  const ControlShape& shape = control.shape();
  const Counters counters = countersOf(shape);
  std::uint64_t messages = 0;
  double per_second = 0;
  for (std::uint32_t i = counters.first; i < counters.end; ++i) {
    const WorkerFindings& findings = control.worker(i);
    if (findings.measured == 0 || findings.measured_ns == 0) continue;
    messages += findings.measured;
    per_second +=
        static_cast<double>(findings.measured) * 1e9 / static_cast<double>(findings.measured_ns);
  }
  record.seconds = messages == 0 ? 0 : static_cast<double>(messages) / per_second;
  if (shape.histograms) {
    auto merged = std::make_shared<results::Histogram>();
    for (std::uint32_t i = 0; i < shape.producers; ++i) merged->merge(*control.histogram(i));
    if (merged->clamped() > 0) {
      record.notes.push_back(fmt::format("{} round trips of over an hour were recorded as an hour",
                                         merged->clamped()));
    }
    record.histograms["rtt_ns"] = std::move(merged);
  }
  if (shape.reads) fillReads(control, record);
  results::fillMetrics(record, messages);
}

void noteWhatWasNotHonoured(const Cell& cell, const Control& control, Record& record) {
  if (cell.axes.huge_pages == "try" && record.obtained->page_size_bytes <= 4096) {
    record.notes.push_back(fmt::format("huge pages were tried, the kernel gave pages of {} bytes",
                                       record.obtained->page_size_bytes));
  }
  for (std::uint32_t i = 0; i < control.workerCount(); ++i) {
    const WorkerFindings& findings = control.worker(i);
    if (std::string moved = complaintAboutCpu(findings); !moved.empty()) {
      record.status = Status::Invalid;
      record.reason = std::move(moved);
    }
    if (findings.out_of_numbers) {
      record.status = Status::Invalid;
      record.reason = "a producer used up its sequence numbers; choose a shorter duration_ms";
    }
  }
}

/// A window that is not as long as was asked: the machine was busy, or the run was stopped for a
/// while. A worker that never saw the measured phase has none.
void judgeWindows(const Cell& cell, const Control& control, Record& record) {
  const Counters counters = countersOf(control.shape());
  const auto asked_ms = static_cast<double>(cell.timing.duration_ms);
  double furthest_ms = asked_ms;
  for (std::uint32_t i = counters.first; i < counters.end; ++i) {
    const double ms = static_cast<double>(control.worker(i).measured_ns) * 1e-6;
    if (ms == 0) {
      record.status = Status::Invalid;
      record.reason = "a worker did not run while measured; choose a longer duration_ms";
    }
    if (std::abs(ms - asked_ms) > std::abs(furthest_ms - asked_ms)) furthest_ms = ms;
  }
  if (std::abs(furthest_ms - asked_ms) > 0.1 * asked_ms + kWindowSlackMs) {
    record.notes.emplace_back(
        "the measured phase was over 10 % longer or shorter than asked: the machine was busy");
  }
}

void judge(const Cell& cell, const Control& control, Record& record) {
  noteWhatWasNotHonoured(cell, control, record);
  judgeWindows(cell, control, record);
  judgeReadings(cell, control, record);
  if (record.status == Status::Ok && record.metrics["messages"] <= 0) {
    record.status = Status::Invalid;
    record.reason = "no message came through in the measured phase; choose a longer duration_ms";
  }
  if (!record.validation || record.validation->clean()) return;
  const results::Validation& v = *record.validation;
  record.status = Status::Failed;
  record.reason = fmt::format("integrity: {} lost, {} duplicated, {} reordered, {} torn of {}",
                              v.lost, v.duplicated, v.reordered, v.torn, v.sent);
}

void fillTrouble(const Trouble& trouble, Record& record) {
  record.status = trouble.kind == Trouble::Kind::Unobtainable ? Status::Skipped : Status::Failed;
  record.reason = trouble.reason;
}

bool isUnobtainable(const std::error_code& code) {
  return code == Errc::OutOfMemory || code == Errc::PermissionDenied;
}

}  // namespace

Record skippedRecord(const Cell& cell, const std::string& suite, std::uint32_t repetition) {
  Record record = emptyRecord(cell, suite, repetition);
  record.status = Status::Skipped;
  record.reason = cell.skip_reason;
  return record;
}

std::optional<Record> runRepetition(const Cell& cell, const std::string& suite,
                                    std::uint32_t repetition, Session& session,
                                    const RunObserver& observer) {
  Record record = emptyRecord(cell, suite, repetition);
  if (cell.fail_reason) {
    fillTrouble({Trouble::Kind::WorkerDied, *cell.fail_reason}, record);
    return record;
  }
  if (cell.workload == Workload::Slo) return searchSlo(cell, suite, repetition, session);
  const QueueNames names(cell, session);
  try {
    const Control control(controlShape(cell));
    const std::unique_ptr<Traffic> traffic = makeTraffic(cell, repetition, session.clock());
    const Job job{&cell, &session, &control, preparePlaces(cell, names.all()), traffic.get()};
    ParentWatch parent(job.places[0]);
    Crew crew(job, session.interrupts());
    const std::optional<Trouble> trouble = runPhases(
        crew, names, cell.timing, parent, [&] { startTraffic(*traffic, cell, session.clock()); });
    if (trouble && trouble->kind == Trouble::Kind::Interrupted) return std::nullopt;
    record.obtained = obtainedBy(cell, control, crew);
    fillReadings(job, crew, parent, *record.obtained);
    if (trouble) {
      fillTrouble(*trouble, record);
    } else {
      if (cell.validate != Validate::Off) record.validation = validationOf(control);
      fillMeasurement(control, record);
      noteFloor(cell, session, record);
      addTimes(cell, *traffic, session, record);
      fillCosts(control, record);
      if (observer) observer(*traffic);
      judge(cell, control, record);
    }
  } catch (const std::system_error& error) {
    record.status = isUnobtainable(error.code()) ? Status::Skipped : Status::Failed;
    record.reason = error.what();
  } catch (const std::exception& error) {
    record.status = Status::Failed;
    record.reason = error.what();
  }
  if (record.reason) record.reason = names.withoutNames(*record.reason);
  return record;
}

}  // namespace ringside::harness
