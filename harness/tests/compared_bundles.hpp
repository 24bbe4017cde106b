// Made-up bundles, for the tests of what is said of them side by side.
#pragma once

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "results/bundle.hpp"
#include "results/record.hpp"
#include "results/tests/scratch_folder.hpp"

namespace ringside::harness {

/// A machine, as environment.json has it.
struct MadeMachine {
  std::string host = "one";
  std::string cpu = "Fine CPU";
  std::string governor = "performance";
  std::string command_line = "quiet";
  std::string id = "id-one";
  std::string time = "2026-11-22T08:12:00Z";
  std::string fingerprint = "1111111111111111";
  std::string binary_hash = "aaaaaaaaaaaaaaaa";
};

inline std::string environmentOf(const MadeMachine& machine) {
  const nlohmann::ordered_json json = {
      {"schema", 1},
      {"machine", {{"host", machine.host}, {"time_utc", machine.time}, {"load", "0.1"}}},
      {"cpu", {{"model", machine.cpu}, {"governor", machine.governor}, {"isolated", nullptr}}},
      {"memory", {{"total", "16 kB"}, {"available", machine.host}}},
      {"floor_ns", {{"same_l3", 50.0}}},
      {"fingerprint",
       {{"machine", machine.fingerprint},
        {"facts",
         {{"machine_id_hash", machine.id},
          {"cpu", machine.cpu},
          {"cpu_model", "143"},
          {"governor", machine.governor},
          {"command_line", machine.command_line}}},
        {"program_facts", {{"binary_hash", machine.binary_hash}}}}}};
  return json.dump();
}

/// Of a throughput that is near `messages_per_s` in each repetition.
inline results::Record madeRecord(double messages_per_s, std::uint32_t repetition = 0) {
  results::Record record;
  record.suite = "made";
  record.cell = "made/throughput/spsc/1p1c/el=64/cap=144/same_l3";
  record.repetition = repetition;
  record.axes.workload = "throughput";
  record.axes.queue = "spsc";
  record.axes.element_size_bytes = 64;
  record.axes.capacity = 144;
  record.axes.placement = "same_l3";
  record.metrics["messages_per_s"] = messages_per_s * (1 + 0.001 * repetition);
  return record;
}

inline std::vector<results::Record> madeRecords(double messages_per_s,
                                                std::uint32_t repetitions = 5) {
  std::vector<results::Record> records;
  for (std::uint32_t i = 0; i < repetitions; ++i) records.push_back(madeRecord(messages_per_s, i));
  return records;
}

/// Folders of bundles, gone with the test.
class MadeBundles {
 public:
  std::filesystem::path add(const std::string& name, const std::vector<results::Record>& records,
                            const MadeMachine& machine = {}) const {
    return addWith(name, records, environmentOf(machine));
  }
  std::filesystem::path addWith(const std::string& name,
                                const std::vector<results::Record>& records,
                                const std::string& environment) const {
    results::Bundle bundle = results::Bundle::create(folder_.path() / name);
    for (const results::Record& record : records) bundle.append(record);
    if (!environment.empty()) bundle.writeFile("environment.json", environment);
    return bundle.path();
  }
  const std::filesystem::path& folder() const { return folder_.path(); }

 private:
  results::ScratchFolder folder_;
};

}  // namespace ringside::harness
