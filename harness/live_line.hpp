// The one line of stderr that is written again and again while something is measured.
#pragma once

#include <string>

namespace ringside::harness {

/// On a terminal that can, unless CI is set to anything.
bool canRedraw();

/// Puts `line`, cut to the width of the terminal, where the last one stood; empty takes it away.
void redraw(const std::string& line);

}  // namespace ringside::harness
