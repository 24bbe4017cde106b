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

/// Reads a campaign. Each override is "KEY=VALUE" instead of what the file says, with a TOML value,
/// or words as one types them in a shell, where quotes are lost: kill, or [kill, storm]. Throws
/// UsageError: a missing file, broken TOML, an unknown key, queue, fault or class, one named twice,
/// a wrong type, an impossible value; each with file:line or the flag. What [verify.expect] says of
/// a queue that this program does not have is passed over.
Campaign readCampaign(const std::filesystem::path& file, const std::vector<std::string>& overrides);

/// A file that reads as this campaign, every key written out.
std::string toToml(const Campaign& campaign);

}  // namespace ringside::harness
