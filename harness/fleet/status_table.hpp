// The instances of a fleet as a table.
#pragma once

#include <string>
#include <vector>

#include "harness/fleet/instance_status.hpp"
#include "harness/text_table.hpp"

namespace ringside::harness {

std::string renderStatus(const std::vector<InstanceStatus>& all, Format format,
                         const TableLook& look = {});

/// "4 done, 1 running, 1 lost".
std::string summaryOf(const std::vector<InstanceStatus>& all);

}  // namespace ringside::harness
