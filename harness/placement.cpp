#include "harness/placement.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>

namespace ringside::harness {
namespace {

constexpr std::string_view kExplicit = "cpus:";

/// A core each before two threads of one core; nearest first.
constexpr Relation kAutoOrder[] = {Relation::SameL2,    Relation::SameL3,       Relation::SameNode,
                                   Relation::CrossNode, Relation::CrossPackage, Relation::SameCore};

bool anyTwice(const Placing& placing) {
  std::set<int> seen(placing.producer_cpus.begin(), placing.producer_cpus.end());
  seen.insert(placing.consumer_cpus.begin(), placing.consumer_cpus.end());
  return seen.size() < placing.producer_cpus.size() + placing.consumer_cpus.size();
}

/// Deals out CPUs that are not taken yet; a core that nobody is on before a thread beside somebody.
/// CPUs are only ever taken, so what was found useless as a first one stays so: all pairs together
/// look at no more pairs of CPUs than there are, twice.
class Dealer {
 public:
  Dealer(const Topology& topology, Relation relation)
      : cpus_(topology.cpus()), relation_(relation), taken_(cpus_.size(), false) {}

  /// Two free CPUs with the relation.
  std::optional<CpuPair> pair() {
    for (const Cores cores : {Cores::Fresh, Cores::Any}) {
      std::size_t& first = next_first_[static_cast<std::size_t>(cores)];
      for (; first < cpus_.size(); ++first) {
        if (!isFree(first, cores)) continue;
        const std::optional<std::size_t> second = partnerOf(cpus_[first], cores);
        if (!second) continue;
        take(first);
        take(*second);
        return CpuPair{cpus_[first].cpu, cpus_[*second].cpu};
      }
    }
    return std::nullopt;
  }
  /// One free CPU with the relation to `cpu`.
  std::optional<int> partner(int cpu) {
    const CpuPlace& place = *std::find_if(cpus_.begin(), cpus_.end(),
                                          [&](const CpuPlace& any) { return any.cpu == cpu; });
    std::optional<std::size_t> found = partnerOf(place, Cores::Fresh);
    if (!found) found = partnerOf(place, Cores::Any);
    if (!found) return std::nullopt;
    take(*found);
    return cpus_[*found].cpu;
  }

 private:
  enum class Cores : std::size_t { Fresh, Any };

  bool isFree(std::size_t position, Cores cores) const {
    if (taken_[position]) return false;
    return cores == Cores::Any || !busy_cores_.contains(cpus_[position].core);
  }
  std::optional<std::size_t> partnerOf(const CpuPlace& place, Cores cores) const {
    for (std::size_t other = 0; other < cpus_.size(); ++other) {
      if (cpus_[other].cpu == place.cpu || relationOf(place, cpus_[other]) != relation_) continue;
      if (isFree(other, cores)) return other;
    }
    return std::nullopt;
  }
  void take(std::size_t position) {
    taken_[position] = true;
    if (cpus_[position].core >= 0) busy_cores_.insert(cpus_[position].core);
  }

  const std::vector<CpuPlace>& cpus_;
  Relation relation_;
  std::vector<bool> taken_;   ///< by position in cpus_
  std::set<int> busy_cores_;  ///< those with a taken CPU
  std::size_t next_first_[2] = {0, 0};
};

/// Pairs of a producer and a consumer first, then the rest of the larger group beside the first
/// partner; when nothing is free any more, the CPUs are used again from the first.
std::optional<Placing> placeByRelation(const Topology& topology, Relation relation,
                                       const Workers& workers) {
  if (!topology.representative(relation)) return std::nullopt;
  Dealer dealer(topology, relation);
  const std::optional<CpuPair> first = dealer.pair();
  if (!first) return std::nullopt;
  Placing placing{.name = std::string(toString(relation)),
                  .producer_cpus = {first->first},
                  .consumer_cpus = {first->second}};
  const std::size_t pairs = std::min(workers.producers, workers.consumers);
  for (std::size_t i = 1; i < pairs; ++i) {
    const std::optional<CpuPair> next = dealer.pair();
    placing.producer_cpus.push_back(next ? next->first : placing.producer_cpus[0]);
    placing.consumer_cpus.push_back(next ? next->second : placing.consumer_cpus[0]);
  }
  while (placing.producer_cpus.size() < workers.producers) {
    const std::optional<int> next = dealer.partner(placing.consumer_cpus[0]);
    placing.producer_cpus.push_back(next.value_or(placing.producer_cpus[0]));
  }
  while (placing.consumer_cpus.size() < workers.consumers) {
    const std::optional<int> next = dealer.partner(placing.producer_cpus[0]);
    placing.consumer_cpus.push_back(next.value_or(placing.consumer_cpus[0]));
  }
  placing.shares_cpus = anyTwice(placing);
  return placing;
}

/// The nearest relation with which nobody shares a CPU, else the nearest that there is.
Placing placeAnyhow(const Topology& topology, const Workers& workers) {
  std::optional<Placing> nearest;
  for (const Relation relation : kAutoOrder) {
    std::optional<Placing> placing = placeByRelation(topology, relation, workers);
    if (placing && !placing->shares_cpus) return *placing;
    if (placing && !nearest) nearest = std::move(placing);
  }
  if (nearest) return *nearest;
  const int only = topology.cpus().front().cpu;
  return {.name = std::string(toString(Relation::SameCpu)),
          .producer_cpus = std::vector<int>(workers.producers, only),
          .consumer_cpus = std::vector<int>(workers.consumers, only),
          .shares_cpus = true};
}

NoPlacing usersFault(std::string reason) { return {NoPlacing::Fault::User, std::move(reason)}; }

std::optional<std::vector<int>> parseCpus(std::string_view list) {
  std::vector<int> cpus;
  while (true) {
    const std::size_t comma = list.find(',');
    const std::string_view part = list.substr(0, comma);
    int cpu = 0;
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), cpu);
    if (error != std::errc() || end != part.data() + part.size() || cpu < 0) return std::nullopt;
    cpus.push_back(cpu);
    if (comma == std::string_view::npos) return cpus;
    list.remove_prefix(comma + 1);
  }
}

std::variant<Placing, NoPlacing> placeExplicitly(const Topology& topology, const std::string& asked,
                                                 const Workers& workers) {
  const auto cpus = parseCpus(std::string_view(asked).substr(kExplicit.size()));
  if (!cpus) return usersFault("after 'cpus:' must stand CPU numbers with commas, as in cpus:0,1");
  const std::size_t needed = workers.producers + workers.consumers;
  if (cpus->size() != needed) {
    return usersFault(fmt::format("it names {} CPUs for {} producers and {} consumers; name {}",
                                  cpus->size(), workers.producers, workers.consumers, needed));
  }
  for (const int cpu : *cpus) {
    if (topology.allows(cpu)) continue;
    std::vector<int> allowed;
    for (const CpuPlace& place : topology.cpus()) allowed.push_back(place.cpu);
    return usersFault(fmt::format("CPU {} is outside of the CPUs that this process may use, {}",
                                  cpu, cpuList(allowed)));
  }
  const auto split = cpus->begin() + workers.producers;
  Placing placing{.name = asked,
                  .producer_cpus = {cpus->begin(), split},
                  .consumer_cpus = {split, cpus->end()}};
  placing.shares_cpus = anyTwice(placing);
  return placing;
}

}  // namespace

const std::variant<Placing, NoPlacing>& Placer::place(const std::string& asked,
                                                      const Workers& workers) {
  const auto key = std::make_tuple(asked, workers.producers, workers.consumers);
  const auto known = answers_.find(key);
  if (known != answers_.end()) return known->second;
  return answers_.emplace(key, placeWorkers(topology_, asked, workers)).first->second;
}

std::variant<Placing, NoPlacing> placeWorkers(const Topology& topology, const std::string& asked,
                                              const Workers& workers) {
  if (asked == "auto") return placeAnyhow(topology, workers);
  if (asked == "unpinned") {
    const std::size_t needed = workers.producers + workers.consumers;
    return Placing{.name = asked,
                   .producer_cpus = {},
                   .consumer_cpus = {},
                   .shares_cpus = needed > topology.cpus().size()};
  }
  if (asked.starts_with(kExplicit)) return placeExplicitly(topology, asked, workers);
  const std::optional<Relation> relation = parseRelation(asked);
  const bool placeable =
      relation && std::find(kPlaceableRelations.begin(), kPlaceableRelations.end(), *relation) !=
                      kPlaceableRelations.end();
  if (!placeable) {
    return usersFault(
        "it must be auto, unpinned, same_core, same_l2, same_l3, same_node, "
        "cross_node, cross_package, or cpus: with CPU numbers");
  }
  if (auto placing = placeByRelation(topology, *relation, workers)) return *placing;
  return NoPlacing{NoPlacing::Fault::Machine,
                   fmt::format("no two CPUs that may be used here are related as {}", asked)};
}

}  // namespace ringside::harness
