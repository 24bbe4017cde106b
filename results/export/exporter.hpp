// What every export format is: it takes the records of a bundle one after the other, and gives back
// the text of its files. It must keep no record, for with their histograms they would not fit.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "results/export/run_facts.hpp"
#include "results/record.hpp"

namespace ringside::results {

struct ExportedFile {
  std::string name;  ///< in a folder; a plain name
  std::string text;
};

struct ExportTerms {
  RunFacts facts = {};
  /// Only these: metrics, or histograms where the format writes those. Empty: what the format says.
  std::vector<std::string> only = {};

  /// Whether `name` is wanted.
  bool wants(std::string_view name) const;
};

class Exporter {
 public:
  Exporter() = default;
  Exporter(const Exporter&) = delete;
  Exporter& operator=(const Exporter&) = delete;
  virtual ~Exporter() = default;

  /// In the order of the bundle.
  virtual void add(const Record& record) = 0;

  /// After the last one. Throws std::runtime_error when zlib has no memory.
  virtual std::vector<ExportedFile> files() const = 0;

  /// What was added and has no place in the format, a sentence each.
  virtual std::vector<std::string> leftOut() const { return {}; }
};

}  // namespace ringside::results
