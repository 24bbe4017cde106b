// The median of a sample and how far it can be trusted, whatever the distribution.
#pragma once

#include <vector>

namespace ringside::results {

struct MedianInterval {
  double median = 0;
  double low = 0;       ///< of an interval that holds the true median
  double high = 0;      ///< with a probability
  double coverage = 0;  ///< of this, 0..1
};

/// Of at least one value. The interval lies between two order statistics of equal rank from both
/// ends: the narrowest that covers with at least 95 %; below six values, where there is none, from
/// the smallest to the largest, which covers with 1 - 2^(1-n). H. A. David, H. N. Nagaraja, Order
/// Statistics, 3rd edition (2003), section 7.1. The median of an even number is the mean of the
/// middle two.
MedianInterval medianInterval(std::vector<double> values);

}  // namespace ringside::results
