// A histogram as the text that other tools read: HdrHistogram V2, compressed with zlib, in base64
// ("HISTFAAAA…"). The bytes are those of HdrHistogram_c; formats.md, section 4, gives the layout.
#pragma once

#include <string>
#include <string_view>

#include "results/histogram.hpp"

namespace ringside::results {

/// Keeps every bucket and its count; exactMax() and clamped() are not part of the format.
/// Throws std::runtime_error when zlib has no memory.
std::string encodeHdr(const Histogram& histogram);

/// Replaces `histogram` by what `text` holds; when it throws, `histogram` is as before.
/// Throws std::runtime_error, saying what is wrong and which value was found: not base64, another
/// cookie, a length that does not match, zlib data damaged, cut off or larger than any histogram
/// can be, another lowest, highest, number of digits, offset or ratio than Histogram has, a count
/// cut off or behind the last bucket, more than 2^63-1 values in all.
void decodeHdr(std::string_view text, Histogram& histogram);

}  // namespace ringside::results
