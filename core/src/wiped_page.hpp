// A page of words that a child finds to be 0, however it is forked.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace ringside {

constexpr std::size_t kWipedWords = 1024;

/// kWipedWords words, all 0, never unmapped; nullptr when there is no memory. (Where the kernel has
/// no MADV_WIPEONFORK, a child has a copy.)
std::atomic<std::uint32_t>* makeWipedPage() noexcept;

}  // namespace ringside
