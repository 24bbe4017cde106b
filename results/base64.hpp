// Base64 of RFC 4648, section 4: the standard alphabet, padded, no line breaks.
#pragma once

#include <string>
#include <string_view>

namespace ringside::results {

std::string encodeBase64(std::string_view bytes);

/// Throws std::runtime_error for a length that is no multiple of four, and for a character outside
/// the alphabet or padding before the end, with its position (counted from 0).
std::string decodeBase64(std::string_view text);

}  // namespace ringside::results
