// Made-up records, and what a format makes of them, for the tests of the exports.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <initializer_list>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "results/export/export_format.hpp"
#include "results/metrics.hpp"

namespace ringside::results {

inline const std::string kRoundTripCell = "quick/round-trip/spsc/1p1c/el=64/cap=144/same_l3";
inline const std::string kRateCell = "quick/throughput/mpmc/2p1c/el=8/cap=1024/same_l3";

/// The values of formats.md, section 4.
inline std::shared_ptr<Histogram> goldenHistogram() {
  auto histogram = std::make_shared<Histogram>();
  for (const std::uint64_t ns : {1, 100, 100, 1000, 2047, 2048, 5000, 1'000'000}) {
    histogram->record(ns);
  }
  return histogram;
}

inline std::vector<std::string> linesOf(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

/// One round trip for each of the times.
inline Record roundTrips(std::uint32_t repetition, std::initializer_list<std::uint64_t> times_ns) {
  Record record;
  record.suite = "quick";
  record.cell = kRoundTripCell;
  record.repetition = repetition;
  record.axes.workload = "ping_pong";
  record.axes.queue = "spsc";
  record.axes.element_size_bytes = 64;
  record.axes.capacity = 144;
  record.axes.placement = "same_l3";
  record.validation = Validation{.sent = times_ns.size(), .received = times_ns.size()};
  record.seconds = 0.5;
  record.histograms["rtt_ns"] = std::make_shared<Histogram>();
  for (const std::uint64_t ns : times_ns) record.histograms["rtt_ns"]->record(ns);
  record.metrics["cpu_s_per_million"] = 0.25;
  fillMetrics(record, times_ns.size());
  return record;
}

inline Record rate(std::uint32_t repetition, std::uint64_t messages) {
  Record record;
  record.suite = "quick";
  record.cell = kRateCell;
  record.repetition = repetition;
  record.axes.workload = "throughput";
  record.axes.queue = "mpmc";
  record.axes.producers = 2;
  record.axes.element_size_bytes = 8;
  record.axes.capacity = 1024;
  record.axes.placement = "same_l3";
  record.seconds = 0.5;
  fillMetrics(record, messages);
  return record;
}

/// The same record, with nothing measured.
inline Record notOk(Record record, Status status, const std::string& reason) {
  record.status = status;
  record.reason = reason;
  record.metrics.clear();
  record.histograms.clear();
  record.validation.reset();
  return record;
}

inline ExportTerms exportTerms() {
  ExportTerms terms;
  terms.facts = {.bundle = "quick-20261121T081200Z-lab7",
                 .began = std::chrono::sys_days{std::chrono::November / 21 / 2026} +
                          std::chrono::hours{8} + std::chrono::minutes{12},
                 .host = "lab7",
                 .cpu = "Fast",
                 .kernel = "6.1.0",
                 .governor = "performance",
                 .machine = "0123456789abcdef",
                 .version = "0.1.0",
                 .build = "Release -O3",
                 .revision = "c0ffee",
                 .cpus = 4,
                 .mhz = 2596.12,
                 .load = {0.5, 0.25, 0.125}};
  return terms;
}

struct Exported {
  std::vector<ExportedFile> files;
  std::vector<std::string> left_out;

  /// Of the only file.
  const std::string& text() const {
    EXPECT_EQ(files.size(), 1U);
    return files.at(0).text;
  }
};

inline Exported exported(std::string_view format, const std::vector<Record>& records,
                         const ExportTerms& terms = exportTerms()) {
  const auto exporter = findExportFormat(format)->make(terms);
  for (const Record& record : records) exporter->add(record);
  return {exporter->files(), exporter->leftOut()};
}

}  // namespace ringside::results
