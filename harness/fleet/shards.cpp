#include "harness/fleet/shards.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "harness/fingerprint.hpp"

namespace ringside::harness {

using nlohmann::ordered_json;

std::string kindOf(const std::string& fingerprint) {
  const ordered_json json = ordered_json::parse(fingerprint, nullptr, false);
  if (!json.is_object() || !json.contains("facts") || !json["facts"].is_object()) {
    throw std::runtime_error("a node did not say what machine it is; it printed: " + fingerprint);
  }
  ordered_json facts = json["facts"];
  facts.erase("machine_id_hash");
  return hashOfFacts(facts);
}

std::vector<FleetNode> inShards(std::vector<FleetNode> nodes,
                                const std::vector<std::string>& kinds) {
  std::map<std::string, std::uint32_t> next;
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    const auto of_kind =
        static_cast<std::uint32_t>(std::count(kinds.begin(), kinds.end(), kinds[i]));
    if (of_kind > 1) nodes[i].shard = Shard{.number = ++next[kinds[i]], .count = of_kind};
  }
  return nodes;
}

}  // namespace ringside::harness
