#include "harness/send_plan.hpp"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <cmath>
#include <fstream>
#include <random>

#include "harness/usage_error.hpp"

namespace ringside::harness {
namespace {

namespace fs = std::filesystem;

constexpr double kNsPerS = 1e9;
constexpr std::uint64_t kMaxBurst = 1'000'000;
constexpr std::string_view kKnown =
    "poisson, periodic, burst, burst:N (messages at once) or trace:FILE.csv";

struct TimeUnit {
  std::string_view heading;
  double ns;
};
constexpr std::array kTimeUnits = {TimeUnit{"time_ns", 1}, TimeUnit{"time_us", 1e3},
                                   TimeUnit{"time_ms", 1e6}, TimeUnit{"time_s", 1e9}};

/// The first field of a line, without blanks and a carriage return.
std::string_view firstField(std::string_view line) {
  std::string_view field = line.substr(0, line.find_first_of(",;"));
  const std::size_t begin = field.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return field.substr(begin, field.find_last_not_of(" \t\r") - begin + 1);
}

/// The factor to nanoseconds that a heading names; 0 when it is none of ours.
double unitOf(std::string_view heading) {
  for (const TimeUnit& unit : kTimeUnits) {
    if (unit.heading == heading) return unit.ns;
  }
  return 0;
}

/// A bundle has a copy of what was sent, whatever stands now where it was taken from.
fs::path findTrace(const std::string& name, const fs::path& folder, const std::string& where) {
  std::error_code ignored;
  const fs::path copy = folder / fs::path(name).filename();
  const bool is_bundle = fs::exists(folder / "records.jsonl", ignored);
  if (is_bundle && fs::is_regular_file(copy, ignored)) return copy;
  for (const fs::path& file : {folder / name, fs::path(name), copy}) {
    if (fs::is_regular_file(file, ignored)) return file;
  }
  throw UsageError(fmt::format("{}: arrivals is 'trace:{}'; there is no such file, here or in {}",
                               where, name, folder.empty() ? "." : folder.string()));
}

double timeIn(std::string_view field, const std::string& place) {
  double time = 0;
  const auto [end, failure] = std::from_chars(field.data(), field.data() + field.size(), time);
  if (failure != std::errc{} || end != field.data() + field.size() || !std::isfinite(time)) {
    throw UsageError(
        fmt::format("{}: the time is '{}'; it must be a number, as 1500 or 0.25", place, field));
  }
  return time;
}

std::vector<double> readTrace(const fs::path& file) {
  std::ifstream stream(file);
  std::vector<double> times;
  double unit_ns = 1;
  std::size_t number = 0;
  for (std::string line; std::getline(stream, line);) {
    ++number;
    const std::string_view field = firstField(line);
    if (field.empty()) continue;
    if (number == 1 && unitOf(field) > 0) {
      unit_ns = unitOf(field);
      continue;
    }
    const std::string place = fmt::format("{}:{}", file.string(), number);
    const double time = timeIn(field, place) * unit_ns;
    if (!times.empty() && time < times.back()) {
      throw UsageError(
          fmt::format("{}: the time is '{}', which is before that of the line above; "
                      "sort the trace by time",
                      place, field));
    }
    times.push_back(time);
  }
  if (times.size() < 2 || !(times.back() > times.front())) {
    throw UsageError(fmt::format("{}: has {} send times; a trace needs two that differ",
                                 file.string(), times.size()));
  }
  const double begin = times.front();
  for (double& time : times) time -= begin;
  return times;
}

std::uint64_t burstIn(const std::string& digits, const std::string& text,
                      const std::string& where) {
  std::uint64_t messages = 0;
  const auto [end, failure] =
      std::from_chars(digits.data(), digits.data() + digits.size(), messages);
  const bool whole = failure == std::errc{} && end == digits.data() + digits.size();
  if (!whole || messages < 1 || messages > kMaxBurst) {
    throw UsageError(fmt::format("{}: arrivals is '{}'; a burst has 1 to {} messages, as burst:32",
                                 where, text, kMaxBurst));
  }
  return messages;
}

/// Uniform in (0, 1), the same with every library.
class Chance {
 public:
  explicit Chance(std::uint64_t seed) : numbers_(seed) {}
  double next() { return (static_cast<double>(numbers_() >> 11) + 0.5) * 0x1p-53; }
  double exponential(double mean) { return -mean * std::log(next()); }
  std::size_t below(std::size_t count) {
    return static_cast<std::size_t>(next() * static_cast<double>(count));
  }

 private:
  std::mt19937_64 numbers_;
};

using Times = std::vector<double>;

/// Message number `i` of an endless replay: after the last comes the first, a mean distance later.
double traceTime(const Arrivals& arrivals, std::uint64_t i) {
  const Times& trace = arrivals.trace_ns;
  const double lap_ns = trace.back() + kNsPerS / arrivals.traceRate();
  return static_cast<double>(i / trace.size()) * lap_ns + trace[i % trace.size()];
}

double regularTime(const Arrivals& arrivals, double rate_per_s, std::uint64_t i) {
  const std::uint64_t together = arrivals.kind == ArrivalKind::Burst ? arrivals.burst_messages : 1;
  return static_cast<double>(i / together * together) * kNsPerS / rate_per_s;
}

}  // namespace

double Arrivals::traceRate() const {
  return static_cast<double>(trace_ns.size() - 1) * kNsPerS / trace_ns.back();
}

Arrivals parseArrivals(const std::string& text, const fs::path& folder, const std::string& where) {
  constexpr std::string_view kTrace = "trace:";
  constexpr std::string_view kBurst = "burst:";
  Arrivals arrivals;
  if (text == "poisson") return arrivals;
  if (text == "periodic") {
    arrivals.kind = ArrivalKind::Periodic;
  } else if (text == "burst" || text.starts_with(kBurst)) {
    arrivals.kind = ArrivalKind::Burst;
    if (text != "burst") {
      arrivals.burst_messages = burstIn(text.substr(kBurst.size()), text, where);
    }
  } else if (text.starts_with(kTrace)) {
    arrivals.kind = ArrivalKind::Trace;
    arrivals.trace_file = findTrace(text.substr(kTrace.size()), folder, where);
    arrivals.trace_ns = readTrace(arrivals.trace_file);
  } else {
    throw UsageError(fmt::format("{}: arrivals is '{}'; it must be {}", where, text, kKnown));
  }
  return arrivals;
}

std::vector<std::vector<double>> planSends(const Arrivals& arrivals, const SlotShape& slot) {
  std::vector<Times> plan(slot.producers);
  Chance chance(slot.seed);
  double poisson_ns = 0;
  for (std::uint64_t i = 0;; ++i) {
    double time = 0;
    std::size_t producer = i % slot.producers;
    if (arrivals.kind == ArrivalKind::Poisson) {
      time = poisson_ns += chance.exponential(kNsPerS / slot.rate_per_s);
      producer = chance.below(slot.producers);
    } else if (arrivals.kind == ArrivalKind::Trace) {
      time = traceTime(arrivals, i);
    } else {
      time = regularTime(arrivals, slot.rate_per_s, i);
    }
    if (!(time < slot.length_ns)) return plan;
    plan[producer].push_back(time);
  }
}

double expectedMessages(const Arrivals& arrivals, const SlotShape& slot) {
  const double rate = arrivals.kind == ArrivalKind::Trace ? arrivals.traceRate() : slot.rate_per_s;
  return rate * slot.length_ns / kNsPerS;
}

}  // namespace ringside::harness
