// Where the functions of a plug-in lie. A function that happens to lie well is fast by luck, a
// percent or a few; so an arm is linked several times, each time with all functions in another
// order and with gaps between some of them. No code is compiled again for that.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ringside::harness {

/// The code sections that a link took in, each with one function when compiled with
/// -ffunction-sections: from the map that the linker wrote of it (-Map). Each once, sorted.
std::vector<std::string> codeSections(std::string_view map);

/// A script for GNU ld (-T) that puts these sections in the order of link number `link`, and gaps
/// of 0..4080 bytes, in multiples of 16, before about one in eight. The same for the same link, and
/// a section that comes or goes leaves the order of the others: two cores that differ little,
/// linked under the same number, lie alike.
std::string orderScript(const std::vector<std::string>& sections, std::uint32_t link);

/// A check of where all functions are, from what `nm --numeric-sort --defined-only` lists; "" when
/// it lists none.
std::string layoutIn(std::string_view symbols);

}  // namespace ringside::harness
