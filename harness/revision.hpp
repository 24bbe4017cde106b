// Which commit of which sources lies in the folder that the program was started in.
#pragma once

#include <optional>
#include <string>

namespace ringside::harness {

/// The commit that is checked out here, 40 hexadecimal digits, with "-dirty" behind it where
/// tracked files differ from it, as git says. nullopt outside of a working tree, where there is no
/// git, and where git does not trust the folder's owner or takes longer than 5 s.
std::optional<std::string> revisionHere();

}  // namespace ringside::harness
