// Where a verb puts what it records.
#pragma once

#include <optional>
#include <string>

#include "results/bundle.hpp"

namespace ringside::harness {

/// In the folder that was asked for, else in one of out/ that is named after the suite and the
/// time, and that nobody has. Throws BundleError.
results::Bundle makeBundle(const std::optional<std::string>& asked, const std::string& suite);

}  // namespace ringside::harness
