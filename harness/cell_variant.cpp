#include "harness/cell_variant.hpp"

#include <algorithm>
#include <sstream>

namespace ringside::harness {

std::string variantOf(const results::CellSummary& cell, const std::vector<std::string>& but) {
  constexpr int kPartsBeforeAxes = 4;  // suite/scenario/queue/shape
  std::istringstream parts(cell.cell);
  std::string variant;
  int number = 0;
  for (std::string part; std::getline(parts, part, '/'); ++number) {
    const bool has_column =
        part.starts_with("el=") || part.starts_with("cap=") || part == cell.axes.placement;
    const bool is_left_out = std::find(but.begin(), but.end(), part) != but.end();
    if (number < kPartsBeforeAxes || has_column || is_left_out) continue;
    variant += (variant.empty() ? "" : " ") + part;
  }
  return variant;
}

}  // namespace ringside::harness
