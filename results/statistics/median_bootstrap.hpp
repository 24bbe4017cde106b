// How far a median can be trusted by values that come in blocks: what resampling them, blocks first
// and values within each, would give, worked out without a random number.
#pragma once

#include <cstddef>
#include <span>
#include <unordered_map>
#include <vector>

namespace ringside::results {

struct BootstrapMedian {
  double median = 0;  ///< of the medians of the blocks
  double low = 0;     ///< percentiles of the medians of all resamples
  double high = 0;
};

/// A resample takes as many blocks as there are, any of them any number of times, of each as many
/// of its own values, and the median of their medians. All resamples are as likely: the one value
/// is one of a mixture, and the median of independent ones has a binomial distribution (J. S.
/// Maritz, R. G. Jarrett, A note on estimating the variance of the sample median, J. Amer. Statist.
/// Ass. 73 (1978)). Of an even number the lower of the middle two counts for `low`, the higher for
/// `high`, so that the interval is no narrower than that of resamples that were drawn.
///
/// One block says how its values spread, and nothing of how blocks do.
class MedianBootstrap {
 public:
  /// `coverage` of the interval, above 0 and below 1: of percentiles, which of few values cover
  /// less.
  explicit MedianBootstrap(double coverage)
      : low_{.level = (1 - coverage) / 2}, high_{.is_upper = true, .level = (1 + coverage) / 2} {}

  /// At least one block, none of them empty.
  BootstrapMedian of(std::span<const std::vector<double>> blocks);

 private:
  /// Which of the middle two of an even number, and which percentile that is for.
  struct Bound {
    bool is_upper = false;
    double level = 0;
    std::unordered_map<std::size_t, std::vector<double>> weights = {};  ///< by number of values
    std::unordered_map<std::size_t, double> thresholds = {};            ///< by number of blocks
  };

  static double quantile(std::span<const std::vector<double>> blocks, Bound& bound);
  static const std::vector<double>& weightsOf(std::size_t count, Bound& bound);
  static double thresholdOf(std::size_t count, Bound& bound);

  Bound low_;
  Bound high_;
};

}  // namespace ringside::results
