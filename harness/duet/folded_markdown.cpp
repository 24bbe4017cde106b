#include "harness/duet/folded_markdown.hpp"

#include <fmt/format.h>

#include "harness/console.hpp"

namespace ringside::harness {
namespace {

constexpr std::size_t kReserved = 400;  // for the lines that say what was left out

}  // namespace

std::string foldedMarkdown(const FoldedTable& parts, std::size_t most_bytes) {
  const std::string end = parts.below.empty() ? "" : "\n```\n" + parts.below + "```\n";
  std::string text = parts.heading;
  std::size_t next = 0;
  const auto put = [&](std::size_t last) {
    if (next < last) text += parts.table.markdownHeadings();
    for (; next < last; ++next) {
      const std::string row = parts.table.markdown(next);
      if (text.size() + row.size() + end.size() + kReserved > most_bytes) return false;
      text += row;
    }
    return true;
  };
  bool fits = put(parts.open);
  if (fits && next < parts.rows) {
    text += fmt::format("{}<details><summary>{} {}</summary>\n\n", parts.open > 0 ? "\n" : "",
                        counted(parts.rows - next, "metric"), parts.what_folds);
    fits = put(parts.rows);
    text += "\n</details>\n";
  }
  if (!fits) {
    text += fmt::format("\n{} are left out here, for the text would be too long: see {}.\n",
                        counted(parts.rows - next, "metric"), parts.file_with_all);
  }
  return text.size() + end.size() <= most_bytes ? text + end : text;
}

}  // namespace ringside::harness
