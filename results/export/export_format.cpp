#include "results/export/export_format.hpp"

#include <algorithm>

namespace ringside::results {

// Each in the file of its name.
std::unique_ptr<Exporter> makeGbench(const ExportTerms& terms);
std::unique_ptr<Exporter> makeHgrm(const ExportTerms& terms);
std::unique_ptr<Exporter> makeHlog(const ExportTerms& terms);
std::unique_ptr<Exporter> makeCsv(const ExportTerms& terms);
std::unique_ptr<Exporter> makeJunit(const ExportTerms& terms);
std::unique_ptr<Exporter> makeTap(const ExportTerms& terms);
std::unique_ptr<Exporter> makeMarkdown(const ExportTerms& terms);
std::unique_ptr<Exporter> makeOpenmetrics(const ExportTerms& terms);
std::unique_ptr<Exporter> makeBmf(const ExportTerms& terms);
std::unique_ptr<Exporter> makeGithubActionBenchmark(const ExportTerms& terms);

namespace {

using enum ExportFiles;
using enum ExportChoice;

constexpr ExportFormat kFormats[] = {
    {"gbench", "Google Benchmark's JSON: compare.py and its kin", One, Metrics,
     "/usr/share/benchmark/compare.py benchmarks BEFORE.json {}", makeGbench},
    {"hgrm", "HdrHistogram's percentiles, for its plotters", Several, Histograms, "", makeHgrm},
    {"hlog", "HdrHistogram's log, for its log processor", One, Histograms, "", makeHlog},
    {"csv", "a row for each repetition: pandas, Otava", One, Metrics, "", makeCsv},
    {"junit", "JUnit XML: Jenkins, GitLab", One, Nothing, "", makeJunit},
    {"tap", "Test Anything Protocol, version 14", One, Nothing, "", makeTap},
    {"markdown", "a comment for a pull request", One, Metrics, "gh pr comment --body-file {}",
     makeMarkdown},
    {"openmetrics", "OpenMetrics: Prometheus, GitLab", One, Metrics, "promtool check metrics < {}",
     makeOpenmetrics},
    {"bmf", "Bencher Metric Format", One, Metrics, "bencher run --adapter json --file {}", makeBmf},
    {"github-action-benchmark", "a list for each direction", Several, Metrics, "",
     makeGithubActionBenchmark},
};

}  // namespace

bool ExportTerms::wants(std::string_view name) const {
  return only.empty() || std::ranges::find(only, name) != only.end();
}

std::span<const ExportFormat> exportFormats() noexcept { return kFormats; }

const ExportFormat* findExportFormat(std::string_view name) noexcept {
  const auto* found = std::ranges::find(kFormats, name, &ExportFormat::name);
  return found == std::end(kFormats) ? nullptr : found;
}

}  // namespace ringside::results
