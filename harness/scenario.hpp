// A suite as it is written: a question, and scenarios, each with a workload and a sweep. Reading
// checks everything that can be checked without a machine; the plan checks the rest.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "harness/axes.hpp"
#include "harness/contest_terms.hpp"
#include "harness/gate_terms.hpp"
#include "harness/workloads/loop.hpp"

namespace ringside::harness {

/// One axis of a sweep with its values, each with the place where it was written.
struct Sweep {
  const Axis* axis = nullptr;
  std::vector<AxisValue> values;
  Where where;
  bool is_all = false;  ///< of queues: all that there are, and none by its name
};

/// How often and how long; the same keys in [defaults] and in a scenario.
struct Timing {
  std::uint64_t repetitions = 5;
  std::uint64_t warmup_ms = 50;
  std::uint64_t duration_ms = 200;
};

struct Scenario {
  std::string name;
  Workload workload = Workload::Throughput;
  Timing timing;
  std::vector<Sweep> sweeps;  ///< one an axis, in the order of allAxes()
  Where where;
  ScenarioGate gate = {};
};

struct Suite {
  std::string name;
  std::string question;
  std::vector<Scenario> scenarios;
  ContestTerms contest = {};
  std::string text;              ///< the file as it was, for the bundle
  std::filesystem::path folder;  ///< that it lies in
};

std::string_view toString(Workload workload);

/// The suite written out in full: every axis and every timing key of every scenario.
std::string toToml(const Suite& suite);

/// Reads a suite. Each override is "KEY=VALUE" with a TOML value, a list or a bare word; it
/// replaces the axis or timing key in every scenario. Throws UsageError: a missing file, broken
/// TOML, an unknown key, a wrong type, an impossible value; each with file:line or the flag.
Suite readSuite(const std::filesystem::path& file, const std::vector<std::string>& overrides);

}  // namespace ringside::harness
