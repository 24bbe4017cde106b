// Bencher Metric Format: of each benchmark each measure by its slug, with a value and how far the
// repetitions reached. `latency` (the p50 of what the cell is timed by) and `throughput` are
// measures that Bencher knows; a percentile is p99, p99-9.
#include <algorithm>
#include <cmath>

#include "results/export/cell_figures.hpp"
#include "results/json_number.hpp"

namespace ringside::results {
namespace {

using Json = nlohmann::ordered_json;

std::string slugOf(const std::string& short_name) {
  if (short_name == "p50") return "latency";
  if (short_name == "messages_per_s") return "throughput";
  std::string slug = short_name;
  if (const auto at = slug.find("p999"); at != std::string::npos) slug.replace(at, 4, "p99-9");
  std::ranges::replace(slug, '_', '-');
  return slug;
}

class Bmf final : public FigureExporter {
 public:
  using FigureExporter::FigureExporter;

  std::vector<ExportedFile> files() const override {
    Json benchmarks = Json::object();
    for (const CellSummary& cell : summaries()) {
      for (const Figure& figure : figuresOf(cell, terms())) {
        benchmarks[cell.cell][slugOf(figure.short_name)] = {{"value", figure.spread.median},
                                                            {"lower_value", figure.spread.lowest},
                                                            {"upper_value", figure.spread.highest}};
      }
    }
    return {{"bmf.json", benchmarks.dump(2, ' ', false, Json::error_handler_t::replace) + "\n"}};
  }
};

}  // namespace

std::unique_ptr<Exporter> makeBmf(const ExportTerms& terms) { return std::make_unique<Bmf>(terms); }

}  // namespace ringside::results
