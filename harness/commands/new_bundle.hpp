// Where a verb puts what it records.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/plan.hpp"
#include "results/bundle.hpp"

namespace ringside::harness {

/// In the folder that was asked for, else in one of out/ that is named after the suite and the
/// time, and that nobody has. Throws BundleError.
results::Bundle makeBundle(const std::optional<std::string>& asked, const std::string& suite);

/// A folder of out/ that nobody has, named after this, the time and the machine.
std::filesystem::path freshFolder(const std::string& name);

/// The recorded arrivals of a plan, by the names that they have in the bundle: they belong to it,
/// so that it can be gone on with from any folder. Throws UsageError where two would have one name.
std::map<std::string, std::filesystem::path> tracesOf(const Plan& plan);

/// What is run, for its bundle: the schema that a first line names does not lie beside the copy.
std::string withoutSchemaLine(const std::string& text);

/// The suite as it is run: the file itself, or written out where the command line changed it.
std::string scenarioText(const Suite& suite, const std::vector<std::string>& overrides);

}  // namespace ringside::harness
