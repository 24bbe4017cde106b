#include "harness/text_table.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <nlohmann/json.hpp>

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

TextTable::TextTable(Row headings, std::size_t left_aligned)
    : headings_(std::move(headings)), widths_(headings_.size()), left_aligned_(left_aligned) {
  widenFor(headings_);
}

void TextTable::add(Row row) {
  for (std::string& cell : row) std::replace(cell.begin(), cell.end(), '\n', ' ');
  widenFor(row);
  rows_.push_back(std::move(row));
}

void TextTable::widenFor(const Row& row) {
  for (std::size_t i = 0; i < row.size(); ++i) widths_[i] = std::max(widths_[i], widthOf(row[i]));
}

std::string TextTable::alignedLine(const Row& row) const {
  std::string line;
  for (std::size_t i = 0; i < row.size(); ++i) {
    const std::string space(widths_[i] - widthOf(row[i]), ' ');
    const bool left = i < left_aligned_ || i + 1 == row.size();
    line += (i == 0 ? "" : "  ") + (left ? row[i] + space : space + row[i]);
  }
  line.erase(line.find_last_not_of(' ') + 1);
  return line + "\n";
}

std::string TextTable::markdownHeadings() const {
  std::string text = fmt::format("| {} |\n|", fmt::join(headings_, " | "));
  for (std::size_t c = 0; c < headings_.size(); ++c) {
    text += c < left_aligned_ ? " :-- |" : " --: |";
  }
  return text + "\n";
}

std::string TextTable::markdown(std::size_t row) const {
  Row cells = rows_[row];
  for (std::string& cell : cells) {
    for (std::size_t at = 0; (at = cell.find('|', at)) != std::string::npos; at += 2) {
      cell.insert(at, "\\");
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
