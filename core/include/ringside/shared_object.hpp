// One object in memory that processes share, constructed once: the way to put a RobustMutex, a
// SharedConfig or a DoubleBuffer where others find it.
//
//   SharedObject<SharedConfig<Limits>> limits("limits");
//   limits->update([](Limits& now) { now.orders_per_s = 100; });
#pragma once

#include <algorithm>
#include <cstring>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <typeinfo>
#include <utility>

#include "ringside/backings.hpp"

namespace ringside {

/// What stands before a shared object: whoever opens it compares.
struct ObjectHeader {
  char magic[8];
  std::uint64_t size_bytes;
  std::uint64_t alignment;
  std::uint64_t type;  ///< FNV-1a of the type's mangled name
};

constexpr std::size_t kMaxObjectAlignment = 4096;

/// Of the object in its memory.
constexpr std::size_t objectOffset(std::size_t alignment) {
  return std::max<std::size_t>(64, alignment);
}

/// Throws InvalidParam that says what differs.
void checkObject(std::span<const std::byte> beginning, const ObjectHeader& expected);
/// How much memory a shared object with this beginning takes, header and all, whatever its type;
/// nothing when there is none.
std::optional<std::uint64_t> objectBytes(std::span<const std::byte> beginning);
ObjectHeader makeObjectHeader(std::uint64_t size_bytes, std::uint64_t alignment,
                              const char* type_name);

/// T is made by its default constructor, in memory that is complete before anybody else sees it. It
/// holds no pointers, and its destructor never runs: who is last is not known. Throws
/// std::system_error, as the memory does, and InvalidParam for memory that holds something else.
template <class T, class Memory = ShmMem>
class SharedObject {
 public:
  /// New, without a name: for threads, and (but for LocalMem) for the children that are forked.
  explicit SharedObject(const MemoryOptions& options = {})
      : memory_(kBytes, options, contents()), object_(objectIn(memory_)) {}
  /// Created or opened by name, path, key or descriptor.
  template <class M = Memory>
  explicit SharedObject(const typename M::Place& place, const MemoryOptions& options = {})
      : memory_(kBytes, place, options, contents()), object_(objectIn(memory_)) {}

  T& operator*() noexcept { return *object_; }
  const T& operator*() const noexcept { return *object_; }
  T* operator->() noexcept { return object_; }
  const T* operator->() const noexcept { return object_; }
  const Memory& memory() const noexcept { return memory_; }

 private:
  static constexpr std::size_t kOffset = objectOffset(alignof(T));
  static constexpr std::size_t kBytes = kOffset + sizeof(T);
  static_assert(alignof(T) <= kMaxObjectAlignment, "memory is aligned to a page and no more");

  static ObjectHeader header() { return makeObjectHeader(sizeof(T), alignof(T), typeid(T).name()); }
  static Contents contents() {
    return {[](void* address, std::size_t) {
              const ObjectHeader made = header();
              new (static_cast<std::byte*>(address) + kOffset) T;
              std::memcpy(address, &made, sizeof made);
            },
            [](std::span<const std::byte> beginning, std::size_t) {
              checkObject(beginning, header());
            }};
  }
  static T* objectIn(Memory& memory) { return std::launder(static_cast<T*>(memory.get(kOffset))); }

  Memory memory_;
  T* object_;
};

}  // namespace ringside
