// A table in groups: the rows of each stand below its name, all in the same columns.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "harness/text_table.hpp"

namespace ringside::harness {

class GroupedTable {
 public:
  /// The first heading is that of what a group has a row for; its cells are moved in.
  explicit GroupedTable(Row headings);

  void begin(std::string name);
  /// A line between the name of the group and its rows.
  void remark(std::string line);
  void add(Row row);
  std::size_t groups() const { return groups_.size(); }

  /// The headings once, and a blank line at the end. Empty where there is no group.
  std::string aligned() const;
  /// The same as wide as `look` allows: leaves out columns in the order of these headings, and says
  /// below which, while remarks go on in the next line; what stands below "verdict" is coloured.
  std::string fitted(const TableLook& look, std::span<const char* const> dispensable);
  /// Each group under a heading of its own.
  std::string markdown() const;

 private:
  struct Group {
    std::string name;
    std::vector<std::string> remarks;
    std::size_t begin = 0;  ///< its rows
    std::size_t end = 0;
  };

  TextTable table_;
  std::size_t columns_ = 0;  ///< of a remark; 0: as many as it takes
  std::size_t rows_ = 0;
  std::vector<Group> groups_;
};

}  // namespace ringside::harness
