// The manual page, ringside(1), as troff.
#pragma once

#include <string>
#include <string_view>

#include "harness/command_line/description.hpp"

namespace ringside::harness {

/// Of the program with all its verbs, made on `date` ("2026-11-22"); ends with a line end.
std::string manPage(const VerbText& program, std::string_view version, std::string_view date);

}  // namespace ringside::harness
