// A record: one repetition of one cell, with everything that is needed to read it later. It is one
// line of records.jsonl (schema 1), which other tools read too.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "results/histogram.hpp"
#include "results/process_reading.hpp"

namespace ringside::results {

constexpr int kRecordSchema = 1;

/// Failed: a worker died or hung, or integrity was violated. Invalid: what was asked was not
/// honoured, or the queue was saturated. Skipped: this machine cannot do it.
enum class Status { Ok, Failed, Invalid, Skipped };

/// "ok", "failed", "invalid", "skipped", and back; nullopt for any other text.
std::string_view toString(Status status) noexcept;
std::optional<Status> parseStatus(std::string_view text) noexcept;

/// What was asked for. Together the axes name a cell.
struct Axes {
  std::string workload;
  std::string queue;
  std::uint32_t producers = 1;
  std::uint32_t consumers = 1;
  std::uint64_t element_size_bytes = 0;
  std::uint64_t capacity = 0;
  std::string placement;
  std::string memory = "posix_shm";
  std::string huge_pages = "never";
  bool lock_memory = false;
  std::optional<int> numa_node;
  std::string wait = "spin";
  std::uint32_t batch = 1;
  std::string tuning = "adaptive";
  std::optional<double> rate_per_s;
  // Of an open loop only; written when they are there.
  std::optional<std::string> arrivals;
  std::optional<std::uint64_t> seed;
  // Of slo only.
  std::optional<std::string> percentile;
  std::optional<std::uint64_t> limit_ns;
  bool prefault = true;
  std::string numa_policy = "any";  // as asked: numa_node is what it came to, where that is one
  std::string validate = "full";

  bool operator==(const Axes&) const = default;
};

/// What it cost to hand a cache line from the first producer's CPU to the first consumer's, one
/// way: just before the repetition and just after. Where they differ, somebody has moved the CPUs.
struct Canary {
  double before_ns = 0;
  double after_ns = 0;

  bool operator==(const Canary&) const = default;
};

/// What came of it, as the kernel reports it.
struct Obtained {
  std::vector<int> producer_cpus;
  std::vector<int> consumer_cpus;
  std::vector<int> producer_pids;
  std::vector<int> consumer_pids;
  std::uint64_t page_size_bytes = 0;
  std::uint64_t locked_bytes = 0;
  std::map<int, std::uint64_t> node_pages;  // NUMA node → pages of the ring on it
  std::uint64_t capacity = 0;
  std::string memory = {};                   // the backing, as the kernel names the mapping
  std::vector<ProcessReading> workers = {};  // producers first
  std::optional<ProcessReading> parent = {};
  std::optional<Canary> canary = {};  // absent where workers are not pinned, or share a CPU

  bool operator==(const Obtained&) const = default;
};

/// Counts of messages over the whole repetition. A message that was sent and never came must have
/// been counted in `lost` by whoever fills this in: sent and received alone decide nothing, because
/// a snapshot may be read many times.
struct Validation {
  std::uint64_t sent = 0;
  std::uint64_t received = 0;
  std::uint64_t lost = 0;
  std::uint64_t duplicated = 0;
  std::uint64_t reordered = 0;
  std::uint64_t torn = 0;

  /// Nothing lost, duplicated, reordered or torn.
  bool clean() const noexcept;

  bool operator==(const Validation&) const = default;
};

struct Record {
  int schema = kRecordSchema;
  std::string suite;
  std::string cell;
  std::uint32_t repetition = 0;  // counted from 0
  Status status = Status::Ok;
  std::optional<std::string> reason;  // why it is not ok
  std::vector<std::string> notes;     // what was not honoured, but leaves the record valid
  Axes axes;
  /// What the queue does without that others keep, in a few words; empty: nothing.
  std::string gives_up = {};
  std::optional<Obtained> obtained;      // absent when nothing ran
  std::optional<Validation> validation;  // absent when nothing was checked; then never gated
  double seconds = 0;                    // of the measured interval
  std::map<std::string, double> metrics;
  std::map<std::string, std::shared_ptr<Histogram>> histograms;  // by name, such as "rtt_ns"
};

/// A line or file that is not what it should be; says where, which key, which value, what to do.
class RecordError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// One line of JSON without its line end, keys in the order of schema 1. A number that is not
/// finite becomes null with the reason in "<name>_status" beside it; a null histogram is left out;
/// bytes that are not UTF-8 become U+FFFD.
std::string toJson(const Record& record);

/// The record of one line. A null number comes back as absent (`seconds`: 0), keys that schema 1
/// does not know are ignored. Throws RecordError for what is not JSON, another schema, a missing
/// key (suite, cell, repetition, status, and of the axes workload, queue, producers, consumers,
/// element_size_bytes, capacity, placement), a wrong type, a value out of range, or a histogram
/// that cannot be decoded.
Record fromJson(std::string_view line);

/// What to do with a last line that is cut off, as SIGKILL or a full disk leaves it.
enum class CutOffLine { Refuse, Drop };

/// All records of a file, or of the records.jsonl in a bundle's folder. Empty lines are skipped.
/// Each histogram takes 264 KiB. Throws RecordError, with file:line, for the first bad line, for a
/// last line cut off (unless it is to be dropped), and when the file cannot be read.
std::vector<Record> readRecords(const std::filesystem::path& path,
                                CutOffLine cut_off_line = CutOffLine::Refuse);

/// The same one after the other, for files whose records would not fit into memory together.
void visitRecords(const std::filesystem::path& path, CutOffLine cut_off_line,
                  const std::function<void(Record)>& visit);

}  // namespace ringside::results
