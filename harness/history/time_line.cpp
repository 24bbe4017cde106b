#include "harness/history/time_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

namespace ringside::harness {
namespace {

using Rows = std::vector<const Operation*>;

Rows rowsOf(const History& history, std::span<const std::size_t> positions) {
  Rows rows;
  for (const std::size_t position : positions) rows.push_back(&history.operations.at(position));
  std::stable_sort(rows.begin(), rows.end(), [](const Operation* a, const Operation* b) {
    return a->began_ns < b->began_ns;
  });
  return rows;
}

/// Each once, ascending; without the end of what never returned.
std::vector<std::int64_t> instantsOf(const Rows& rows) {
  std::vector<std::int64_t> instants;
  for (const Operation* row : rows) {
    instants.push_back(row->began_ns);
    if (row->returned()) instants.push_back(row->ended_ns);
  }
  std::sort(instants.begin(), instants.end());
  instants.erase(std::unique(instants.begin(), instants.end()), instants.end());
  return instants;
}

/// "  [==]", "  |" for one instant, "  [==>" for what never returned.
std::string barOf(const Operation& row, const std::vector<std::int64_t>& instants) {
  const auto columnOf = [&](std::int64_t time_ns) {
    return static_cast<std::size_t>(std::lower_bound(instants.begin(), instants.end(), time_ns) -
                                    instants.begin());
  };
  const std::size_t from = columnOf(row.began_ns);
  const std::size_t to = columnOf(row.ended_ns);  // one past the last where it never returned
  std::string bar(from, ' ');
  if (from == to) return bar + "|";
  return bar + "[" + std::string(to - from - 1, '=') + (row.returned() ? "]" : ">");
}

std::string actionOf(const Operation& row) {
  if (row.action == Action::SawEmpty) return "saw empty";
  if (row.action == Action::Pop && !row.returned()) {
    return fmt::format("pop of up to {}", row.claimed);
  }
  return fmt::format("{} {}{}{}", toString(row.action), row.value, row.redelivered ? " again" : "",
                     row.torn ? " torn" : "");
}

std::string endOf(const Operation& row, std::int64_t first_ns) {
  return row.returned() ? fmt::format("+{}", row.ended_ns - first_ns) : "never";
}

}  // namespace

std::string drawTimeLine(const History& history, std::span<const std::size_t> positions) {
  Rows rows = rowsOf(history, positions);
  if (rows.empty()) return "";
  const std::size_t left_out = rows.size() - std::min(rows.size(), kMaxTimeLineRows);
  rows.resize(rows.size() - left_out);
  const std::vector<std::int64_t> instants = instantsOf(rows);
  const std::int64_t first_ns = instants.front();
  std::size_t widest = 9;
  for (const Operation* row : rows) widest = std::max(widest, actionOf(*row).size());
  std::string text = fmt::format("{:>12} {:>12} {:>7}  {:<{}}  from {} ns\n", "began_ns",
                                 "ended_ns", "process", "operation", widest, first_ns);
  for (const Operation* row : rows) {
    text += fmt::format("{:>12} {:>12} {:>7}  {:<{}}  {}\n",
                        fmt::format("+{}", row->began_ns - first_ns), endOf(*row, first_ns),
                        row->process, actionOf(*row), widest, barOf(*row, instants));
  }
  if (left_out > 0) text += fmt::format("… and {} more\n", left_out);
  return text;
}

}  // namespace ringside::harness
