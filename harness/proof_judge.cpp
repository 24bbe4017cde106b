#include "harness/proof_judge.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "harness/memory_choice.hpp"
#include "harness/plugin/rehearsal.hpp"

namespace ringside::harness {
namespace {

using results::ProcessReading;
using results::Record;

std::uint64_t basePageBytes() { return static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)); }

ProcessReading readingOf(const Job& job, const WorkerId& id, int pid) {
  const WorkerFindings& findings = findingsOf(job, id);
  ProcessReading reading = toReading(findings.proof);
  reading.name = toString(id);
  reading.pid = pid;
  reading.cpu_at_end = findings.cpu_at_end;
  return reading;
}

void add(const Job& job, WorkerRole role, const std::vector<int>& pids,
         std::vector<ProcessReading>& readings) {
  for (std::uint32_t i = 0; i < pids.size(); ++i) {
    readings.push_back(readingOf(job, {role, i}, pids[i]));
  }
}

/// The sum over all workers; nothing when one of them has not seen the timed phase.
std::optional<Usage> usageOfAll(const Control& control) {
  Usage sum;
  for (std::uint32_t i = 0; i < control.workerCount(); ++i) {
    const Proof& proof = control.worker(i).proof;
    if (proof.wall_ns == 0) return std::nullopt;
    sum.cpu_ns += proof.timed.cpu_ns;
    sum.minor_faults += proof.timed.minor_faults;
    sum.major_faults += proof.timed.major_faults;
  }
  return sum;
}

/// Each consumer has its own pace, as each has its own window; the sum is what came through. None
/// when one of them had too few batches to have one.
std::optional<double> robustRate(const Control& control) {
  double per_s = 0;
  for (std::uint32_t i = 0; i < control.shape().consumers; ++i) {
    const WorkerFindings& findings = control.consumer(i);
    if (findings.robust_ns == 0) return std::nullopt;
    per_s += static_cast<double>(findings.robust_messages) * 1e9 /
             static_cast<double>(findings.robust_ns);
  }
  return per_s;
}

/// What one worker's memory is not like; empty when it is as asked. Which pages it has is settled
/// when it was used: memory that nobody touched has none.
std::string complaintAboutPages(const Cell& cell, const RingMemory& ring) {
  const QueueLimits& limits = cell.queue->limits;
  const bool is_asked = limits.provision == Provision::Harness || limits.takes_memory_options;
  if (!is_asked) return {};
  const results::Axes& axes = cell.axes;
  if (axes.huge_pages == "require" && ring.page_size_bytes <= basePageBytes()) {
    return fmt::format("huge pages were required, and it had pages of {} bytes",
                       ring.page_size_bytes);
  }
  if (axes.huge_pages == "never" && ring.page_size_bytes > basePageBytes()) {
    return fmt::format("no huge pages were wanted, and it had pages of {} bytes",
                       ring.page_size_bytes);
  }
  return {};
}

std::string complaintAbout(const Cell& cell, const RingMemory& ring) {
  // What is needed may be told as an upper bound.
  const std::uint64_t bytes = std::min(bytesNeededBy(*cell.queue, cell.shape), ring.mapped_bytes);
  if (cell.axes.lock_memory && ring.locked_bytes < bytes) {
    return fmt::format("locked memory was asked for, and {} of {} bytes were locked",
                       ring.locked_bytes, bytes);
  }
  return complaintAboutNodes(cell.shape.memory, toReading(ring).node_pages);
}

/// Producers come first.
std::string nameOfWorker(const Control& control, std::uint32_t i) {
  const std::uint32_t producers = control.shape().producers;
  return toString(i < producers ? WorkerId{WorkerRole::Producer, i}
                                : WorkerId{WorkerRole::Consumer, i - producers});
}

void noteFaults(const Control& control, Record& record) {
  const std::optional<Usage> all = usageOfAll(control);
  if (!all || all->minor_faults + all->major_faults == 0) return;
  // Without the number, or each repetition would have a note of its own: it is the metric `faults`.
  const bool prefaulted = record.axes.prefault;
  record.notes.push_back(fmt::format(
      "page faults in the timed phase{}{}", all->major_faults > 0 ? ", some from a disk" : "",
      prefaulted ? "" : ", as nothing was touched before (prefault = false)"));
}

/// Where workers share a CPU they wait for each other, and that is no sign of anybody else.
void noteLoad(const Cell& cell, const Control& control, Record& record) {
  if (cell.placing.shares_cpus) return;
  for (std::uint32_t i = 0; i < control.workerCount(); ++i) {
    const Proof& proof = control.worker(i).proof;
    if (proof.wall_ns == 0 || proof.timed.run_delay_ns == kNotReported) continue;
    const double share =
        static_cast<double>(proof.timed.run_delay_ns) / static_cast<double>(proof.wall_ns);
    if (share <= kLoadedRunDelay) continue;
    record.notes.emplace_back(
        "loaded machine: a worker waited for its CPU for over 5 % of the timed phase");
    return;
  }
}

}  // namespace

void fillReadings(const Job& job, const Crew& crew, const ParentWatch& parent,
                  results::Obtained& obtained) {
  add(job, WorkerRole::Producer, crew.pids(WorkerRole::Producer), obtained.workers);
  add(job, WorkerRole::Consumer, crew.pids(WorkerRole::Consumer), obtained.workers);
  obtained.parent = parent.reading();
  const RingMemory& ring = job.control->producer(0).proof.after;
  obtained.memory = ring.backing;
  obtained.page_size_bytes = ring.page_size_bytes;
  obtained.locked_bytes = ring.locked_bytes;
  obtained.node_pages = toReading(ring).node_pages;
}

void fillCosts(const Control& control, Record& record) {
  if (const std::optional<double> rate = robustRate(control)) {
    record.metrics["messages_per_s_robust"] = *rate;
  }
  const std::optional<Usage> all = usageOfAll(control);
  if (!all) return;
  record.metrics["faults"] = static_cast<double>(all->minor_faults + all->major_faults);
  const double millions = record.metrics["messages"] * 1e-6;
  if (millions > 0) {
    record.metrics["cpu_s_per_million"] = static_cast<double>(all->cpu_ns) * 1e-9 / millions;
  }
}

std::string complaintAboutCpu(const WorkerFindings& findings) {
  if (findings.cpu_pinned < 0 || findings.cpu_pinned == findings.cpu_at_end) return {};
  return fmt::format("a worker was pinned to CPU {} and ran on CPU {}", findings.cpu_pinned,
                     findings.cpu_at_end);
}

std::string complaintAboutMemory(const Cell& cell, const Control& control) {
  for (std::uint32_t i = 0; i < control.workerCount(); ++i) {
    const Proof& proof = control.worker(i).proof;
    if (proof.after.mapped_bytes == 0) continue;  // a pipe has no memory to look at
    std::string complaint = complaintAbout(cell, proof.before);
    if (!complaint.empty()) {
      return nameOfWorker(control, i) + ", before the timed phase: " + complaint;
    }
    complaint = complaintAbout(cell, proof.after);
    if (complaint.empty()) complaint = complaintAboutPages(cell, proof.after);
    if (!complaint.empty()) {
      return nameOfWorker(control, i) + ", after the timed phase: " + complaint;
    }
  }
  return {};
}

void judgeReadings(const Cell& cell, const Control& control, Record& record) {
  if (std::string complaint = complaintAboutMemory(cell, control); !complaint.empty()) {
    record.status = results::Status::Invalid;
    record.reason = std::move(complaint);
  }
  noteFaults(control, record);
  noteLoad(cell, control, record);
}

}  // namespace ringside::harness
