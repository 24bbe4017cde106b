// What github-action-benchmark reads as customSmallerIsBetter and customBiggerIsBetter: a list of
// named values for each direction.
#include <fmt/format.h>

#include "results/export/cell_figures.hpp"
#include "results/json_number.hpp"

namespace ringside::results {
namespace {

using Json = nlohmann::ordered_json;

Json entryOf(const CellSummary& cell, const Figure& figure) {
  const Spread& spread = figure.spread;
  const std::string_view unit = symbolOf(figure.metric->unit);
  return {{"name", cell.cell + "/" + figure.short_name},
          {"unit", unit.empty() ? "count" : unit},
          {"value", spread.median},
          {"range", fmt::format("± {:.6g}", (spread.highest - spread.lowest) / 2)},
          {"extra", fmt::format("{} of {} repetitions, {:.6g} to {:.6g}", spread.repetitions,
                                cell.repetitions, spread.lowest, spread.highest)}};
}

std::string textOf(const Json& entries) {
  return entries.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

class GithubActionBenchmark final : public FigureExporter {
 public:
  using FigureExporter::FigureExporter;

  std::vector<ExportedFile> files() const override {
    Json smaller = Json::array();
    Json bigger = Json::array();
    for (const CellSummary& cell : summaries()) {
      for (const Figure& figure : figuresOf(cell, terms())) {
        Json& list = figure.metric->better == Better::Lower ? smaller : bigger;
        list.push_back(entryOf(cell, figure));
      }
    }
    return {{"smaller-is-better.json", textOf(smaller)}, {"bigger-is-better.json", textOf(bigger)}};
  }
};

}  // namespace

std::unique_ptr<Exporter> makeGithubActionBenchmark(const ExportTerms& terms) {
  return std::make_unique<GithubActionBenchmark>(terms);
}

}  // namespace ringside::results
