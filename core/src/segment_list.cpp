#include "ringside/segment_list.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <memory>
#include <optional>

#include "as_result.hpp"
#include "kernel_facts.hpp"
#include "lock_file.hpp"
#include "named_file.hpp"
#include "ringside/backings.hpp"
#include "ringside/mutex_ring.hpp"
#include "ringside/segment.hpp"
#include "ringside/shared_object.hpp"

namespace ringside {
namespace {

constexpr const char* kSegmentFolder = "/dev/shm";
constexpr std::string_view kSysvPrefix = "ringside-sysv-";
constexpr std::size_t kKeyDigits = 8;

std::vector<std::string> entriesOf(const std::string& folder) {
  std::vector<std::string> names;
  const std::unique_ptr<::DIR, int (*)(::DIR*)> entries(::opendir(folder.c_str()), ::closedir);
  if (entries == nullptr) return names;
  while (const ::dirent* entry = ::readdir(entries.get())) names.emplace_back(entry->d_name);
  std::sort(names.begin(), names.end());
  return names;
}

/// An open file and what the kernel says of it.
struct SeenFile {
  int descriptor;
  struct ::stat facts = {};

  explicit SeenFile(int open_file) : descriptor(open_file) {
    if (::fstat(descriptor, &facts) != 0) throwErrno("cannot look at a file");
  }
};

/// The key of a System V segment whose locks a file of this name holds.
std::optional<::key_t> keyOf(std::string_view name) {
  if (!name.starts_with(kSysvPrefix)) return std::nullopt;
  name.remove_prefix(kSysvPrefix.size());
  unsigned key = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), key, 16);
  const bool whole = error == std::errc() && end == name.data() + name.size();
  if (!whole || name.size() != kKeyDigits) return std::nullopt;
  return static_cast<::key_t>(key);
}

/// Whether a file that holds so many bytes was made for them.
bool isMadeFor(std::uint64_t bytes, const SeenFile& file) {
  const std::size_t huge = hugePageBytesOf(file.descriptor);
  const std::size_t page = huge > 0 ? huge : basePageBytes();
  return static_cast<std::uint64_t>(file.facts.st_size) == roundUp(bytes, page);
}

std::optional<SegmentKind> kindByContent(const SeenFile& file) {
  std::vector<std::byte> page(basePageBytes());
  const ::ssize_t read = ::pread(file.descriptor, page.data(), page.size(), 0);
  const std::span beginning(page.data(), read > 0 ? static_cast<std::size_t>(read) : 0);
  SegmentHeader header = {};
  if (beginning.size() >= sizeof header) {
    std::memcpy(&header, beginning.data(), sizeof header);
    if (geometryOf(header)) return SegmentKind::Ring;
  }
  const auto object = objectBytes(beginning);
  if (object && isMadeFor(*object, file)) return SegmentKind::Object;
  const auto mutex_ring = MutexRing::bytesOf(beginning);
  if (mutex_ring && isMadeFor(*mutex_ring, file)) return SegmentKind::MutexRing;
  return std::nullopt;
}

std::optional<SegmentKind> kindOf(const SeenFile& file, const std::string& name) {
  if (const auto kind = kindByContent(file)) return kind;
  if (madeFor(name) == kScratchName) return SegmentKind::Scratch;
  const bool holds_locks = file.facts.st_size == 0 || file.facts.st_size == sizeof(int);
  if (keyOf(name) && holds_locks) return SegmentKind::Sysv;
  return std::nullopt;
}

/// Who stands in the entries of a ring whose locks are held.
std::vector<::pid_t> participantsOf(const SeenFile& file) {
  std::vector<::pid_t> pids;
  for (std::uint32_t entry = 0; entry < kMaxParticipants; ++entry) {
    if (!isLocked(file.descriptor, kFirstParticipantLock + entry)) continue;
    std::uint32_t pid = 0;
    const std::uint64_t at =
        kParticipantsOffset + entry * sizeof(Participant) + offsetof(Participant, pid);
    if (::pread(file.descriptor, &pid, sizeof pid, static_cast<::off_t>(at)) == sizeof pid) {
      pids.push_back(static_cast<::pid_t>(pid));
    }
  }
  std::sort(pids.begin(), pids.end());
  pids.erase(std::unique(pids.begin(), pids.end()), pids.end());
  return pids;
}

/// The bytes of a System V segment, and whether anybody has it attached.
void addSysvFacts(::key_t key, SegmentEntry& entry) {
  struct ::shmid_ds facts = {};
  const int id = ::shmget(key, 0, 0);
  entry.bytes = 0;
  if (id < 0 || ::shmctl(id, IPC_STAT, &facts) != 0) return;
  entry.bytes = facts.shm_segsz;
  entry.in_use = entry.in_use || facts.shm_nattch > 0;
}

std::string nameOf(const std::string& path) { return path.substr(path.rfind('/') + 1); }

/// The segment in `file`, which `path` is the name of.
std::optional<SegmentEntry> entryOf(const std::string& path, const std::string& file) {
  const UniqueFd descriptor = openPlainFile(file, O_RDONLY);
  if (!descriptor) return std::nullopt;
  const SeenFile seen(descriptor.get());
  const auto kind = kindOf(seen, nameOf(path));
  if (!kind) return std::nullopt;
  const std::chrono::nanoseconds changed = std::chrono::seconds(seen.facts.st_mtim.tv_sec) +
                                           std::chrono::nanoseconds(seen.facts.st_mtim.tv_nsec);
  SegmentEntry entry{
      .name = folderOf(path) == kSegmentFolder ? nameOf(path) : path,
      .path = path,
      .kind = *kind,
      .bytes = static_cast<std::uint64_t>(seen.facts.st_size),
      .changed = std::chrono::system_clock::time_point(
          std::chrono::duration_cast<std::chrono::system_clock::duration>(changed)),
      .device = seen.facts.st_dev,
      .inode = seen.facts.st_ino,
      .in_use = isAnyLocked(seen.descriptor),
      .participants = {},
  };
  if (*kind == SegmentKind::Ring && entry.in_use) entry.participants = participantsOf(seen);
  if (*kind == SegmentKind::Sysv) addSysvFacts(*keyOf(entry.name), entry);
  return entry;
}

void addNamed(std::vector<SegmentEntry>& entries) {
  for (const std::string& name : entriesOf(kSegmentFolder)) {
    const std::string path = std::string(kSegmentFolder) + "/" + name;
    if (auto entry = entryOf(path, fileBehind(path))) entries.push_back(std::move(*entry));
  }
}

/// Files on huge pages that were made for a name which does not lead to them.
void addOrphans(const std::string& folder, std::vector<SegmentEntry>& entries) {
  for (const std::string& file_name : entriesOf(folder)) {
    const std::string file = folder + "/" + file_name;
    const std::string_view name = madeFor(file_name);
    const std::string path = std::string(kSegmentFolder) + "/" + std::string(name);
    if (name.empty() || fileBehind(path) == file) continue;
    if (auto entry = entryOf(file, file)) entries.push_back(std::move(*entry));
  }
}

/// Throws NotFound unless it is the file of the entry.
void requireSame(const SegmentEntry& entry, int descriptor) {
  const SeenFile seen(descriptor);
  const bool same = seen.facts.st_dev == entry.device && seen.facts.st_ino == entry.inode &&
                    kindOf(seen, nameOf(entry.path)) == entry.kind;
  if (!same) throwError(Errc::NotFound, entry.path + " is another file than the one that was seen");
}

}  // namespace

std::vector<SegmentEntry> listSegments() {
  std::vector<SegmentEntry> entries;
  addNamed(entries);
  for (const HugePageFolder& folder : hugePageFolders()) addOrphans(folder.path, entries);
  return entries;
}

int unlinkIfUnused(const SegmentEntry& entry) noexcept {
  if (entry.kind == SegmentKind::Sysv) {
    const std::optional<::key_t> key = keyOf(entry.name);
    return key ? SysvMem::removeIfUnused(*key) : fail(Errc::InvalidParam);
  }
  return asResult([&] {
    const bool unlinked =
        unlinkUnused(entry.path, [&](int descriptor) { requireSame(entry, descriptor); });
    if (!unlinked) throwError(Errc::InUse, entry.path + " is in use");
  });
}

}  // namespace ringside
