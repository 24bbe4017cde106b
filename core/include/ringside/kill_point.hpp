// Named points in the protocol: where a test build can hold or kill a process between two changes
// of the shared memory. Compiled in by RINGSIDE_KILL_POINTS only; else nothing is left of them.
#pragma once

#if defined(RINGSIDE_KILL_POINTS)

#include <atomic>

namespace ringside {

/// Called at every point that is passed, with its name. One for the whole process; may not throw.
inline std::atomic<void (*)(const char* name) noexcept> kill_point_hook{nullptr};

inline void passKillPoint(const char* name) noexcept {
  if (auto* const hook = kill_point_hook.load(std::memory_order_relaxed)) hook(name);
}

}  // namespace ringside

#define RINGSIDE_KILL_POINT(name) ::ringside::passKillPoint(#name)

#else

#define RINGSIDE_KILL_POINT(name) static_cast<void>(0)

#endif
