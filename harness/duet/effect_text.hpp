// The figures of a gate as people read them.
#pragma once

#include <string>

namespace ringside::harness {

/// Of an effect, which is ln of a ratio: by how many percent the ratio is above 1.
double percentOf(double effect);
/// "+5.9 %"; a dash for what is not finite.
std::string effectText(double effect);
/// With its bounds: "+3.1 % [+2.4, +4.3]".
std::string effectText(double estimate, double lower, double upper);
/// In the metric's unit, or as a part in percent; "never" for what never came.
std::string valueText(const std::string& metric, double value);

}  // namespace ringside::harness
