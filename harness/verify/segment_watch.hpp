// Tells when shared memory has changed: between two instructions of a process that is stepped.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace ringside::harness {

class SegmentWatch {
 public:
  /// Maps the files for reading. One that cannot be mapped is left out: then nothing of it is told.
  explicit SegmentWatch(const std::vector<std::string>& files);
  SegmentWatch(const SegmentWatch&) = delete;
  SegmentWatch& operator=(const SegmentWatch&) = delete;
  ~SegmentWatch();

  /// Whether any byte is another than at the last call, or than at the beginning. Only while nobody
  /// writes.
  bool hasChanged();

 private:
  struct Watched {
    const std::byte* memory;
    std::vector<std::byte> before;
  };
  std::vector<Watched> all_;
};

}  // namespace ringside::harness
