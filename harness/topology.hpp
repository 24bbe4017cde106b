// What CPUs this process may use and how they are related. From hwloc, or from a description of
// another machine, so that planning is tested without one.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ringside::harness {

/// How two CPUs are related: the nearest thing that they share.
enum class Relation {
  SameCpu,    ///< one CPU: two workers take turns
  SameCore,   ///< two hardware threads
  SameL2,     ///< two cores with one second-level cache
  SameL3,     ///< … third-level cache
  SameNode,   ///< … NUMA node
  CrossNode,  ///< one package
  CrossPackage,
};

/// "same_core" …, as the placement axis has it.
std::string_view toString(Relation relation);
std::optional<Relation> parseRelation(std::string_view name);
/// The ones that a scenario may ask for, nearest first: all but SameCpu.
inline constexpr std::array kPlaceableRelations = {Relation::SameCore,  Relation::SameL2,
                                                   Relation::SameL3,    Relation::SameNode,
                                                   Relation::CrossNode, Relation::CrossPackage};

struct CpuPair {
  int first = 0;
  int second = 0;
};

/// Where a CPU is; -1 where the machine has no such level. Sizes are 0 where nobody says them.
struct CpuPlace {
  int cpu = 0;
  int core = -1;
  int l2 = -1;
  int l3 = -1;
  int node = -1;
  int package = -1;
  std::uint64_t l1d_bytes = 0;
  std::uint64_t l2_bytes = 0;
  std::uint64_t l3_bytes = 0;
  std::uint64_t node_bytes = 0;  ///< memory of the NUMA node
};

/// How two CPUs of one machine are related.
Relation relationOf(const CpuPlace& a, const CpuPlace& b);

class Machine;

class Topology {
 public:
  /// This machine, as far as the CPU mask of this process goes. Throws std::runtime_error.
  static Topology ofThisMachine();
  /// A machine described as hwloc's synthetic topologies are: "pack:2 numa:1 l3:1 core:4 pu:2".
  static Topology synthetic(const std::string& description);

  /// The CPUs that may be used, ascending.
  const std::vector<CpuPlace>& cpus() const { return cpus_; }
  bool allows(int cpu) const;
  Relation relation(int first, int second) const;
  /// The first pair with this relation, nullopt when there is none here. Found once, when the
  /// topology is made.
  std::optional<CpuPair> representative(Relation relation) const;
  /// CPUs of the machine that this process may not use, ascending.
  const std::vector<int>& forbiddenCpus() const { return forbidden_; }
  /// "1 package, 1 NUMA node, 2 cores, 2 CPUs".
  std::string summary() const;

  /// Binds the calling thread to one CPU and reads it back. Empty when it is there, else what is
  /// wrong: "asked for CPU 3, bound to 0-1". Only for this machine, also in a forked child.
  std::string pinThisThread(int cpu) const;

 private:
  Topology(std::vector<CpuPlace> cpus, std::shared_ptr<const Machine> machine);
  const CpuPlace& placeOf(int cpu) const;

  static constexpr std::size_t kRelations = static_cast<std::size_t>(Relation::CrossPackage) + 1;

  std::vector<CpuPlace> cpus_;
  std::vector<int> forbidden_;
  std::array<std::optional<CpuPair>, kRelations> representatives_;
  std::shared_ptr<const Machine> machine_;  ///< reading it takes milliseconds: kept for pinning
};

/// "0-3,7" of a list of CPUs.
std::string cpuList(const std::vector<int>& cpus);

}  // namespace ringside::harness
