// What an existing file looks like before it is mapped.
#pragma once

#include <sys/stat.h>

#include <string>

#include "ringside/memory_options.hpp"

namespace ringside {

class Snapshot {
 public:
  /// `what` names the file in messages. Throws std::system_error.
  Snapshot(int descriptor, std::string what);

  /// Lets `contents` look at a copy of its beginning. Throws what that throws.
  void show(const Contents& contents) const;
  /// Throws InvalidParam unless the file has `size` bytes, or more within the same last page.
  void requireSize(std::size_t size, std::size_t page_bytes) const;

  std::size_t sizeBytes() const { return static_cast<std::size_t>(facts_.st_size); }
  const struct ::stat& facts() const { return facts_; }

 private:
  int descriptor_;
  struct ::stat facts_ = {};
  std::string what_;
};

}  // namespace ringside
