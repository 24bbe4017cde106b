// A campaign as it is written: scenarios/verify/*.toml.
//
//   [verify]
//   name = "quick"
//   question = "…"
//   queues = ["spsc", "mpsc"]            # left out: every queue of this program
//   faults = ["none", "kill", "storm"]   # left out: every kind
//   capacities = [1, 2, 3]
//   kill_points = 20                     # and the other counts of Campaign
//   [verify.expect]
//   boost_message_queue = "stalls"       # the worst class that is no failure; else "survives"
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "harness/verify/campaign.hpp"

namespace ringside::harness {

/// Reads a campaign. Each override is "KEY=VALUE" with a TOML value or a bare word, instead of what
/// the file says. Throws UsageError: a missing file, broken TOML, an unknown key, queue, fault or
/// class, a wrong type, an impossible value; each with file:line or the flag.
Campaign readCampaign(const std::filesystem::path& file, const std::vector<std::string>& overrides);

}  // namespace ringside::harness
