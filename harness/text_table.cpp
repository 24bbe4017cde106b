#include "harness/text_table.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <numeric>

#include "harness/console.hpp"

namespace ringside::harness {
namespace {

/// Characters, not bytes: the µ and the dash have two and three bytes.
std::size_t widthOf(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
  }));
}

std::string quoted(const std::string& text) {
  std::string escaped;
  for (const char c : text) escaped += c == '"' ? std::string("\"\"") : std::string(1, c);
  return "\"" + escaped + "\"";
}

}  // namespace

std::optional<Format> parseFormat(const std::string& name) {
  if (name == "table") return Format::Table;
  if (name == "json") return Format::Json;
  if (name == "csv") return Format::Csv;
  if (name == "markdown") return Format::Markdown;
  return std::nullopt;
}

void putAs(Format format, const std::string& text) {
  if (format == Format::Table) return put("{}", text);
  putData(text);
}

TextTable::TextTable(Row headings, std::size_t left_aligned, LastColumn last)
    : headings_(std::move(headings)),
      widths_(headings_.size()),
      left_aligned_(left_aligned),
      last_(last) {
  widenFor(headings_);
}

void TextTable::colour(std::string heading, Tone (*tone_of)(const std::string&), Colour colour) {
  toned_heading_ = std::move(heading);
  tone_of_ = tone_of;
  colour_ = colour;
}

void TextTable::add(Row row) {
  for (std::string& cell : row) std::replace(cell.begin(), cell.end(), '\n', ' ');
  widenFor(row);
  rows_.push_back(std::move(row));
}

void TextTable::widenFor(const Row& row) {
  for (std::size_t i = 0; i < row.size(); ++i) widths_[i] = std::max(widths_[i], widthOf(row[i]));
}

std::size_t TextTable::width() const {
  return std::accumulate(widths_.begin(), widths_.end(), 2 * (widths_.size() - 1));
}

std::optional<std::size_t> TextTable::placeOf(std::string_view heading) const {
  const auto found = std::find(headings_.begin(), headings_.end(), heading);
  if (found == headings_.end()) return std::nullopt;
  return static_cast<std::size_t>(found - headings_.begin());
}

std::optional<std::string> TextTable::sameInAllRows(std::string_view heading) const {
  const auto place = placeOf(heading);
  if (!place || rows_.empty()) return std::nullopt;
  const std::string& first = rows_.front()[*place];
  const bool same =
      std::all_of(rows_.begin(), rows_.end(), [&](const Row& row) { return row[*place] == first; });
  return same ? std::optional(first) : std::nullopt;
}

void TextTable::leaveOut(std::size_t column) {
  const auto place = static_cast<std::ptrdiff_t>(column);
  headings_.erase(headings_.begin() + place);
  widths_.erase(widths_.begin() + place);
  for (Row& row : rows_) row.erase(row.begin() + place);
  if (column < left_aligned_) --left_aligned_;
}

std::vector<std::string> TextTable::fitInto(std::size_t columns,
                                            std::span<const char* const> headings) {
  std::vector<std::string> left_out;
  std::size_t taken = width();
  for (const char* heading : headings) {
    if (columns == 0 || taken <= columns) break;
    const auto place = placeOf(heading);
    if (!place) continue;
    left_out.emplace_back(heading);
    taken -= widths_[*place] + 2;
  }
  // What goes last may have made room for something that went before it.
  for (std::size_t i = left_out.size(); i-- > 0;) {
    const std::size_t more = widths_[*placeOf(left_out[i])] + 2;
    if (taken + more > columns) continue;
    taken += more;
    left_out.erase(left_out.begin() + static_cast<std::ptrdiff_t>(i));
  }
  for (const std::string& heading : left_out) leaveOut(*placeOf(heading));
  return left_out;
}

std::string TextTable::alignedLine(const Row& row, Colour colour) const {
  std::string line;
  for (std::size_t i = 0; i < row.size(); ++i) {
    const std::string space(widths_[i] - widthOf(row[i]), ' ');
    const bool left = i < left_aligned_ || i + 1 == row.size();
    const bool has_tone = tone_of_ != nullptr && headings_[i] == toned_heading_;
    const std::string cell = has_tone ? toned(row[i], tone_of_(row[i]), colour) : row[i];
    line += (i == 0 ? "" : "  ") + (left ? cell + space : space + cell);
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

std::string TextTable::markdownHeadings() const {
  std::string text = fmt::format("| {} |\n|", fmt::join(headings_, " | "));
  for (std::size_t c = 0; c < headings_.size(); ++c) {
    const bool ends_in_words = c + 1 == headings_.size() && last_ == LastColumn::Words;
    const bool left = c < left_aligned_ || ends_in_words;
    text += left ? " :-- |" : " --: |";
  }
  return text + "\n";
}

std::string TextTable::markdown(std::size_t row) const {
  Row cells = rows_[row];
  for (std::string& cell : cells) {
    for (std::size_t at = 0; (at = cell.find('|', at)) != std::string::npos; at += 2) {
      cell.insert(at, 1, '\\');
    }
  }
  return fmt::format("| {} |\n", fmt::join(cells, " | "));
}

std::string TextTable::allAligned() const {
  std::string text = alignedHeadings();
  for (std::size_t i = 0; i < rows_.size(); ++i) text += aligned(i);
  return text;
}

std::string TextTable::allMarkdown() const {
  std::string text = markdownHeadings();
  for (std::size_t i = 0; i < rows_.size(); ++i) text += markdown(i);
  return text;
}

std::string wrapped(const std::string& begin, const std::string& words, std::size_t columns) {
  if (columns == 0) return begin + words + "\n";
  const std::size_t hanging = widthOf(begin);
  std::string text = begin;
  std::size_t column = hanging;
  for (std::size_t first = 0; first < words.size();) {
    const std::size_t end = std::min(words.find_first_of(" \n", first), words.size());
    const std::string word = words.substr(first, end - first);
    const std::size_t width = widthOf(word);
    if (column > hanging && column + 1 + width > columns) {
      text += '\n';
      text.append(hanging, ' ');
      column = hanging;
    } else if (column > hanging) {
      text += ' ';
      ++column;
    }
    text += word;
    column += width;
    first = end + 1;
  }
  return text + "\n";
}

std::string leftOutText(const std::vector<std::string>& headings) {
  if (headings.empty()) return "";
  return wrapped("", fmt::format("Left out for want of columns: {}.", fmt::join(headings, ", ")),
                 kUsualColumns);
}

std::string renderJson(const nlohmann::ordered_json& value) {
  return value.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

std::string renderCsv(const std::vector<nlohmann::ordered_json>& objects) {
  std::string text;
  for (const nlohmann::ordered_json& object : objects) {
    if (text.empty()) {
      Row keys;
      for (const auto& [key, value] : object.items()) keys.push_back(key);
      text += fmt::format("{}\n", fmt::join(keys, ","));
    }
    Row fields;
    for (const auto& [key, value] : object.items()) {
      fields.push_back(value.is_null()     ? ""
                       : value.is_string() ? quoted(value.get<std::string>())
                                           : value.dump());
    }
    text += fmt::format("{}\n", fmt::join(fields, ","));
  }
  return text;
}

}  // namespace ringside::harness
