#include "harness/sparkline.hpp"

#include <algorithm>
#include <array>
#include <numeric>

namespace ringside::harness {
namespace {

constexpr std::array kBlocks = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};

std::size_t lowestEighth(const std::vector<std::uint64_t>& counts) {
  const auto first = std::find_if(counts.begin(), counts.end(), [](auto n) { return n > 0; });
  return static_cast<std::size_t>(first - counts.begin());
}

/// The eighth that p99.9 lies in.
std::size_t highEighth(const std::vector<std::uint64_t>& counts) {
  const auto all = std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
  std::uint64_t beyond = 0;
  for (std::size_t eighth = counts.size(); eighth-- > 0;) {
    beyond += counts[eighth];
    if (beyond > all / 1000) return eighth;
  }
  return 0;
}

}  // namespace

std::optional<SparklineScale> scaleOf(const std::vector<const results::Outline*>& outlines) {
  std::optional<SparklineScale> scale;
  for (const results::Outline* outline : outlines) {
    const std::vector<std::uint64_t>& counts = outline->counts();
    if (counts.empty()) continue;
    const SparklineScale own{lowestEighth(counts), highEighth(counts) + 1};
    scale = scale ? SparklineScale{std::min(scale->begin, own.begin), std::max(scale->end, own.end)}
                  : own;
  }
  return scale;
}

std::string sparkline(const results::Outline& outline, SparklineScale scale, std::size_t columns) {
  std::vector<std::uint64_t> shares(columns);
  const std::size_t eighths = std::max<std::size_t>(scale.end - scale.begin, 1);
  const std::vector<std::uint64_t>& counts = outline.counts();
  for (std::size_t eighth = scale.begin; eighth < counts.size(); ++eighth) {
    const std::size_t column = (eighth - scale.begin) * columns / eighths;
    shares[std::min(column, columns - 1)] += counts[eighth];
  }
  const std::uint64_t most = *std::max_element(shares.begin(), shares.end());
  std::string line;
  for (const std::uint64_t share : shares) {
    line += share == 0 ? " " : kBlocks[(share * kBlocks.size() - 1) / most];
  }
  return line;
}

}  // namespace ringside::harness
