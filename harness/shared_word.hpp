// Sleeping on a word that two processes share, as long as it takes: unlike the core's wait points,
// which look for themselves every few milliseconds, and would disturb who is measured meanwhile.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace ringside::harness {

/// Sleeps while `word` is `seen`, for `timeout` at most. May return for no reason.
void sleepWhile(const std::atomic<std::uint32_t>& word, std::uint32_t seen,
                std::chrono::nanoseconds timeout) noexcept;

/// Wakes all who sleep on it.
void wakeAll(std::atomic<std::uint32_t>& word) noexcept;

}  // namespace ringside::harness
