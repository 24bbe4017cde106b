// Suites and traces: files that are gone when the test ends.
#pragma once

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "harness/plan.hpp"
#include "harness/scenario.hpp"

namespace ringside::harness {

class ScratchFile {
 public:
  ScratchFile(const char* extension, const std::string& text)
      : file_(std::filesystem::temp_directory_path() /
              ("ringside-test-" + std::to_string(::getpid()) + extension)) {
    std::ofstream(file_) << text;
  }
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;
  ~ScratchFile() { std::filesystem::remove(file_); }
  std::string path() const { return file_.string(); }

 private:
  std::filesystem::path file_;
};

struct ScratchSuite : ScratchFile {
  explicit ScratchSuite(const std::string& text) : ScratchFile(".toml", text) {}
  Suite read(const std::vector<std::string>& overrides = {}) const {
    return readSuite(path(), overrides);
  }
};

/// Send times.
struct ScratchTrace : ScratchFile {
  explicit ScratchTrace(const std::string& text) : ScratchFile(".csv", text) {}
  std::string arrivals() const { return "trace:" + path(); }
};

/// A suite of one scenario, with `lines` in its sweep.
inline std::string suiteWith(const std::string& lines, const std::string& workload = "throughput") {
  return "[suite]\nname = \"s\"\nquestion = \"?\"\n[[scenario]]\nname = \"one\"\nworkload = \"" +
         workload + "\"\n[scenario.sweep]\n" + lines + "\n";
}

/// Far more than any test asks for.
constexpr MemoryLimits kPlenty{.total_bytes = 1ULL << 36, .shm_free_bytes = 1ULL << 36};

}  // namespace ringside::harness
