// A cell as it was recorded, made again on this machine.
#pragma once

#include <optional>
#include <string>

#include "harness/plan.hpp"
#include "harness/replay/kept_record.hpp"
#include "harness/scenario.hpp"
#include "harness/topology.hpp"

namespace ringside::harness {

/// How long, and who says so.
struct RecordedTiming {
  Timing timing;
  std::string source;  ///< "as in scenario.toml", …
};

/// What is asked for instead of what was.
struct AskedTiming {
  std::optional<std::uint64_t> warmup_ms;
  std::optional<std::uint64_t> duration_ms;
};

/// As the record's scenario in scenario.toml of its bundle has it. Of a record without one, the
/// seconds that it measured, after the usual warm-up. Throws UsageError when that file was changed
/// since, or has no such scenario. Plug-ins must be loaded.
RecordedTiming timingOf(const KeptRecord& kept, const AskedTiming& asked);

struct RecordedCell {
  Suite suite;  ///< of this one cell, with nothing left to chance or choice
  Cell cell;    ///< by the record's name
};

/// All axes as they were, pinned workers on the CPUs on which they were. The cell has a skip_reason
/// where this machine lacks one of these CPUs or something else that the record had, or would make
/// another cell of the same axes. Throws UsageError for axes that nothing can have.
RecordedCell remakeCell(const KeptRecord& kept, const Timing& timing, const Topology& topology,
                        const MemoryLimits& limits);

}  // namespace ringside::harness
