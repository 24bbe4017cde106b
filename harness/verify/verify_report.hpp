// What a campaign found, for people and for other programs.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "harness/text_table.hpp"
#include "harness/verify/campaign.hpp"
#include "results/export/junit.hpp"
#include "results/record.hpp"

namespace ringside::harness {

/// One row a finding. Evidence stands below, cut where it is long; the record has all of it. Ends
/// with a line end. A text for people leaves out columns that it has no room for.
std::string renderFindings(const std::vector<CampaignFinding>& findings, Format format,
                           const TableLook& look = {});

/// One line a finding, as it comes, with all of its evidence.
std::string lineOf(const CampaignFinding& finding);

/// The same as a record of schema 1: the class, where the queue was struck and what was seen stand
/// in its notes; a class worse than expected is `failed`.
results::Record recordOf(const CampaignFinding& finding, const Campaign& campaign);

/// All findings as one suite of tests: a class worse than expected is a failure of type integrity.
results::JunitSuite junitOf(const std::vector<CampaignFinding>& findings, const Campaign& campaign,
                            std::chrono::system_clock::time_point started,
                            const std::string& hostname);

}  // namespace ringside::harness
