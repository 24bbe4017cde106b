#include "harness/duet/arm_cache.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "harness/fnv1a.hpp"
#include "results/whole_file.hpp"

namespace ringside::harness {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;
using results::Descriptor;

constexpr const char* kMark = "arm.json";
constexpr const char* kLockEnding = ".lock";
constexpr std::chrono::milliseconds kLockPoll{100};

/// Beside the folder, which may be removed.
Descriptor openLock(const fs::path& folder) {
  const std::string file = folder.string() + kLockEnding;
  Descriptor lock(::open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666));
  if (lock.number() >= 0) return lock;
  throw std::system_error(errno, std::system_category(), file + " cannot be made");
}

bool tryLock(const Descriptor& lock) { return ::flock(lock.number(), LOCK_EX | LOCK_NB) == 0; }

bool areAsTheyWere(const ordered_json& files, const fs::path& folder) {
  return std::all_of(files.begin(), files.end(), [&](const ordered_json& file) {
    const auto content = results::readFile(folder / file.at("file").get<std::string>());
    return content && fnv1a(*content) == file.at("fnv1a").get<std::string>();
  });
}

/// When it was last used, or begun.
fs::file_time_type timeOf(const fs::path& folder) {
  std::error_code failure;
  const auto marked = fs::last_write_time(folder / kMark, failure);
  return failure ? fs::last_write_time(folder, failure) : marked;
}

}  // namespace

ArmFolder::ArmFolder(const fs::path& cache, const std::string& name, std::chrono::seconds patience,
                     const std::function<void(const std::string&)>& progress)
    : path_(cache / name), lock_(-1) {
  fs::create_directories(cache);
  lock_ = openLock(path_);
  const auto deadline = std::chrono::steady_clock::now() + patience;
  for (bool told = false; !tryLock(lock_); told = true) {
    if (!told && progress) progress(fmt::format("another process has {}; waiting", path_.string()));
    if (std::chrono::steady_clock::now() > deadline) {
      throw std::runtime_error(fmt::format("{} is still in use after {} s; is a gate hanging?",
                                           path_.string(), patience.count()));
    }
    std::this_thread::sleep_for(kLockPoll);
  }
  fs::create_directories(path_);
}

std::optional<ordered_json> ArmFolder::content() const {
  const auto text = results::readFile(path_ / kMark);
  if (!text) return std::nullopt;
  const ordered_json content = ordered_json::parse(*text, nullptr, false);
  if (content.is_discarded() || !content.contains("files")) return std::nullopt;
  if (!areAsTheyWere(content["files"], path_)) return std::nullopt;
  std::error_code ignored;
  fs::last_write_time(path_ / kMark, fs::file_time_type::clock::now(), ignored);
  return content;
}

void ArmFolder::markWhole(const ordered_json& content) const {
  const fs::path unfinished = path_ / fmt::format("{}.new", kMark);
  {
    std::ofstream stream(unfinished, std::ios::trunc);
    stream << content.dump(1) << "\n";
    stream.close();
    if (!stream) throw std::runtime_error(unfinished.string() + " cannot be written");
  }
  fs::rename(unfinished, path_ / kMark);
}

void ArmFolder::empty() const {
  fs::remove(path_ / kMark);  // first: what is half removed is not whole
  fs::remove_all(path_);
  fs::create_directories(path_);
}

void ArmFolder::removeOldOnes() const {
  std::vector<std::pair<fs::file_time_type, fs::path>> all;
  for (const auto& entry : fs::directory_iterator(path_.parent_path())) {
    const std::string lock = entry.path().string() + kLockEnding;
    if (entry.path() != path_ && fs::exists(lock)) all.emplace_back(timeOf(entry.path()), entry);
  }
  std::sort(all.begin(), all.end());
  while (all.size() >= kMaxKeptArms) {
    const fs::path oldest = all.front().second;
    all.erase(all.begin());
    const Descriptor lock = openLock(oldest);
    if (!tryLock(lock)) continue;
    std::error_code ignored;
    fs::remove(oldest / kMark, ignored);
    fs::remove_all(oldest, ignored);
  }
}

}  // namespace ringside::harness
