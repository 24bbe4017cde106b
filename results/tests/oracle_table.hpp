// Tables of tests/oracle, which make_tables.py wrote by other people's programs.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

namespace ringside::results {

/// One line of a table, by column.
class OracleRow {
 public:
  OracleRow(const std::vector<std::string>& columns, const std::string& line) : line_(line) {
    std::istringstream fields(line);
    for (const std::string& column : columns) std::getline(fields, fields_[column], ',');
  }

  const std::string& text(const std::string& column) const { return fields_.at(column); }
  double number(const std::string& column) const { return std::stod(text(column)); }
  std::uint64_t count(const std::string& column) const { return std::stoull(text(column)); }
  std::vector<double> list(const std::string& column) const {
    std::istringstream numbers(text(column));
    std::vector<double> all;
    for (double number = 0; numbers >> number;) all.push_back(number);
    return all;
  }
  /// For the message of a test that fails.
  const std::string& line() const { return line_; }

 private:
  std::string line_;
  std::map<std::string, std::string> fields_;
};

/// At least one row; a table that cannot be read fails the test.
inline std::vector<OracleRow> oracleRows(const std::string& table) {
  std::ifstream file(RINGSIDE_ORACLE_TABLES "/" + table + ".csv");
  std::string line;
  std::getline(file, line);
  std::istringstream names(line);
  std::vector<std::string> columns;
  for (std::string name; std::getline(names, name, ',');) columns.push_back(name);
  std::vector<OracleRow> rows;
  while (std::getline(file, line)) rows.emplace_back(columns, line);
  EXPECT_FALSE(rows.empty()) << "no table " << table;
  return rows;
}

}  // namespace ringside::results
