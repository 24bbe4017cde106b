#include "harness/fleet/status_table.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

namespace ringside::harness {
namespace {

using nlohmann::ordered_json;

constexpr const char* kState = "state";
constexpr const char* kDispensable[] = {"why", "shard", "node"};

Tone toneOf(const std::string& state) {
  if (state == "done") return Tone::Good;
  if (state == "failed" || state == "lost") return Tone::Bad;
  return Tone::Unknown;
}

std::string shardOf(const InstanceStatus& status) {
  return status.instance.shard ? toString(*status.instance.shard) : "";
}

std::string codeOf(const InstanceStatus& status) {
  return status.exit_code ? std::to_string(*status.exit_code) : "";
}

/// A column that says nothing of any is left out.
template <class Text>
bool saysAnything(const std::vector<InstanceStatus>& all, Text text) {
  return std::any_of(all.begin(), all.end(),
                     [&](const InstanceStatus& status) { return !text(status).empty(); });
}

TextTable tableOf(const std::vector<InstanceStatus>& all) {
  const bool with_shard = saysAnything(all, shardOf);
  Row headings = {"instance", "node", "round", kState, "exit", "why"};
  if (with_shard) headings.insert(headings.begin() + 2, "shard");
  TextTable table(headings, 2, LastColumn::Words);
  for (const InstanceStatus& status : all) {
    Row row = {status.instance.name,
               status.instance.node,
               std::to_string(status.instance.round),
               std::string(toString(status.state)),
               codeOf(status),
               status.why};
    if (with_shard) row.insert(row.begin() + 2, shardOf(status));
    table.add(std::move(row));
  }
  return table;
}

std::vector<ordered_json> toJson(const std::vector<InstanceStatus>& all) {
  std::vector<ordered_json> rows;
  for (const InstanceStatus& status : all) {
    const std::string shard = shardOf(status);
    rows.push_back(
        {{"instance", status.instance.name},
         {"node", status.instance.node},
         {"round", status.instance.round},
         {"shard", shard.empty() ? ordered_json(nullptr) : ordered_json(shard)},
         {"state", toString(status.state)},
         {"exit_code", status.exit_code ? ordered_json(*status.exit_code) : ordered_json(nullptr)},
         {"why", status.why}});
  }
  return rows;
}

}  // namespace

std::string renderStatus(const std::vector<InstanceStatus>& all, Format format,
                         const TableLook& look) {
  if (format == Format::Json) return renderJson(ordered_json(toJson(all)));
  if (format == Format::Csv) return renderCsv(toJson(all));
  TextTable table = tableOf(all);
  if (format == Format::Markdown) return table.allMarkdown();
  const std::vector<std::string> left_out = table.fitInto(look.columns, kDispensable);
  table.colour(kState, toneOf, look.colour);
  return table.allAligned() + leftOutText(left_out);
}

std::string summaryOf(const std::vector<InstanceStatus>& all) {
  constexpr std::array kStates = {InstanceState::Done, InstanceState::Failed, InstanceState::Lost,
                                  InstanceState::Running, InstanceState::Waiting};
  std::vector<std::string> parts;
  for (const InstanceState state : kStates) {
    const auto count = std::count_if(all.begin(), all.end(), [&](const InstanceStatus& status) {
      return status.state == state;
    });
    if (count > 0) parts.push_back(fmt::format("{} {}", count, toString(state)));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

}  // namespace ringside::harness
