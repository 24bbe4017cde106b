// Damaged headers and files of a wrong size, given to all that reads a header before a ring is
// trusted. Accepted must be exactly what this library writes for the ring that is asked for, and
// what is accepted must lie inside of its file.
#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <system_error>

#include "ringside/error.hpp"
#include "ringside/ring_segment.hpp"
#include "segment_input.hpp"

namespace ringside {
namespace {

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "segment_fuzz: %s\n", what);
  std::abort();  // libFuzzer keeps the input
}

struct Field {
  std::size_t offset;
  std::size_t bytes;
};
#define RINGSIDE_FIELD(name) \
  Field { offsetof(SegmentHeader, name), sizeof(SegmentHeader::name) }

/// What differs from one ring to the next of a kind, or means nothing to this version. The checksum
/// is compared by itself.
constexpr Field kFree[] = {RINGSIDE_FIELD(version_minor), RINGSIDE_FIELD(features_optional),
                           RINGSIDE_FIELD(uuid),          RINGSIDE_FIELD(created_realtime_ns),
                           RINGSIDE_FIELD(creator_pid),   RINGSIDE_FIELD(reserved),
                           RINGSIDE_FIELD(crc32c),        RINGSIDE_FIELD(padding)};
#undef RINGSIDE_FIELD

/// Byte by byte, and not field by field as the library does it.
bool isHeaderOf(std::size_t ring, const SegmentHeader& header) {
  SegmentHeader seen = header;
  SegmentHeader expected = pristineHeader(ring);
  for (const Field& field : kFree) {
    std::memset(reinterpret_cast<char*>(&seen) + field.offset, 0, field.bytes);
    std::memset(reinterpret_cast<char*>(&expected) + field.offset, 0, field.bytes);
  }
  return std::memcmp(&seen, &expected, sizeof seen) == 0 && header.crc32c == headerChecksum(header);
}

bool isAccepted(const SegmentHeader& header, const Geometry& asked) {
  try {
    checkHeader(header, asked);
    return true;
  } catch (const std::system_error& error) {
    require(error.code() == Errc::InvalidParam, "a header was refused with another error");
    return false;
  }
}

void requireSafe(const Geometry& ring, const SegmentHeader& header) {
  require(ring.total_bytes <= kMaxSegmentBytes && ring.total_bytes == header.total_bytes,
          "a ring was recognised that is not as large as its header says");
  require(ring.capacity >= 1 && ring.capacity <= ring.slot_count && ring.slot_count <= kMaxCapacity,
          "a ring was recognised with an impossible number of slots");
  require(ring.payload_offset + ring.element_size_bytes <= ring.slot_stride,
          "a ring was recognised whose elements are larger than its slots");
  require(ring.slots_offset + ring.slot_count * ring.slot_stride <= ring.total_bytes,
          "a ring was recognised whose slots are not inside of it");
}

/// A file in /dev/shm that always has the same name, and another content for each input.
class FuzzedFile {
 public:
  FuzzedFile() : descriptor_(::open(path().c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600)) {
    require(descriptor_ >= 0, "there is no /dev/shm to make a file in");
  }
  FuzzedFile(const FuzzedFile&) = delete;
  FuzzedFile& operator=(const FuzzedFile&) = delete;
  ~FuzzedFile() {
    ::close(descriptor_);
    ::unlink(path().c_str());
  }

  const std::string& name() const { return name_; }
  void fill(const SegmentHeader& header, std::uint64_t bytes) {
    const std::size_t there = bytes < sizeof header ? bytes : sizeof header;
    const bool filled = ::ftruncate(descriptor_, static_cast<::off_t>(bytes)) == 0 &&
                        ::pwrite(descriptor_, &header, there, 0) == static_cast<::ssize_t>(there);
    require(filled, "the file could not be filled");
  }

 private:
  std::string path() const { return "/dev/shm/" + name_; }

  std::string name_ = "ringside-fuzz-" + std::to_string(::getpid());
  int descriptor_;
};

/// Opens it as users do. Whatever is accepted is touched at its end.
bool isOpened(const FuzzedFile& file, const Geometry& asked) {
  try {
    const MemoryOptions options{.huge_pages = HugePages::Never};
    const RingSegment segment = RingSegment::in<ShmMem>(asked, options, file.name());
    require(!segment.memory().created(), "a damaged ring was replaced by a new one");
    const RingView& ring = segment.view();
    require(ring.geometry.total_bytes == asked.total_bytes, "another ring was opened");
    auto* const last = reinterpret_cast<volatile std::byte*>(
        ring.slots + asked.slot_count * asked.slot_stride - 1);
    *last = *last;
    require(ring.pending() <= asked.capacity, "more is pending than there is room for");
    return true;
  } catch (const std::system_error& error) {
    require(error.code() == Errc::InvalidParam, "a file was refused with another error");
    return false;
  }
}

void tryInput(const SegmentInput& input) {
  static FuzzedFile file;
  const SegmentHeader header = damagedHeader(input);
  const std::uint64_t bytes = fileBytes(input, header);
  const Geometry& asked = fuzzRings()[input.asked];
  const bool is_asked = isHeaderOf(input.asked, header);
  require(isAccepted(header, asked) == is_asked,
          is_asked ? "a good header was refused" : "a damaged header was accepted");
  const std::optional<Geometry> recognised = geometryOf(header);
  require(recognised || !is_asked, "a good header was not recognised");
  if (recognised) requireSafe(*recognised, header);
  file.fill(header, bytes);
  const bool is_whole = is_asked && bytes == asked.total_bytes;
  require(isOpened(file, asked) == is_whole,
          is_whole ? "a good ring was refused" : "a damaged ring was opened");
}

}  // namespace
}  // namespace ringside

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  ringside::tryInput(ringside::decode({data, size}));
  return 0;
}
