#include "harness/topology.hpp"

#include <fmt/format.h>
#include <hwloc.h>

#include <algorithm>
#include <set>
#include <stdexcept>

#include "harness/console.hpp"

namespace ringside::harness {
namespace {

struct RelationName {
  Relation relation;
  std::string_view name;
};

constexpr RelationName kNames[] = {
    {Relation::SameCpu, "same_cpu"},
    {Relation::SameCore, "same_core"},
    {Relation::SameL2, "same_l2"},
    {Relation::SameL3, "same_l3"},
    {Relation::SameNode, "same_node"},
    {Relation::CrossNode, "cross_node"},
    {Relation::CrossPackage, "cross_package"},
};

class Bitmap {
 public:
  Bitmap() : bits_(::hwloc_bitmap_alloc()) {}
  Bitmap(const Bitmap&) = delete;
  Bitmap& operator=(const Bitmap&) = delete;
  ~Bitmap() { ::hwloc_bitmap_free(bits_); }
  ::hwloc_bitmap_t get() const { return bits_; }

 private:
  ::hwloc_bitmap_t bits_;
};

}  // namespace

/// A loaded hwloc topology.
class Machine {
 public:
  explicit Machine(const char* synthetic = nullptr) {
    if (::hwloc_topology_init(&topology_) != 0) throw std::runtime_error("hwloc has no memory");
    const bool described =
        synthetic == nullptr || ::hwloc_topology_set_synthetic(topology_, synthetic) == 0;
    if (!described || ::hwloc_topology_load(topology_) != 0) {
      ::hwloc_topology_destroy(topology_);
      throw std::runtime_error(
          synthetic == nullptr ? std::string("hwloc cannot read this machine")
                               : fmt::format("'{}' is no topology that hwloc knows", synthetic));
    }
  }
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;
  ~Machine() { ::hwloc_topology_destroy(topology_); }
  ::hwloc_topology_t get() const { return topology_; }

 private:
  ::hwloc_topology_t topology_ = nullptr;
};

namespace {

int ancestorIndex(::hwloc_topology_t topology, ::hwloc_obj_type_t type, ::hwloc_obj_t pu) {
  const ::hwloc_obj_t found = ::hwloc_get_ancestor_obj_by_type(topology, type, pu);
  return found == nullptr ? -1 : static_cast<int>(found->logical_index);
}

/// NUMA nodes hang beside the tree: the one whose CPUs include this one.
::hwloc_obj_t nodeOf(::hwloc_topology_t topology, ::hwloc_obj_t pu) {
  ::hwloc_obj_t node = nullptr;
  while ((node = ::hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_NUMANODE, node)) != nullptr) {
    if (::hwloc_bitmap_isincluded(pu->cpuset, node->cpuset) != 0) return node;
  }
  return nullptr;
}

std::uint64_t cacheBytes(::hwloc_topology_t topology, ::hwloc_obj_type_t type, ::hwloc_obj_t pu) {
  const ::hwloc_obj_t found = ::hwloc_get_ancestor_obj_by_type(topology, type, pu);
  return found == nullptr ? 0 : found->attr->cache.size;
}

/// The CPUs of `machine` that are in `allowed` (nullptr: all).
std::vector<CpuPlace> placesOf(const Machine& machine, ::hwloc_const_bitmap_t allowed) {
  const ::hwloc_topology_t topology = machine.get();
  std::vector<CpuPlace> cpus;
  ::hwloc_obj_t pu = nullptr;
  while ((pu = ::hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_PU, pu)) != nullptr) {
    if (allowed != nullptr && ::hwloc_bitmap_isset(allowed, pu->os_index) == 0) continue;
    const ::hwloc_obj_t node = nodeOf(topology, pu);
    cpus.push_back({.cpu = static_cast<int>(pu->os_index),
                    .core = ancestorIndex(topology, HWLOC_OBJ_CORE, pu),
                    .l2 = ancestorIndex(topology, HWLOC_OBJ_L2CACHE, pu),
                    .l3 = ancestorIndex(topology, HWLOC_OBJ_L3CACHE, pu),
                    .node = node == nullptr ? -1 : static_cast<int>(node->os_index),
                    .package = ancestorIndex(topology, HWLOC_OBJ_PACKAGE, pu),
                    .l1d_bytes = cacheBytes(topology, HWLOC_OBJ_L1CACHE, pu),
                    .l2_bytes = cacheBytes(topology, HWLOC_OBJ_L2CACHE, pu),
                    .l3_bytes = cacheBytes(topology, HWLOC_OBJ_L3CACHE, pu),
                    .node_bytes = node == nullptr ? 0 : node->attr->numanode.local_memory});
  }
  std::sort(cpus.begin(), cpus.end(),
            [](const CpuPlace& a, const CpuPlace& b) { return a.cpu < b.cpu; });
  return cpus;
}

bool shared(int first, int second) { return first >= 0 && first == second; }

std::size_t distinct(const std::vector<CpuPlace>& cpus, int CpuPlace::*level) {
  std::set<int> seen;
  for (const CpuPlace& place : cpus) seen.insert(place.*level);
  return seen.size();
}

}  // namespace

std::string_view toString(Relation relation) {
  return kNames[static_cast<std::size_t>(relation)].name;
}

std::optional<Relation> parseRelation(std::string_view name) {
  for (const RelationName& row : kNames) {
    if (row.name == name) return row.relation;
  }
  return std::nullopt;
}

Topology Topology::ofThisMachine() {
  const auto machine = std::make_shared<const Machine>();
  const Bitmap mask;
  if (::hwloc_get_cpubind(machine->get(), mask.get(), HWLOC_CPUBIND_PROCESS) != 0) {
    throw std::runtime_error(
        "the CPU mask of this process cannot be read; are /proc and /sys mounted?");
  }
  Topology topology(placesOf(*machine, mask.get()), machine);
  if (topology.cpus_.empty()) throw std::runtime_error("this process may use no CPU");
  for (const CpuPlace& place : placesOf(*machine, nullptr)) {
    if (!topology.allows(place.cpu)) topology.forbidden_.push_back(place.cpu);
  }
  return topology;
}

Topology Topology::synthetic(const std::string& description) {
  return Topology(placesOf(Machine(description.c_str()), nullptr), nullptr);
}

Topology::Topology(std::vector<CpuPlace> cpus, std::shared_ptr<const Machine> machine)
    : cpus_(std::move(cpus)), machine_(std::move(machine)) {
  for (std::size_t i = 0; i < cpus_.size(); ++i) {
    for (std::size_t j = i + 1; j < cpus_.size(); ++j) {
      auto& first = representatives_[static_cast<std::size_t>(relationOf(cpus_[i], cpus_[j]))];
      if (!first) first = CpuPair{cpus_[i].cpu, cpus_[j].cpu};
    }
  }
}

bool Topology::allows(int cpu) const {
  return std::any_of(cpus_.begin(), cpus_.end(),
                     [&](const CpuPlace& place) { return place.cpu == cpu; });
}

const CpuPlace& Topology::placeOf(int cpu) const {
  const auto place =
      std::lower_bound(cpus_.begin(), cpus_.end(), cpu,
                       [](const CpuPlace& any, int wanted) { return any.cpu < wanted; });
  if (place != cpus_.end() && place->cpu == cpu) return *place;
  throw std::out_of_range(fmt::format("CPU {} may not be used here", cpu));
}

Relation relationOf(const CpuPlace& a, const CpuPlace& b) {
  if (a.cpu == b.cpu) return Relation::SameCpu;
  if (shared(a.core, b.core)) return Relation::SameCore;
  if (shared(a.l2, b.l2)) return Relation::SameL2;
  if (shared(a.l3, b.l3)) return Relation::SameL3;
  if (shared(a.node, b.node)) return Relation::SameNode;
  if (shared(a.package, b.package)) return Relation::CrossNode;
  return Relation::CrossPackage;
}

Relation Topology::relation(int first, int second) const {
  return relationOf(placeOf(first), placeOf(second));
}

std::optional<CpuPair> Topology::representative(Relation wanted) const {
  return representatives_[static_cast<std::size_t>(wanted)];
}

std::string Topology::summary() const {
  return fmt::format("{}, {}, {}, {}", counted(distinct(cpus_, &CpuPlace::package), "package"),
                     counted(distinct(cpus_, &CpuPlace::node), "NUMA node"),
                     counted(distinct(cpus_, &CpuPlace::core), "core"),
                     counted(cpus_.size(), "CPU"));
}

std::string Topology::pinThisThread(int cpu) const {
  const Bitmap wanted;
  const Bitmap obtained;
  ::hwloc_bitmap_only(wanted.get(), static_cast<unsigned>(cpu));
  const bool bound =
      ::hwloc_set_cpubind(machine_->get(), wanted.get(), HWLOC_CPUBIND_THREAD) == 0 &&
      ::hwloc_get_cpubind(machine_->get(), obtained.get(), HWLOC_CPUBIND_THREAD) == 0;
  if (bound && ::hwloc_bitmap_isequal(wanted.get(), obtained.get()) != 0) return {};
  char* list = nullptr;
  ::hwloc_bitmap_list_asprintf(&list, obtained.get());
  std::string message =
      fmt::format("asked for CPU {}, bound to '{}'", cpu, list == nullptr ? "" : list);
  std::free(list);
  return message;
}

std::string cpuList(const std::vector<int>& cpus) {
  std::vector<int> sorted = cpus;
  std::sort(sorted.begin(), sorted.end());
  std::string text;
  for (std::size_t i = 0; i < sorted.size();) {
    std::size_t last = i;
    while (last + 1 < sorted.size() && sorted[last + 1] <= sorted[last] + 1) ++last;
    text += fmt::format("{}{}", text.empty() ? "" : ",", sorted[i]);
    if (sorted[last] > sorted[i]) text += fmt::format("-{}", sorted[last]);
    i = last + 1;
  }
  return text;
}

}  // namespace ringside::harness
