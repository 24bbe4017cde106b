#include "results/bundle.hpp"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <system_error>
#include <utility>

#include "results/whole_file.hpp"

namespace ringside::results {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kRecordsName = "records.jsonl";

std::string messageOf(int error) { return std::generic_category().message(error); }

[[noreturn]] void refuse(const fs::path& path, std::string_view why) {
  throw BundleError(fmt::format("{}: {}", path.string(), why));
}

void refuseExisting(const fs::path& folder) {
  if (folder.empty()) throw BundleError("the bundle's folder has no name; give one with --out DIR");
  std::error_code error;
  const fs::file_status status = fs::status(folder, error);
  if (!fs::exists(status)) return;
  if (!fs::is_directory(status)) refuse(folder, "is no folder; name another with --out DIR");
  refuse(folder, "exists, and a bundle is never overwritten; name another with --out DIR");
}

void makeFolder(const fs::path& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) {
    refuse(folder, fmt::format("cannot be made ({}); name a folder that can be written with "
                               "--out DIR",
                               error.message()));
  }
}

/// Exclusive creation, so that of two runs that start at once only one gets the folder.
Descriptor claimRecords(const fs::path& file) {
  constexpr int kFlags = O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC;
  Descriptor records(::open(file.c_str(), kFlags, 0666));
  if (records.number() < 0) {
    refuse(file, fmt::format("cannot be created ({}); name a folder that can be written with "
                             "--out DIR",
                             messageOf(errno)));
  }
  return records;
}

void tryPage(const Descriptor& records, const fs::path& file) {
  constexpr std::size_t kPageBytes = 4096;
  int error = writeAll(records.number(), std::string(kPageBytes, '\n'));
  if (::ftruncate(records.number(), 0) != 0 && error == 0) error = errno;
  if (error == 0) return;
  ::unlink(file.c_str());
  refuse(file, fmt::format("cannot be written ({}); free space, or name another folder with "
                           "--out DIR",
                           messageOf(error)));
}

/// One process writes to a bundle. The lock belongs to this process, and workers do not inherit it;
/// it is gone with the process, however that ends, and when this process closes the file anywhere.
void lockRecords(const Descriptor& records, const fs::path& file) {
  struct flock lock {};
  lock.l_type = F_WRLCK;
  lock.l_whence = SEEK_SET;
  if (::fcntl(records.number(), F_SETLK, &lock) == 0 || errno == ENOLCK || errno == ENOSYS) return;
  refuse(file, "another run is writing to it; wait for its end, or end it");
}

/// How long the file is up to its last line end, and in all.
struct Lengths {
  std::uint64_t whole_lines = 0;
  std::uint64_t all = 0;
};

Lengths lengthsOf(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  Lengths lengths;
  for (std::string line; std::getline(stream, line);) {
    lengths.all += line.size() + (stream.eof() ? 0 : 1);
    if (!stream.eof()) lengths.whole_lines = lengths.all;
  }
  if (stream.bad()) refuse(file, "cannot be read to its end");
  return lengths;
}

std::string plain(std::string_view text) {
  std::string name(text);
  std::ranges::replace_if(
      name,
      [](char c) {
        const bool is_kept = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                             (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
        return !is_kept;
      },
      '-');
  return name;
}

}  // namespace

Bundle::Bundle(fs::path folder, Descriptor records)
    : folder_(std::move(folder)), records_(std::move(records)) {}

Bundle Bundle::create(const fs::path& folder) {
  refuseExisting(folder);
  makeFolder(folder);
  const fs::path file = folder / kRecordsName;
  try {
    Descriptor records = claimRecords(file);
    lockRecords(records, file);
    tryPage(records, file);
    return Bundle(folder, std::move(records));
  } catch (const BundleError&) {
    std::error_code ignored;
    fs::remove(file, ignored);
    fs::remove(folder, ignored);
    throw;
  }
}

Bundle Bundle::open(const fs::path& folder) {
  const fs::path file = folder / kRecordsName;
  const Lengths lengths = lengthsOf(file);  // before it is locked: reading ends with a close
  Descriptor records(::open(file.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC));
  if (records.number() < 0) {
    refuse(file, fmt::format("cannot be opened for writing ({}); name the folder of a bundle that "
                             "is yours",
                             messageOf(errno)));
  }
  lockRecords(records, file);
  Bundle bundle(folder, std::move(records));
  bundle.cut_off_bytes_ = lengths.all - lengths.whole_lines;
  if (bundle.cut_off_bytes_ == 0) return bundle;
  const auto whole = static_cast<::off_t>(lengths.whole_lines);
  if (::ftruncate(bundle.records_.number(), whole) == 0) return bundle;
  refuse(file,
         fmt::format("its last line is not whole and cannot be cut off ({})", messageOf(errno)));
}

std::string Bundle::defaultName(std::string_view suite,
                                std::chrono::system_clock::time_point started,
                                std::string_view host) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(started);
  return fmt::format("{}-{:%Y%m%dT%H%M%SZ}-{}", plain(suite), fmt::gmtime(seconds), plain(host));
}

void Bundle::append(const Record& record) {
  if (const int error = appendWhole(toJson(record)); error != 0) {
    refuse(folder_ / kRecordsName,
           fmt::format("cannot add repetition {} of {} ({}); free space and run again",
                       record.repetition, record.cell, messageOf(error)));
  }
}

void Bundle::appendLine(std::string_view line) {
  if (const int error = appendWhole(std::string(line)); error != 0) {
    refuse(folder_ / kRecordsName,
           fmt::format("cannot add a record ({}); free space and try again", messageOf(error)));
  }
}

int Bundle::appendWhole(std::string line) {
  struct stat before {};
  int error = ::fstat(records_.number(), &before) == 0 ? 0 : errno;
  if (error != 0) return error;
  error = writeAll(records_.number(), line += '\n');
  if (error != 0 && ::ftruncate(records_.number(), before.st_size) != 0) error = errno;
  return error;
}

void Bundle::writeFile(std::string_view name, std::string_view text) {
  const bool is_plain = !name.empty() && name != "." && name != ".." &&
                        name.find('/') == std::string_view::npos && name != kRecordsName;
  if (!is_plain) {
    refuse(folder_, fmt::format("cannot write \"{}\" into it; it must be the plain name of a file, "
                                "and not {}",
                                name, kRecordsName));
  }
  const fs::path file = folder_ / name;
  const int error = replaceFile(file, text);
  if (error == 0) return;
  refuse(file, fmt::format("cannot be written ({}); free space and run again", messageOf(error)));
}

}  // namespace ringside::results
