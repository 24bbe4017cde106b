// Which CPU each worker of a cell gets.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include "harness/topology.hpp"

namespace ringside::harness {

struct Placing {
  std::string name;  ///< what it came to: "same_l3", "same_cpu", "unpinned", "cpus:0,3"
  std::vector<int> producer_cpus;  ///< empty when unpinned
  std::vector<int> consumer_cpus;
  bool shares_cpus = false;  ///< at least two workers on one CPU
};

/// Why a placement is not to be had, and whose fault that is.
struct NoPlacing {
  enum class Fault { Machine, User } fault = Fault::Machine;
  std::string reason;
};

struct Workers {
  std::uint32_t producers = 1;
  std::uint32_t consumers = 1;
};

/// Places workers as asked: `auto` (the nearest CPUs that are not threads of one core; where there
/// are too few, workers share), `unpinned`, a relation that each producer has to its consumer, or
/// `cpus:A,B,…`, one CPU a worker, producers first. No CPU outside of the topology is ever used.
std::variant<Placing, NoPlacing> placeWorkers(const Topology& topology, const std::string& asked,
                                              const Workers& workers);

/// placeWorkers, with each question asked once: a plan has thousands of cells and few placings, and
/// on hundreds of CPUs a search takes milliseconds.
class Placer {
 public:
  /// `topology` must outlive it.
  explicit Placer(const Topology& topology) : topology_(topology) {}
  /// Valid as long as this.
  const std::variant<Placing, NoPlacing>& place(const std::string& asked, const Workers& workers);
  /// How many different questions were asked.
  std::size_t searches() const { return answers_.size(); }

 private:
  const Topology& topology_;
  std::map<std::tuple<std::string, std::uint32_t, std::uint32_t>, std::variant<Placing, NoPlacing>>
      answers_;
};

}  // namespace ringside::harness
