// What may be written to stdout for people's eyes.
#pragma once

namespace ringside::harness {

enum class Colour { No, Yes };

/// Yes on a terminal that can, unless NO_COLOR or CI is set to anything.
Colour colourOfStdout();

/// Columns of the terminal on stdout, 80 where there is none.
unsigned columnsOfStdout();

}  // namespace ringside::harness
