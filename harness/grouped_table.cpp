#include "harness/grouped_table.hpp"

#include <fmt/format.h>

#include <utility>

namespace ringside::harness {

GroupedTable::GroupedTable(Row headings) : table_(std::move(headings), 1) {}

void GroupedTable::begin(std::string name) {
  groups_.push_back({.name = std::move(name), .remarks = {}, .begin = rows_, .end = rows_});
}

void GroupedTable::remark(std::string line) { groups_.back().remarks.push_back(std::move(line)); }

void GroupedTable::add(Row row) {
  if (!row.front().empty()) row.front().insert(0, "  ");
  table_.add(std::move(row));
  groups_.back().end = ++rows_;
}

std::string GroupedTable::aligned() const {
  if (groups_.empty()) return {};
  std::string text = table_.alignedHeadings();
  for (const Group& group : groups_) {
    text += group.name + "\n";
    for (const std::string& line : group.remarks) text += wrapped("  ", line, columns_);
    for (std::size_t row = group.begin; row < group.end; ++row) text += table_.aligned(row);
  }
  return text + "\n";
}

std::string GroupedTable::fitted(const TableLook& look, std::span<const char* const> dispensable) {
  table_.colour("verdict", toneOfVerdict, look.colour);
  columns_ = look.columns;
  const std::vector<std::string> left_out = table_.fitInto(look.columns, dispensable);
  return aligned() + leftOutText(left_out);
}

std::string GroupedTable::markdown() const {
  std::string text;
  for (const Group& group : groups_) {
    text += fmt::format("#### {}\n\n", group.name);
    for (const std::string& line : group.remarks) text += fmt::format("{}\n\n", line);
    text += table_.markdownHeadings();
    for (std::size_t row = group.begin; row < group.end; ++row) text += table_.markdown(row);
    text += "\n";
  }
  return text;
}

}  // namespace ringside::harness
