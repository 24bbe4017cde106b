// What ringside topo --matrix shows and keeps.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "harness/handoff.hpp"
#include "harness/terminal.hpp"
#include "harness/text_table.hpp"

namespace ringside::harness {

/// The file in a bundle that plots/figures/handoff_matrix.py draws.
inline constexpr const char* kHandoffFile = "handoff.json";

/// {"schema": 1, "group_round_trips", "cpus": [where each is], "pairs": [{"first", "second",
/// "relation", "min_ns", "median_ns", "groups"}], "floor_ns": {relation: ns}}.
std::string handoffJson(const Topology& topology, const std::vector<Handoff>& handoffs);

/// {"same_l3": 52.4}; empty when nothing was measured.
nlohmann::ordered_json floorsToJson(const Floors& floors);

struct MatrixLook {
  Format format = Format::Table;
  Colour colour = Colour::No;
  std::size_t columns = 80;
};

/// Table: the heat map and one row a class. JSON and CSV: one object a pair. Markdown: one row a
/// class.
std::string renderHandoffs(const Topology& topology, const std::vector<Handoff>& handoffs,
                           const MatrixLook& look);

}  // namespace ringside::harness
