// Text as it may stand in XML 1.0, whatever its bytes are. A library for XML would do the five
// characters with names, and pass on the rest, which its readers then refuse.
#pragma once

#include <string>
#include <string_view>

namespace ringside::results {

/// For between tags. Markup characters become entities, a carriage return a reference. Control
/// characters that XML has no way to write stand as \x1b does in C; what is not UTF-8, or is
/// U+FFFE or U+FFFF, becomes U+FFFD, byte by byte.
std::string xmlText(std::string_view text);

/// For between double quotes: tabs and line ends too become references, or a reader would take them
/// for blanks.
std::string xmlAttribute(std::string_view text);

}  // namespace ringside::results
