// Parts of a record as JSON, under the names that they have in records.jsonl.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "results/record.hpp"

namespace ringside::results {

/// What is not there is null, or left out where only some workloads have it.
nlohmann::ordered_json axesToJson(const Axes& axes);
/// Null where nothing ran.
nlohmann::ordered_json obtainedToJson(const std::optional<Obtained>& obtained);
/// Counts that are null where nothing was checked.
nlohmann::ordered_json validationToJson(const std::optional<Validation>& validation);

}  // namespace ringside::results
