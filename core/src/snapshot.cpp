#include "snapshot.hpp"

#include <unistd.h>

#include <utility>
#include <vector>

#include "kernel_facts.hpp"
#include "ringside/error.hpp"

namespace ringside {

Snapshot::Snapshot(int descriptor, std::string what)
    : descriptor_(descriptor), what_(std::move(what)) {
  if (::fstat(descriptor, &facts_) != 0) throwErrno("cannot look at " + what_);
}

void Snapshot::show(const Contents& contents) const {
  if (!contents.inspect) return;
  // Read and not mapped: where the file is too short this is a short read, not a SIGBUS.
  std::vector<std::byte> beginning(basePageBytes());
  const ::ssize_t read = ::pread(descriptor_, beginning.data(), beginning.size(), 0);
  if (read < 0) throwErrno("cannot read " + what_);
  contents.inspect({beginning.data(), static_cast<std::size_t>(read)}, sizeBytes());
}

void Snapshot::requireSize(std::size_t size, std::size_t page_bytes) const {
  // What is written into the last page beyond the end of a file is lost.
  const bool long_enough = sizeBytes() >= size;
  if (long_enough && roundUp(sizeBytes(), page_bytes) == roundUp(size, page_bytes)) return;
  throwError(Errc::InvalidParam,
             what_ + " has " + std::to_string(sizeBytes()) + " bytes, not " + std::to_string(size));
}

}  // namespace ringside
