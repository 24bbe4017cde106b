// Medians and order statistics of a few values, which are put in another order on the way.
#pragma once

#include <cstddef>
#include <span>

namespace ringside::results {

/// The value that has `rank` - 1 others before it, 1..size.
double orderStatistic(std::span<double> values, std::size_t rank);

/// Of at least one value; of an even number the mean of the middle two.
double medianOf(std::span<double> values);

/// The median distance from the median, times 1.4826: the standard deviation, were the values
/// normal. Of at least one value.
double robustDeviationOf(std::span<const double> values);

}  // namespace ringside::results
