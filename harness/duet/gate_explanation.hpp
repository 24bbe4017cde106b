// How a verdict came: the blocks of one cell, their scores, and what followed.
#pragma once

#include <filesystem>
#include <string>

namespace ringside::harness {

/// Of the gate that left this bundle. Throws UsageError for what is none, and for a cell that it
/// does not have; a part of a name that only one cell has will do. No line has more than `columns`,
/// but for names; 0: as many as it takes.
std::string explainGate(const std::filesystem::path& bundle, const std::string& cell,
                        std::size_t columns = 0);

/// The newest bundle of a gate in out/. Throws UsageError where there is none.
std::filesystem::path newestGate();

}  // namespace ringside::harness
