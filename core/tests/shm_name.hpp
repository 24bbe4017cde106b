// A segment name that no other test uses and that is gone when the test ends.
#pragma once

#include <unistd.h>

#include <atomic>
#include <string>

#include "ringside/backings.hpp"

namespace ringside {

class ShmName {
 public:
  ShmName() : name_("ringside-test-" + std::to_string(::getpid()) + "-" + std::to_string(next())) {}
  ShmName(const ShmName&) = delete;
  ShmName& operator=(const ShmName&) = delete;
  ~ShmName() {
    for (const char* suffix : {"", "_AB", "_BA"}) ShmMem::unlink(name_ + suffix);
  }

  const std::string& str() const { return name_; }
  std::string path() const { return "/dev/shm/" + name_; }

 private:
  static int next() {
    static std::atomic<int> count{0};
    return count++;
  }
  std::string name_;
};

}  // namespace ringside
