// The named numbers of a record: one table, in metrics.cpp, gives each its unit, its better
// direction and how it follows from a record. A new metric is one row there, and holds for records
// written before it existed.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "results/record.hpp"

namespace ringside::results {

enum class Unit { Count, PerS, BytesPerS, Ns, Ms, S };

/// "", "1/s", "B/s", "ns", "ms", "s".
std::string_view symbolOf(Unit unit) noexcept;

enum class Better { Higher, Lower };

struct Metric {
  std::string_view name;
  Unit unit;
  Better better;
  /// From what the record holds; nullopt when it does not hold enough.
  std::optional<double> (*of)(const Record& record);
};

/// All metrics Ringside knows, in the order in which they are shown.
std::span<const Metric> allMetrics() noexcept;

/// nullptr for a name that is not in the table.
const Metric* findMetric(std::string_view name) noexcept;

/// As stored in the record; what is not stored is worked out from it. nullopt when it cannot be.
std::optional<double> metricOf(const Record& record, std::string_view name);

/// Stores `messages`, the number that passed within record.seconds, and every metric that follows
/// from the record. To be called once seconds, axes and histograms are set. Everything stored can
/// be worked out again from the record that is read back.
void fillMetrics(Record& record, std::uint64_t messages);

}  // namespace ringside::results
