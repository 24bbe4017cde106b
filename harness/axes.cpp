#include "harness/axes.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <numeric>

#include "harness/element.hpp"
#include "harness/open_loop.hpp"
#include "harness/registry.hpp"
#include "harness/usage_error.hpp"
#include "ringside/segment.hpp"

namespace ringside::harness {
namespace {

using results::Axes;

constexpr std::string_view kHugePages[] = {"never", "try", "require"};
constexpr std::string_view kWaits[] = {"auto", "spin", "yield", "block"};
constexpr std::string_view kBackings[] = {"posix_shm", "anon", "memfd", "file", "sysv"};
constexpr std::string_view kNodes[] = {"any", "producer", "consumer", "interleave"};
constexpr std::string_view kTunings[] = {"adaptive", "latency", "throughput"};
constexpr std::string_view kValidations[] = {"off", "sequence", "full"};
constexpr std::uint64_t kMaxBatch = 4096;

std::uint64_t count(const AxisValue& value) { return std::get<std::uint64_t>(value); }
std::uint32_t smallCount(const AxisValue& value) {
  return static_cast<std::uint32_t>(count(value));
}
const std::string& word(const AxisValue& value) { return std::get<std::string>(value); }

std::string unlabelled(const Axes&) { return {}; }

constexpr Axis kAxes[] = {
    {.name = "element_size_bytes",
     .type = Axis::Type::Count,
     .summary = "length of a message",
     .default_value = "64",
     .lowest = kMinElementSizeBytes,
     .highest = kMaxElementSizeBytes,
     .set = [](Axes& axes, const AxisValue& v) { axes.element_size_bytes = count(v); },
     .label = [](const Axes& axes) { return fmt::format("el={}", axes.element_size_bytes); }},
    {.name = "capacity",
     .type = Axis::Type::Count,
     .summary = "the most elements the queue holds at once",
     .default_value = "144",
     .lowest = 1,
     .highest = kMaxCapacity,
     .set = [](Axes& axes, const AxisValue& v) { axes.capacity = count(v); },
     .label = [](const Axes& axes) { return fmt::format("cap={}", axes.capacity); }},
    {.name = "producers",
     .type = Axis::Type::Count,
     .summary = "sending processes",
     .default_value = "1",
     .lowest = 1,
     .highest = kMaxWorkersPerRole,
     .set = [](Axes& axes, const AxisValue& v) { axes.producers = smallCount(v); },
     .label = unlabelled},
    {.name = "consumers",
     .type = Axis::Type::Count,
     .summary = "receiving processes",
     .default_value = "1",
     .lowest = 1,
     .highest = kMaxWorkersPerRole,
     .set = [](Axes& axes, const AxisValue& v) { axes.consumers = smallCount(v); },
     .label = unlabelled},
    {.name = "placement",
     .type = Axis::Type::Word,
     .summary = "which CPUs: auto, unpinned, same_core, same_l2, same_l3, same_node, cross_node, "
                "cross_package, or cpus:0,1 (producers first)",
     .default_value = "auto",
     .set = [](Axes& axes, const AxisValue& v) { axes.placement = word(v); },
     .label = [](const Axes& axes) { return axes.placement; }},
    {.name = "memory",
     .type = Axis::Type::Word,
     .summary = "what the queue lies in: posix_shm, anon, memfd, file (in $TMPDIR, or /var/tmp) or "
                "sysv",
     .default_value = "posix_shm",
     .words = kBackings,
     .set = [](Axes& axes, const AxisValue& v) { axes.memory = word(v); },
     .label =
         [](const Axes& axes) {
           const bool usual =
               axes.memory == "posix_shm" || axes.memory == "kernel" || axes.memory == "process";
           return usual ? "" : "mem=" + axes.memory;
         }},
    {.name = "huge_pages",
     .type = Axis::Type::Word,
     .summary = "never, try or require",
     .default_value = "never",
     .words = kHugePages,
     .set = [](Axes& axes, const AxisValue& v) { axes.huge_pages = word(v); },
     .label =
         [](const Axes& axes) {
           return axes.huge_pages == "never" ? "" : "huge=" + axes.huge_pages;
         }},
    {.name = "lock_memory",
     .type = Axis::Type::Flag,
     .summary = "keep the queue in RAM",
     .default_value = "false",
     .set = [](Axes& axes, const AxisValue& v) { axes.lock_memory = std::get<bool>(v); },
     .label = [](const Axes& axes) { return std::string(axes.lock_memory ? "locked" : ""); }},
    {.name = "prefault",
     .type = Axis::Type::Flag,
     .summary = "touch the queue's memory before it is used",
     .default_value = "true",
     .set = [](Axes& axes, const AxisValue& v) { axes.prefault = std::get<bool>(v); },
     .label = [](const Axes& axes) { return std::string(axes.prefault ? "" : "prefault=false"); }},
    {.name = "numa_node",
     .type = Axis::Type::Word,
     .summary = "where the queue lies: any (as the kernel likes), producer, consumer, interleave, "
                "or a node's number",
     .default_value = "any",
     .words = kNodes,
     .takes_number = true,
     .set = [](Axes& axes, const AxisValue& v) { axes.numa_policy = word(v); },
     .label =
         [](const Axes& axes) {
           return axes.numa_policy == "any" ? "" : "node=" + axes.numa_policy;
         }},
    {.name = "wait",
     .type = Axis::Type::Word,
     .summary = "between tries: spin, yield, block (asleep in the queue's own calls), or auto "
                "(yield only where workers share a CPU, else spin)",
     .default_value = "auto",
     .words = kWaits,
     .set = [](Axes& axes, const AxisValue& v) { axes.wait = word(v); },
     .label = [](const Axes& axes) { return axes.wait == "auto" ? "" : "wait=" + axes.wait; }},
    {.name = "batch",
     .type = Axis::Type::Count,
     .summary = "elements in one call of throughput, as many as fit",
     .default_value = "1",
     .lowest = 1,
     .highest = kMaxBatch,
     .set = [](Axes& axes, const AxisValue& v) { axes.batch = smallCount(v); },
     .label =
         [](const Axes& axes) {
           return axes.batch == 1 ? "" : "batch=" + std::to_string(axes.batch);
         }},
    {.name = "tuning",
     .type = Axis::Type::Word,
     .summary = "what a queue that can be tuned is made fast for: adaptive (both), latency (round "
                "trips) or throughput",
     .default_value = "adaptive",
     .words = kTunings,
     .set = [](Axes& axes, const AxisValue& v) { axes.tuning = word(v); },
     .label =
         [](const Axes& axes) { return axes.tuning == "adaptive" ? "" : "tuning=" + axes.tuning; }},
    {.name = "validate",
     .type = Axis::Type::Word,
     .summary = "of each message: off (nothing, never gated), sequence (who sent it and its "
                "number), or full (every cache line as well)",
     .default_value = "full",
     .words = kValidations,
     .set = [](Axes& axes, const AxisValue& v) { axes.validate = word(v); },
     .label =
         [](const Axes& axes) {
           return axes.validate == "full" ? "" : "validate=" + axes.validate;
         }},
    {.name = "rate_per_s",
     .type = Axis::Type::Count,
     .summary = "paced: messages per second of all producers together",
     .default_value = "100000",
     .lowest = 1,
     .highest = 100'000'000,
     .set = [](Axes& axes, const AxisValue& v) { axes.rate_per_s = static_cast<double>(count(v)); },
     .label = rateLabel},
    {.name = "arrivals",
     .type = Axis::Type::Word,
     .summary = "paced, slo: when they are sent: poisson, periodic, burst, burst:N (at once) or "
                "trace:FILE.csv",
     .default_value = "poisson",
     .set = [](Axes& axes, const AxisValue& v) { axes.arrivals = word(v); },
     .label = arrivalsLabel},
    {.name = "seed",
     .type = Axis::Type::Count,
     .summary = "paced, slo: of what is random in the plan of send times",
     .default_value = "1",
     .lowest = 0,
     .highest = 1ULL << 53,
     .set = [](Axes& axes, const AxisValue& v) { axes.seed = count(v); },
     .label = seedLabel},
    {.name = "percentile",
     .type = Axis::Type::Word,
     .summary = "slo: which one of the response times is bounded, as p99.9",
     .default_value = "p99.9",
     .set = [](Axes& axes, const AxisValue& v) { axes.percentile = word(v); },
     .label = unlabelled},
    {.name = "limit_ns",
     .type = Axis::Type::Count,
     .summary = "slo: the bound",
     .default_value = "10000",
     .lowest = 1,
     .highest = 3'600'000'000'000,
     .set = [](Axes& axes, const AxisValue& v) { axes.limit_ns = count(v); },
     .label = limitLabel},
    {.name = "queue",
     .type = Axis::Type::Word,
     .summary =
         "which queue (ringside list names them), or all: those that can do what a cell asks",
     .default_value = "",
     .set = [](Axes& axes, const AxisValue& v) { axes.queue = word(v); },
     .label = unlabelled},
};

std::string_view typeName(Axis::Type type) {
  switch (type) {
    case Axis::Type::Word:
      return "a string";
    case Axis::Type::Count:
      return "a whole number";
    case Axis::Type::Flag:
      return "true or false";
  }
  return "";
}

std::string_view typeName(const AxisValue& value) {
  if (std::holds_alternative<std::string>(value)) return "a string";
  return std::holds_alternative<bool>(value) ? "true or false" : "a whole number";
}

std::string adviceFor(const Axis& axis) {
  if (axis.name == "queue") return " Those of a plug-in are known with --plugin FILE.so.";
  if (axis.default_value.empty()) return "";
  return fmt::format(" Leave the key out to use {}.", axis.default_value);
}

bool isNumber(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

void checkWord(const Axis& axis, const std::string& value, const Where& where) {
  std::vector<std::string_view> known(axis.words.begin(), axis.words.end());
  if (axis.name == "queue") {
    for (const QueueEntry& entry : allQueues()) known.push_back(entry.name);
    for (const QueueEntry& entry : allPatterns()) known.push_back(entry.name);
    for (const QueueEntry& entry : absentQueues()) known.push_back(entry.name);
  }
  if (known.empty() || std::find(known.begin(), known.end(), value) != known.end()) return;
  if (axis.takes_number && isNumber(value)) return;
  throw UsageError(fmt::format("{}: {} is '{}'; it must be one of {}{}{}.{}", where.text, axis.name,
                               value, fmt::join(known, ", "),
                               axis.takes_number ? ", or a whole number" : "",
                               suggestion(value, known), adviceFor(axis)));
}

}  // namespace

std::span<const Axis> allAxes() { return kAxes; }

const Axis* findAxis(std::string_view name) {
  for (const Axis& axis : kAxes) {
    if (axis.name == name) return &axis;
  }
  return nullptr;
}

void checkValue(const Axis& axis, const AxisValue& value, const Where& where) {
  if (value.index() != static_cast<std::size_t>(axis.type)) {
    throw UsageError(fmt::format("{}: {} is {}, which is {}; it must be {}.", where.text, axis.name,
                                 toString(value), typeName(value), whatStandsOn(axis)));
  }
  if (axis.type == Axis::Type::Word) checkWord(axis, word(value), where);
  if (axis.type != Axis::Type::Count) return;
  if (count(value) >= axis.lowest && count(value) <= axis.highest) return;
  throw UsageError(fmt::format("{}: {} is {}; it must be {} to {}.{}", where.text, axis.name,
                               count(value), axis.lowest, axis.highest, adviceFor(axis)));
}

std::string whatStandsOn(const Axis& axis) {
  if (axis.takes_number) return "a string or a whole number of 0 or more";
  if (axis.type == Axis::Type::Word && !axis.default_value.empty()) {
    return fmt::format("{}, such as \"{}\"", typeName(axis.type), axis.default_value);
  }
  if (axis.type != Axis::Type::Count) return std::string(typeName(axis.type));
  return fmt::format("{}, {} to {}", typeName(axis.type), axis.lowest, axis.highest);
}

AxisValue defaultValue(const Axis& axis) {
  const std::string text(axis.default_value);
  if (axis.type == Axis::Type::Count) return std::uint64_t{std::stoull(text)};
  if (axis.type == Axis::Type::Flag) return text == "true";
  return text;
}

std::string toString(const AxisValue& value) {
  if (const auto* text = std::get_if<std::string>(&value)) return "'" + *text + "'";
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  return std::to_string(count(value));
}

namespace {

/// Insertions, deletions and replacements between two words, one row of the table at a time.
std::size_t editDistance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

}  // namespace

std::string_view nearest(std::string_view name, const std::vector<std::string_view>& known) {
  std::string_view best;
  std::size_t best_distance = std::max<std::size_t>(2, name.size() / 2) + 1;
  for (const std::string_view candidate : known) {
    const std::size_t distance = editDistance(name, candidate);
    if (distance >= best_distance) continue;
    best = candidate;
    best_distance = distance;
  }
  return best;
}

std::string suggestion(std::string_view name, const std::vector<std::string_view>& known) {
  const std::string_view best = nearest(name, known);
  return best.empty() ? "" : fmt::format(" (did you mean '{}'?)", best);
}

}  // namespace ringside::harness
