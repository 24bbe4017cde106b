// "KEY=VALUE" of a command line, instead of what a file says.
#pragma once

#include <toml++/toml.h>

#include <string>
#include <string_view>

namespace ringside::harness {

/// The right side, as the key `value`: TOML, or words as one types them in a shell, where quotes
/// are lost: spsc, [spsc,mpsc]. Text of several lines may bring other keys, which whoever calls
/// refuses.
toml::table parseRightSide(const std::string& text);

/// Without spaces and tabs at both ends.
std::string trimmed(std::string_view text);

}  // namespace ringside::harness
