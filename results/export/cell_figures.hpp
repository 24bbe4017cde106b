// What exports of one line a cell say of it: medians over the repetitions that are ok, under short
// names, and what has none.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "results/export/exporter.hpp"
#include "results/metrics.hpp"
#include "results/summary.hpp"

namespace ringside::results {

/// What the messages of a record or of a cell are timed by: "rtt_ns", "response_ns" or "read_ns";
/// empty where they are counted alone.
std::string_view timedBy(const Record& record);
std::string_view timedBy(const CellSummary& cell);

/// "rtt_ns_p99_clean" of a cell timed by rtt_ns is "p99_clean"; all others keep their names.
std::string shortName(std::string_view metric, std::string_view timed_by);

struct Figure {
  const Metric* metric = nullptr;  ///< of the table
  std::string short_name = {};
  Spread spread = {};
};

/// Of a cell those that are wanted, or else what its workload is compared by, with p50, p99 and
/// p999 of what it is timed by. Those that it has, and that are finite.
std::vector<Figure> figuresOf(const CellSummary& cell, const ExportTerms& terms);

/// "3 of 20 repetitions are not ok, and not in it: quick/… repetition 2, failed: …", for formats
/// that have no place for them. Nothing where all are ok.
class NotOk {
 public:
  /// Whether it is ok; counts it when it is not.
  bool admits(const Record& record);
  std::vector<std::string> sentences() const;

 private:
  std::uint64_t records_ = 0;
  std::uint64_t refused_ = 0;
  std::string first_ = {};
};

/// What formats have in common that hold a few figures of each cell and nothing of a repetition.
class FigureExporter : public Exporter {
 public:
  explicit FigureExporter(const ExportTerms& terms) : terms_(terms) {}

  void add(const Record& record) override {
    not_ok_.admits(record);
    summariser_.add(record);
  }
  std::vector<std::string> leftOut() const override { return not_ok_.sentences(); }

 protected:
  const ExportTerms& terms() const noexcept { return terms_; }
  std::vector<CellSummary> summaries() const { return summariser_.summaries(); }

 private:
  ExportTerms terms_;
  Summariser summariser_;
  NotOk not_ok_;
};

/// "failed: consumer 0 was killed by SIGKILL", in one line; "ok" of one that is.
std::string outcomeOf(const Record& record);

/// "quick/round-trip" of "quick/round-trip/spsc/…": the suite and the scenario of a cell's name.
std::string scenarioPathOf(std::string_view cell);

}  // namespace ringside::results
