// Every kind of memory as a type that makes one, for suites that hold for all of them. What it made
// with a name is gone with the object.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/shm.h>

#include <atomic>
#include <filesystem>
#include <string>
#include <system_error>

#include "ringside/backings.hpp"
#include "shm_name.hpp"

namespace ringside {

inline const MemoryOptions kBasePages{.huge_pages = HugePages::Never};

/// Whether memory can be bound to nodes at all: not in every container, nor without libnuma.
inline bool canBind() { return LocalMem(1, kBasePages).mbind(0) == 0; }

/// A folder on the disk that is gone, with all in it, when the test ends.
class TestFolder {
 public:
  TestFolder() {
    if (::mkdtemp(path_.data()) == nullptr) throwErrno("cannot make " + path_);
  }
  TestFolder(const TestFolder&) = delete;
  TestFolder& operator=(const TestFolder&) = delete;
  ~TestFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  const std::string& path() const { return path_; }
  std::string path(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_ = ::testing::TempDir() + "/ringside-test-XXXXXX";
};

/// A System V key that nobody else uses, whose segment is gone when the test ends.
class SysvKey {
 public:
  SysvKey() {
    while (::shmget(key_ = next(), 0, 0) != -1) continue;
  }
  SysvKey(const SysvKey&) = delete;
  SysvKey& operator=(const SysvKey&) = delete;
  ~SysvKey() { SysvMem::remove(key_); }

  ::key_t get() const { return key_; }
  /// Where the locks of memory with contents are.
  std::string lockPath() const {
    char path[64] = {};
    std::snprintf(path, sizeof path, "/dev/shm/ringside-sysv-%08x", static_cast<unsigned>(key_));
    return path;
  }

 private:
  static ::key_t next() {
    static std::atomic<int> count{0};
    return 0x52000000 + (::getpid() & 0xffff) * 256 + count++ % 256;
  }
  ::key_t key_ = 0;
};

struct LocalKind {
  static constexpr const char* kName = "LocalMem";
  using Memory = LocalMem;

  LocalMem make(std::size_t size, const MemoryOptions& options = kBasePages,
                const Contents& contents = {}) const {
    return LocalMem(size, options, contents);
  }
};

struct AnonKind {
  static constexpr const char* kName = "AnonMem";
  using Memory = AnonMem;

  AnonMem make(std::size_t size, const MemoryOptions& options = kBasePages,
               const Contents& contents = {}) const {
    return AnonMem(size, options, contents);
  }
};

struct MemfdKind {
  static constexpr const char* kName = "MemfdMem";
  using Memory = MemfdMem;

  MemfdMem make(std::size_t size, const MemoryOptions& options = kBasePages,
                const Contents& contents = {}) const {
    return MemfdMem(size, options, contents);
  }
};

struct UnnamedShmKind {
  static constexpr const char* kName = "ShmMemWithoutName";
  using Memory = ShmMem;

  ShmMem make(std::size_t size, const MemoryOptions& options = kBasePages,
              const Contents& contents = {}) const {
    return ShmMem(size, options, contents);
  }
};

struct NamedShmKind {
  static constexpr const char* kName = "ShmMem";
  using Memory = ShmMem;

  ShmMem make(std::size_t size, const MemoryOptions& options = kBasePages,
              const Contents& contents = {}) const {
    return ShmMem(size, name.str(), options, contents);
  }
  std::string path() const { return name.path(); }

  ShmName name;
};

struct FileKind {
  static constexpr const char* kName = "FileMem";
  using Memory = FileMem;

  FileMem make(std::size_t size, const MemoryOptions& options = kBasePages,
               const Contents& contents = {}) const {
    return FileMem(size, path(), options, contents);
  }
  std::string path() const { return folder.path("memory"); }

  TestFolder folder;
};

struct SysvKind {
  static constexpr const char* kName = "SysvMemWithoutKey";
  using Memory = SysvMem;

  SysvMem make(std::size_t size, const MemoryOptions& options = kBasePages,
               const Contents& contents = {}) const {
    return SysvMem(size, options, contents);
  }
};

struct KeyedSysvKind {
  static constexpr const char* kName = "SysvMem";
  using Memory = SysvMem;

  SysvMem make(std::size_t size, const MemoryOptions& options = kBasePages,
               const Contents& contents = {}) const {
    return SysvMem(size, key.get(), options, contents);
  }
  std::string path() const { return key.lockPath(); }

  SysvKey key;
};

using MemoryKinds = ::testing::Types<LocalKind, AnonKind, MemfdKind, UnnamedShmKind, NamedShmKind,
                                     FileKind, SysvKind, KeyedSysvKind>;
using GrowingKinds = ::testing::Types<LocalKind, MemfdKind, UnnamedShmKind, NamedShmKind, FileKind>;
using FixedKinds = ::testing::Types<AnonKind, SysvKind, KeyedSysvKind>;

/// What a typed suite is called for each of them.
struct MemoryKindNames {
  template <class Kind>
  static std::string GetName(int) {
    return Kind::kName;
  }
};

}  // namespace ringside
