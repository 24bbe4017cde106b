#include "harness/workloads/pace.hpp"

#include <algorithm>

namespace ringside::harness {

FastestBatches fastestOf(const results::Histogram& batch_ns) {
  FastestBatches fastest;
  if (batch_ns.count() < kFewestBatches) return fastest;
  const std::uint64_t wanted = batch_ns.count() * 9 / 10;
  double ns = 0;
  batch_ns.forEachBucket([&](const results::Bucket& bucket) {
    const std::uint64_t taken = std::min(bucket.count, wanted - fastest.batches);
    fastest.batches += taken;
    ns += static_cast<double>(taken) * static_cast<double>(bucket.lowest + bucket.highest) / 2;
  });
  fastest.ns = static_cast<std::uint64_t>(ns);
  return fastest;
}

void Pace::report(WorkerFindings& findings) const {
  const FastestBatches fastest = fastestOf(*batch_ns_);
  findings.robust_messages = fastest.batches * kMessagesPerStamp;
  findings.robust_ns = fastest.ns;
}

}  // namespace ringside::harness
