// Rows of words and numbers, as people and programs read them: aligned, Markdown, CSV.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "harness/terminal.hpp"

namespace ringside::harness {

enum class Format { Table, Json, Csv, Markdown };
/// What --format takes: table, json, csv, markdown.
std::optional<Format> parseFormat(const std::string& name);

/// To stdout: a table for people, or data.
void putAs(Format format, const std::string& text);

using Row = std::vector<std::string>;

enum class LastColumn { Numbers, Words };

/// Rows under their headings, all of one length. Words stand to the left, numbers to the right.
class TextTable {
 public:
  /// The first `left_aligned` columns are words. Aligned, the last one stands to the left whatever
  /// it is; in Markdown where it is words.
  TextTable(Row headings, std::size_t left_aligned, LastColumn last = LastColumn::Numbers);

  /// Leaves out columns, in the order of these headings, until no line has more than `columns`
  /// characters, and answers with those it has left out. 0 columns are as many as it takes.
  std::vector<std::string> fitInto(std::size_t columns, std::span<const char* const> headings);

  /// What stands below that heading, where all rows have the same.
  std::optional<std::string> sameInAllRows(std::string_view heading) const;

  /// Colours what stands below that heading in aligned lines.
  void colour(std::string heading, Tone (*tone_of)(const std::string& cell), Colour colour);

  /// A line break in a cell becomes a blank.
  void add(Row row);

  /// Each ends with a line end. Columns are as wide as their widest cell in all rows.
  std::string alignedHeadings() const { return alignedLine(headings_, Colour::No); }
  std::string aligned(std::size_t row) const { return alignedLine(rows_[row], colour_); }
  /// With the rule below it.
  std::string markdownHeadings() const;
  std::string markdown(std::size_t row) const;
  /// Of its longest line, in characters.
  std::size_t width() const;
  /// Headings and all rows.
  std::string allAligned() const;
  std::string allMarkdown() const;

 private:
  std::string alignedLine(const Row& row, Colour colour) const;
  void widenFor(const Row& row);
  std::optional<std::size_t> placeOf(std::string_view heading) const;
  void leaveOut(std::size_t column);

  Row headings_;
  std::vector<std::size_t> widths_;  ///< of columns, in characters
  std::size_t left_aligned_;
  LastColumn last_;
  std::vector<Row> rows_;
  std::string toned_heading_;
  Tone (*tone_of_)(const std::string&) = nullptr;
  Colour colour_ = Colour::No;
};

/// `begin`, then words in lines of at most `columns` characters, from the second on below the first
/// word; a longer word has a line of its own. 0 columns: all in one line, as it is. Ends with a
/// line end.
std::string wrapped(const std::string& begin, const std::string& words, std::size_t columns);

/// "Left out for want of columns: cpu/M, max." and a line end, in 80 columns; nothing where nothing
/// was.
std::string leftOutText(const std::vector<std::string>& headings);

/// Pretty-printed; what is not UTF-8 is replaced. Ends with a line end.
std::string renderJson(const nlohmann::ordered_json& value);

/// Flat objects that all have the keys of the first: a line of keys, then one an object; nothing
/// where the value is null. Empty for none.
std::string renderCsv(const std::vector<nlohmann::ordered_json>& objects);

}  // namespace ringside::harness
