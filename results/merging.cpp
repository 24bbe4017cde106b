#include "results/merging.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "results/record.hpp"

namespace ringside::results {

std::string LineMerger::merged(std::string_view line, std::string_view origin) {
  using Json = nlohmann::ordered_json;
  Json record = Json::parse(line);
  if (!record.contains("origin")) {
    record["origin"] = {{"bundle", origin}, {"repetition", record.at("repetition")}};
  }
  const auto cell = record.at("cell").get<std::string>();
  const auto bundle = record["origin"].at("bundle").get<std::string>();
  const auto repetition = record["origin"].at("repetition").get<std::uint32_t>();
  if (!seen_.emplace(bundle, cell, repetition).second) {
    throw RecordError(
        fmt::format("repetition {} of {} in {} is there twice: a bundle counts once, by itself or "
                    "as a part of a merged one",
                    repetition, cell, bundle));
  }
  record["repetition"] = next_[cell]++;
  return record.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace ringside::results
