// Numbers in JSON, which knows neither NaN nor infinity.
#pragma once

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace ringside::results {

/// "not a number", "infinite", "negative infinite": of a number that is not finite.
inline std::string_view nameNonFinite(double value) {
  if (std::isnan(value)) return "not a number";
  return value > 0 ? "infinite" : "negative infinite";
}

inline nlohmann::ordered_json numberOrNull(double value) {
  return std::isfinite(value) ? nlohmann::ordered_json(value) : nlohmann::ordered_json(nullptr);
}

/// What is not finite becomes null, with the reason in "<key>_status" beside it.
inline void putNumber(nlohmann::ordered_json& object, const std::string& key, double value) {
  if (std::isfinite(value)) {
    object[key] = value;
    return;
  }
  object[key] = nullptr;
  object[key + "_status"] = nameNonFinite(value);
}

}  // namespace ringside::results
