#include "results/history.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <fstream>
#include <nlohmann/json.hpp>
#include <system_error>
#include <thread>

#include "results/descriptor.hpp"
#include "results/whole_file.hpp"

namespace ringside::results {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr auto kLockTimeout = 10s;
constexpr auto kLockPoll = 5ms;

constexpr std::string_view kBeginning = "{\"schema\"";  ///< of every entry

constexpr std::string_view kKeptMetrics[] = {
    "messages_per_s",
    "messages_per_s_robust",
    "rtt_ns_p50",
    "rtt_ns_p99",
    "rtt_ns_p50_clean",
    "rtt_ns_p99_clean",
    "rtt_ns_mean99",
    "response_ns_p50",
    "response_ns_p99",
    "response_ns_p50_clean",
    "response_ns_p99_clean",
    "read_ns_p50",
    "read_ns_p99",
    "slo_rate_per_s",
    "disturbed_fraction",
    "cpu_s_per_million",
    "floor_ns",
};

[[noreturn]] void refuse(const fs::path& file, std::string_view why) {
  throw HistoryError(fmt::format("{}: {}", file.string(), why));
}

std::string messageOf(int error) { return std::generic_category().message(error); }

Descriptor openForAppending(const fs::path& file) {
  Descriptor target(::open(file.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0666));
  if (target.number() >= 0) return target;
  refuse(file, fmt::format("cannot be opened for writing ({}); name a file that can be written",
                           messageOf(errno)));
}

/// Until the file is closed. File systems without locks have none: there O_APPEND alone must do.
void lock(const Descriptor& target, const fs::path& file) {
  const auto deadline = std::chrono::steady_clock::now() + kLockTimeout;
  while (::flock(target.number(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == ENOLCK || errno == EOPNOTSUPP || errno == EINVAL) return;
    if (errno != EWOULDBLOCK && errno != EINTR) {
      refuse(file, fmt::format("cannot be locked ({})", messageOf(errno)));
    }
    if (std::chrono::steady_clock::now() > deadline) {
      refuse(file, fmt::format("another process has kept it locked for {} s; end that one",
                               kLockTimeout.count()));
    }
    std::this_thread::sleep_for(kLockPoll);
  }
}

/// Whether the last line has its end; so has an empty file.
bool endsWithALine(const Descriptor& target, ::off_t size) {
  char last = '\n';
  return size == 0 || (::pread(target.number(), &last, 1, size - 1) == 1 && last == '\n');
}

/// 0, or the errno of what failed; the file then is as before.
int appendLine(const Descriptor& target, std::string line) {
  struct stat before {};
  if (::fstat(target.number(), &before) != 0) return errno;
  if (!S_ISREG(before.st_mode)) return writeAll(target.number(), line);
  if (!endsWithALine(target, before.st_size)) line = "\n" + line;
  int error = writeAll(target.number(), line);
  if (error == 0 && ::fsync(target.number()) != 0) error = errno;
  if (error != 0 && ::ftruncate(target.number(), before.st_size) != 0) error = errno;
  return error;
}

/// A line without its end may hold anything. One that others have gone on behind has got an end
/// from them: that is the beginning of an entry, and no more.
bool canBeCutOff(std::string_view line, bool has_end) {
  return !has_end || line.starts_with(kBeginning.substr(0, line.size()));
}

/// nullopt for a line that is cut off.
std::optional<HistoryEntry> entryAt(const std::string& where, const std::string& line,
                                    bool has_end) {
  if (!nlohmann::ordered_json::accept(line)) {
    if (canBeCutOff(line, has_end)) return std::nullopt;
    throw HistoryError(where +
                       ": this is no JSON; remove the line, or name the history.jsonl beside the "
                       "bundles of your runs");
  }
  try {
    return entryFromJson(line);
  } catch (const RecordError& error) {
    throw HistoryError(fmt::format("{}: {}; or remove the line", where, error.what()));
  }
}

}  // namespace

std::span<const std::string_view> keptMetrics() noexcept { return kKeptMetrics; }

std::vector<MeasuredCell> measuredCells(std::span<const CellSummary> summaries) {
  std::vector<MeasuredCell> cells;
  for (const CellSummary& summary : summaries) {
    const StatusCounts& counts = summary.status_counts;
    if (counts.ok + counts.failed + counts.invalid == 0) continue;
    MeasuredCell& cell = cells.emplace_back();
    cell.cell = summary.cell;
    cell.status_counts = counts;
    if (summary.validation) cell.is_clean = summary.validation->clean();
    for (const std::string_view name : kKeptMetrics) {
      const auto spread = summary.metrics.find(std::string(name));
      if (spread != summary.metrics.end()) cell.medians.emplace(name, spread->second.median);
    }
  }
  return cells;
}

void appendHistory(const fs::path& file, const HistoryEntry& entry) {
  const Descriptor target = openForAppending(file);
  lock(target, file);
  const int error = appendLine(target, toJson(entry) + "\n");
  if (error == 0) return;
  refuse(file, fmt::format("cannot add an entry ({}); free space, or name another file",
                           messageOf(error)));
}

History readHistory(const fs::path& file, CutOffLine cut_off_line) {
  errno = 0;
  std::ifstream stream(file, std::ios::binary);
  if (!stream) refuse(file, fmt::format("cannot be opened ({})", messageOf(errno)));
  History history;
  std::size_t line_number = 0;
  for (std::string line; std::getline(stream, line);) {
    ++line_number;
    if (line.empty()) continue;
    const std::string where = fmt::format("{}:{}", file.string(), line_number);
    if (std::optional<HistoryEntry> entry = entryAt(where, line, !stream.eof())) {
      history.entries.push_back(std::move(*entry));
      continue;
    }
    const std::string why = where + ": the line is cut off, as after a kill";
    if (cut_off_line == CutOffLine::Refuse) throw HistoryError(why + "; remove it");
    history.left_out.push_back(why);
  }
  if (stream.bad()) refuse(file, "cannot be read to its end");
  return history;
}

}  // namespace ringside::results
