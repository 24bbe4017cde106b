// A table in Markdown whose first rows are open and whose others are folded, within a limit.
#pragma once

#include <string>

#include "harness/text_table.hpp"

namespace ringside::harness {

struct FoldedTable {
  std::string heading;        ///< before the table; ends with an empty line
  TextTable table;            ///< those that are open come first
  std::size_t rows = 0;       ///< that it has
  std::size_t open = 0;       ///< of these; the others are folded
  std::string what_folds;     ///< behind "3 metrics": "that passed"
  std::string below;          ///< lines as they are, of at most a quarter of the limit
  std::string file_with_all;  ///< that has what is left out
};

/// At most `most_bytes`; says how many rows it left out. Headings stand where rows do.
std::string foldedMarkdown(const FoldedTable& parts, std::size_t most_bytes);

}  // namespace ringside::harness
