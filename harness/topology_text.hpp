// A machine as text: a tree that stays readable on two CPUs and on hundreds, and the placements
// that exist on it; the same for programs.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "harness/text_table.hpp"
#include "harness/topology.hpp"

namespace ringside::harness {

/// What a drawing may take. The levels of the machine that would make it longer than `lines` are
/// counted below it instead of drawn; the outermost level is always drawn.
struct DrawingLimits {
  std::size_t columns = 80;
  std::size_t lines = 48;
};

/// Packages, NUMA nodes, caches, cores and CPUs, each with its CPUs. Levels that come one to one,
/// such as a core and its second-level cache, share a line. Ends with a line end.
std::string drawTopology(const Topology& topology, const DrawingLimits& limits = {});

/// "CPU 3", "CPUs 0-3,7"; in at most `columns` where possible: "CPUs 0,2,…,574 (288)" for even
/// steps, else its beginning and how many there are.
std::string shortCpuList(const std::vector<int>& cpus, std::size_t columns);

/// For ringside topo: the summary, the drawing and the placements; as JSON all CPUs with where they
/// are; as CSV and Markdown one row a CPU.
std::string renderTopology(const Topology& topology, Format format);

/// One object for each CPU that may be used: where it is (null where the machine has no such level)
/// and how large what it shares is.
nlohmann::ordered_json placesToJson(const Topology& topology);

/// "CPUs 0 and 1", or why there is none.
std::string representativeText(const Topology& topology, Relation relation);

}  // namespace ringside::harness
