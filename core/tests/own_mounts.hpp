// Children that mount what nobody else sees: full file systems, and a machine without /proc.
#pragma once

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/mount.h>

#include <functional>
#include <string>

#include "forked.hpp"

namespace ringside {

/// For the end of a child: 1 when one of its expectations failed, which it has printed.
inline int failures() { return ::testing::Test::HasFailure() ? 1 : 0; }

constexpr int kMayNotMount = 77;

/// Runs `work` in a child that has a tmpfs of its own on `folder`, with options such as "size=1m".
/// kMayNotMount where that takes privileges which this process does not have.
inline int withFileSystemOn(const std::string& folder, const std::string& options,
                            const std::function<int()>& work) {
  // Or what `work` throws would be caught by the framework, and the child run the other tests too.
  return resultOf(inChild([&]() noexcept {
    const bool mounted = ::unshare(CLONE_NEWNS) == 0 &&
                         ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
                         ::mount("ringside-test", folder.c_str(), "tmpfs", 0, options.c_str()) == 0;
    return mounted ? work() : kMayNotMount;
  }));
}

}  // namespace ringside
