// HdrHistogram's percentile text (.hgrm), as its Java library writes it: one file for each cell and
// histogram, the repetitions that are ok together, in microseconds.
#include <fmt/format.h>

#include <cmath>
#include <map>
#include <set>
#include <utility>

#include "results/export/cell_figures.hpp"

namespace ringside::results {
namespace {

constexpr double kNsPerUnit = 1000.0;  // values in µs
constexpr int kTicksPerHalfDistance = 5;

/// Counts by index: what a histogram of 264 KiB says, in a few KiB.
using Counts = std::map<std::size_t, std::uint64_t>;

void addTo(Counts& counts, const Histogram& histogram) {
  for (std::size_t index = 0; index < histogram.endIndex(); ++index) {
    if (histogram.countAt(index) != 0) counts[index] += histogram.countAt(index);
  }
}

std::unique_ptr<Histogram> histogramOf(const Counts& counts) {
  auto histogram = std::make_unique<Histogram>();
  for (const auto& [index, count] : counts) histogram->addAt(index, count);
  return histogram;
}

/// The next percentile: five steps to each half of what is left up to 100; with Java's logarithms,
/// for a last bit may make a row.
double nextLevel(double level) {
  const double halvings = std::floor(std::log(100.0 / (100.0 - level)) / std::log(2.0)) + 1;
  return level + 100.0 / (kTicksPerHalfDistance * std::exp2(halvings));
}

/// To be written with 12 digits: Java rounds a half up, and levels are exact, so that halves occur.
double roundedUp(double fraction) { return std::nextafter(fraction, 1.0); }

std::string rowOf(std::uint64_t value_ns, double level, std::uint64_t counted) {
  const double fraction = level / 100.0;
  return fmt::format("{:12.3f} {:2.12f} {:10d} {:14.2f}\n",
                     static_cast<double>(value_ns) / kNsPerUnit, roundedUp(fraction), counted,
                     1.0 / (1.0 - fraction));
}

std::string rowsOf(const Histogram& histogram) {
  std::string rows;
  double level = 0;
  std::uint64_t counted = 0;
  const auto total = static_cast<double>(histogram.count());
  histogram.forEachBucket([&](const Bucket& bucket) {
    counted += bucket.count;
    const bool is_last = counted == histogram.count();
    while (100.0 * static_cast<double>(counted) / total >= level) {
      rows += rowOf(bucket.highest, level, counted);
      level = nextLevel(level);
      if (is_last) break;
    }
  });
  if (counted == 0) return rows;
  return rows + fmt::format("{:12.3f} {:2.12f} {:10d}\n",
                            static_cast<double>(histogram.max()) / kNsPerUnit, 1.0, counted);
}

std::string textOf(const Histogram& histogram) {
  return fmt::format("{:>12} {:>14} {:>10} {:>14}\n\n", "Value", "Percentile", "TotalCount",
                     "1/(1-Percentile)") +
         rowsOf(histogram) +
         fmt::format("#[Mean    = {:12.3f}, StdDeviation   = {:12.3f}]\n",
                     histogram.mean() / kNsPerUnit, histogram.standardDeviation() / kNsPerUnit) +
         fmt::format("#[Max     = {:12.3f}, Total count    = {:12d}]\n",
                     static_cast<double>(histogram.max()) / kNsPerUnit, histogram.count()) +
         fmt::format("#[Buckets = {:12d}, SubBuckets     = {:12d}]\n", Histogram::kBuckets,
                     Histogram::kSubBuckets);
}

bool isPlain(char c) {
  constexpr std::string_view kPlain = "._=-";
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         kPlain.find(c) != std::string_view::npos;
}

/// The cell and the histogram as the name of a file.
std::string fileNameOf(const std::string& cell, const std::string& histogram) {
  std::string name = cell + "." + histogram;
  for (char& c : name) {
    if (!isPlain(c)) c = '_';
  }
  if (name.starts_with(".")) name[0] = '_';
  return name;
}

class Hgrm final : public Exporter {
 public:
  explicit Hgrm(const ExportTerms& terms) : terms_(terms) {}

  void add(const Record& record) override {
    if (!not_ok_.admits(record)) return;
    bool has_one = false;
    for (const auto& [name, histogram] : record.histograms) {
      if (!histogram || !terms_.wants(name)) continue;
      has_one = true;
      const auto [place, is_new] = places_.try_emplace({record.cell, name}, series_.size());
      if (is_new) series_.push_back({record.cell, name, {}});
      addTo(series_[place->second].counts, *histogram);
    }
    if (!has_one) without_.insert(record.cell);
  }

  std::vector<ExportedFile> files() const override {
    std::vector<ExportedFile> files;
    std::set<std::string> names;
    for (const Series& series : series_) {
      const std::string wanted = fileNameOf(series.cell, series.histogram);
      std::string name = wanted;
      for (int n = 2; !names.insert(name).second; ++n) name = fmt::format("{}-{}", wanted, n);
      files.push_back({name + ".hgrm", textOf(*histogramOf(series.counts))});
    }
    return files;
  }

  std::vector<std::string> leftOut() const override {
    std::vector<std::string> sentences = not_ok_.sentences();
    if (!without_.empty()) {
      sentences.push_back(fmt::format("{} of the cells {} no histogram of that kind; the first: {}",
                                      without_.size(), without_.size() == 1 ? "has" : "have",
                                      *without_.begin()));
    }
    return sentences;
  }

 private:
  struct Series {
    std::string cell;
    std::string histogram;
    Counts counts;
  };

  ExportTerms terms_;
  NotOk not_ok_;
  std::vector<Series> series_;
  std::map<std::pair<std::string, std::string>, std::size_t> places_;  // in series_
  std::set<std::string> without_;
};

}  // namespace

std::unique_ptr<Exporter> makeHgrm(const ExportTerms& terms) {
  return std::make_unique<Hgrm>(terms);
}

}  // namespace ringside::results
