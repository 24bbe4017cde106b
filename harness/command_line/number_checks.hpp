// What an option takes that is a number: the parser's own checks let -1 and 2^64 pass as others.
#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>

namespace ringside::harness {

/// In digits, from `lowest` to `highest`.
CLI::Validator wholeNumber(std::uint64_t lowest, std::uint64_t highest);

/// Anything that fits into 64 bits.
CLI::Validator anySeed();

/// From `lowest` to `highest`, finite.
CLI::Validator decimalNumber(double lowest, double highest);

}  // namespace ringside::harness
