#include "harness/cleaning.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <system_error>

#include "harness/format_numbers.hpp"
#include "harness/process_files.hpp"
#include "harness/run_name.hpp"
#include "ringside/backings.hpp"
#include "ringside/error.hpp"
#include "ringside/segment_list.hpp"

namespace ringside::harness {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;
using std::chrono::system_clock;

constexpr const char* kFolder = "/dev/shm";

/// Something to decide on: a segment of the core, or else only a name of a run.
struct Candidate {
  CleanedName row;
  FileId file;
  std::optional<SegmentEntry> segment;
};

const char* toString(SegmentKind kind) {
  switch (kind) {
    case SegmentKind::Ring:
      return "ring";
    case SegmentKind::Object:
      return "object";
    case SegmentKind::MutexRing:
      return "mutex ring";
    case SegmentKind::Scratch:
      return "scratch";
    case SegmentKind::Sysv:
      return "sysv";
  }
  return "";
}

double ageOf(system_clock::time_point changed) {
  // The clock may have been set back.
  return std::max(0.0, std::chrono::duration<double>(system_clock::now() - changed).count());
}

std::string fileNameOf(const CleanedName& row) { return fs::path(row.name).filename().string(); }

Candidate candidateOf(const SegmentEntry& entry) {
  Candidate candidate;
  candidate.row = {.name = entry.name,
                   .kind = toString(entry.kind),
                   .bytes = entry.bytes,
                   .age_s = ageOf(entry.changed),
                   .users = entry.participants,
                   .done = Cleaned::InUse,
                   .reason = ""};
  candidate.file = {entry.device, entry.inode};
  candidate.segment = entry;
  return candidate;
}

/// A file of a run that is no segment: a pipe, memory of another library, or a segment that this
/// user may not read. None when it is gone.
std::optional<Candidate> candidateOfRun(const std::string& name) {
  const std::string path = std::string(kFolder) + "/" + name;
  struct ::stat named = {};
  if (::lstat(path.c_str(), &named) != 0) return std::nullopt;
  struct ::stat facts = {};
  if (::stat(path.c_str(), &facts) != 0) facts = named;
  Candidate candidate;
  candidate.row.name = name;
  candidate.row.kind = S_ISFIFO(named.st_mode)   ? "pipe"
                       : S_ISLNK(named.st_mode)  ? "link"
                       : S_ISREG(named.st_mode)  ? "file"
                       : S_ISSOCK(named.st_mode) ? "socket"
                                                 : "other";
  candidate.row.bytes = static_cast<std::uint64_t>(facts.st_size);
  candidate.row.age_s = ageOf(system_clock::from_time_t(named.st_mtim.tv_sec));
  candidate.file = {facts.st_dev, facts.st_ino};
  return candidate;
}

std::vector<Candidate> findCandidates(const std::string& prefix) {
  std::vector<Candidate> candidates;
  std::vector<std::string> seen;
  for (const SegmentEntry& entry : listSegments()) {
    seen.push_back(entry.name);
    Candidate candidate = candidateOf(entry);
    if (fileNameOf(candidate.row).starts_with(prefix)) candidates.push_back(std::move(candidate));
  }
  std::error_code ignored;
  for (const auto& file : fs::directory_iterator(kFolder, ignored)) {
    const std::string name = file.path().filename().string();
    const bool known = std::find(seen.begin(), seen.end(), name) != seen.end();
    if (known || !name.starts_with(prefix) || !parseRunName(name)) continue;
    if (auto candidate = candidateOfRun(name)) candidates.push_back(std::move(*candidate));
  }
  std::sort(candidates.begin(), candidates.end(),
            [](const Candidate& a, const Candidate& b) { return a.row.name < b.row.name; });
  return candidates;
}

/// Adds what /proc shows to what the locks showed.
void addUsers(std::vector<Candidate>& candidates) {
  std::set<FileId> files;
  for (const Candidate& candidate : candidates) files.insert(candidate.file);
  const auto users = usersOf(files);
  for (Candidate& candidate : candidates) {
    const auto found = users.find(candidate.file);
    if (found == users.end()) continue;
    std::vector<::pid_t>& all = candidate.row.users;
    all.insert(all.end(), found->second.begin(), found->second.end());
    std::sort(all.begin(), all.end());
    all.erase(std::unique(all.begin(), all.end()), all.end());
  }
}

/// Why somebody alive may use it; nothing when nobody does, for all that can be seen.
std::optional<std::string> reasonToKeep(const Candidate& candidate) {
  const auto run = parseRunName(fileNameOf(candidate.row));
  if (std::string life = run ? lifeOf(*run) : ""; !life.empty()) return life;
  if (candidate.segment && candidate.segment->in_use) return "its locks are held";
  if (!candidate.row.users.empty()) return "it is open or mapped";
  return std::nullopt;
}

/// 0, or -1 with lastError. What is no plain file has no locks and, of a dead run, no users.
int removeCandidate(const Candidate& candidate) {
  const std::string& name = candidate.row.name;
  if (candidate.segment) return unlinkIfUnused(*candidate.segment);
  if (candidate.row.kind == "file") return ShmMem::unlinkIfUnused(name);
  if (candidate.row.kind == "link") {
    const int result = ShmMem::unlinkIfUnused(name);
    const bool leads_nowhere = result == -1 && lastError == Errc::NotFound;
    return leads_nowhere ? ShmMem::unlink(name) : result;
  }
  const std::string path = std::string(kFolder) + "/" + name;
  if (::unlink(path.c_str()) == 0 || errno == ENOENT) return 0;
  return fail(std::error_code(errno, std::system_category()));
}

/// False when it was gone already.
bool remove(Candidate& candidate) {
  if (removeCandidate(candidate) == 0) {
    candidate.row.done = Cleaned::Removed;
  } else if (lastError == Errc::NotFound) {
    return false;
  } else {
    candidate.row.done = lastError == Errc::InUse ? Cleaned::InUse : Cleaned::Refused;
    candidate.row.reason =
        lastError == Errc::InUse ? "somebody has just opened it" : lastError.message();
  }
  return true;
}

/// What is done with it, as people read it.
std::string outcomeOf(const CleanedName& name) {
  switch (name.done) {
    case Cleaned::Removed:
      return "removed";
    case Cleaned::WouldBeRemoved:
      return "would be removed";
    case Cleaned::InUse:
      return "in use: " + name.reason;
    case Cleaned::Refused:
      return "could not be removed: " + name.reason;
  }
  return "";
}

const char* toString(Cleaned done) {
  switch (done) {
    case Cleaned::Removed:
      return "removed";
    case Cleaned::WouldBeRemoved:
      return "would_be_removed";
    case Cleaned::InUse:
      return "in_use";
    case Cleaned::Refused:
      return "refused";
  }
  return "";
}

ordered_json toJson(const CleanedName& name) {
  return {{"name", name.name},
          {"kind", name.kind},
          {"bytes", name.bytes},
          {"age_s", name.age_s},
          {"attached", name.users},
          {"done", toString(name.done)},
          {"reason", name.reason.empty() ? ordered_json(nullptr) : ordered_json(name.reason)}};
}

TextTable tableOf(const std::vector<CleanedName>& names) {
  TextTable table({"name", "kind", "size", "age", "attached", "done"}, 2);
  for (const CleanedName& name : names) {
    const std::string users =
        name.users.empty() ? "–" : fmt::format("{}", fmt::join(name.users, " "));
    table.add({name.name, name.kind, formatBytes(static_cast<double>(name.bytes)),
               formatAge(name.age_s), users, outcomeOf(name)});
  }
  return table;
}

}  // namespace

std::vector<CleanedName> cleanSharedMemory(const std::string& prefix, CleanMode mode) {
  std::vector<Candidate> candidates = findCandidates(prefix);
  addUsers(candidates);
  std::vector<CleanedName> cleaned;
  for (Candidate& candidate : candidates) {
    bool is_there = true;
    if (const auto reason = reasonToKeep(candidate)) {
      candidate.row.reason = *reason;
    } else if (mode == CleanMode::DryRun) {
      candidate.row.done = Cleaned::WouldBeRemoved;
    } else {
      is_there = remove(candidate);
    }
    if (is_there) cleaned.push_back(std::move(candidate.row));
  }
  return cleaned;
}

std::string renderCleaned(const std::vector<CleanedName>& names, Format format,
                          std::size_t columns) {
  if (format == Format::Json || format == Format::Csv) {
    std::vector<ordered_json> rows;
    for (const CleanedName& name : names) rows.push_back(toJson(name));
    if (format == Format::Json) return renderJson(ordered_json(rows));
    for (ordered_json& row : rows) {
      row["attached"] = fmt::format("{}", fmt::join(row["attached"].get<std::vector<int>>(), " "));
    }
    return renderCsv(rows);
  }
  if (names.empty()) return "nothing of Ringside is in shared memory\n";
  TextTable table = tableOf(names);
  if (format == Format::Markdown) return table.allMarkdown();
  constexpr const char* kDispensable[] = {"kind", "attached", "age", "size"};
  const std::vector<std::string> left_out = table.fitInto(columns, kDispensable);
  return table.allAligned() + leftOutText(left_out);
}

}  // namespace ringside::harness
