#include "harness/tally.hpp"

#include <algorithm>
#include <memory>
#include <vector>

namespace ringside::harness {
namespace {

using results::Validation;

/// One direction after the other: what one side sent is in the ledger of the other.
Validation settleBothWays(const Control& control) {
  Validation total;
  const std::uint32_t workers = control.workerCount();
  for (std::uint32_t sender = 0; sender < workers; ++sender) {
    const Ledger ledger = control.ledger(workers - 1 - sender);
    const std::uint64_t sent = control.worker(sender).sent;
    const Validation one = settle({&ledger, 1}, {&sent, 1});
    total.sent += one.sent;
    total.lost += one.lost;
    total.duplicated += one.duplicated;
    total.reordered += one.reordered;
  }
  return total;
}

Validation settleReads(const Control& control) {
  Validation total;
  for (std::uint32_t i = 0; i < control.workerCount(); ++i) {
    const WorkerFindings& findings = control.worker(i);
    total.sent += findings.sent;
    total.reordered += findings.stale;
    total.lost = std::max(total.lost, findings.unseen);
  }
  return total;
}

}  // namespace

Counters countersOf(const ControlShape& shape) {
  if (shape.both_ways) return {0, shape.producers + shape.consumers};
  if (shape.replies) return {0, shape.producers};
  return {shape.producers, shape.producers + shape.consumers};
}

Validation settleAll(const Control& control) {
  const ControlShape& shape = control.shape();
  if (shape.both_ways) return settleBothWays(control);
  if (shape.reads) return settleReads(control);
  std::vector<std::uint64_t> sent;
  std::vector<Ledger> ledgers;
  for (std::uint32_t i = 0; i < shape.producers; ++i) sent.push_back(control.producer(i).sent);
  for (std::uint32_t i = 0; i < control.ledgerCount(); ++i) ledgers.push_back(control.ledger(i));
  return settle(ledgers, sent);
}

void fillReads(const Control& control, results::Record& record) {
  auto merged = std::make_shared<results::Histogram>();
  for (std::uint32_t i = 0; i < control.shape().consumers; ++i) {
    merged->merge(*control.readHistogram(i));
  }
  record.histograms["read_ns"] = std::move(merged);
  const WorkerFindings& writer = control.producer(0);
  if (writer.measured_ns == 0) return;
  record.metrics["writes_per_s"] =
      static_cast<double>(writer.measured) * 1e9 / static_cast<double>(writer.measured_ns);
}

}  // namespace ringside::harness
