// Named regions with one publisher, as Conduit's documents describe them, and the documents' name
// for taking a channel's name away.
#pragma once

#include <atomic>
#include <chrono>
#include <string>

#include "ringside/backings.hpp"

namespace ringside {

/// A named shared region: one process creates it, any number open it. The same names as ShmMem.
///
///   ShmRegion region = ShmRegion::create("imu", 69632);
///   void* memory = region.data();
class ShmRegion : public ShmMem {
 public:
  /// Throws std::system_error: InUse when the name exists, else as ShmMem.
  static ShmRegion create(const std::string& name, std::size_t size,
                          const MemoryOptions& options = {});
  /// Opens what exists, of any size. Throws NotFound when there is none, else as ShmMem.
  static ShmRegion open(const std::string& name, const MemoryOptions& options = {});
  /// Whether a region of this name is there to be opened. Throws InvalidParam for a bad name.
  static bool exists(const std::string& name);
  /// Waits until open() finds a region that is complete, looking every `poll`; true then, false
  /// at the first look after `keep_waiting` is false. Throws what no waiting mends: InvalidParam,
  /// PermissionDenied.
  static bool wait_until_exists(const std::string& name, const std::atomic<bool>& keep_waiting,
                                std::chrono::milliseconds poll = std::chrono::milliseconds(10),
                                const MemoryOptions& options = {});

  void* data() noexcept { return state_.address; }
  const void* data() const noexcept { return state_.address; }

 private:
  ShmRegion() = default;
};

/// The documents' name for it.
struct SharedMemory {
  static int unlink(const std::string& name) noexcept { return ShmMem::unlink(name); }
  static int unlinkIfUnused(const std::string& name) noexcept {
    return ShmMem::unlinkIfUnused(name);
  }
};

}  // namespace ringside
