// What stands on stderr while a gate runs: on a terminal a line that is redrawn, elsewhere a line a
// stage and one now and then.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

namespace ringside::harness {

class GateProgress {
 public:
  GateProgress(bool tells, std::string what, std::size_t blocks);
  ~GateProgress();
  GateProgress(const GateProgress&) = delete;
  GateProgress& operator=(const GateProgress&) = delete;

  /// Before each block.
  void next(const std::string& cell);

 private:
  std::string what_;
  std::size_t blocks_;
  std::size_t begun_ = 0;
  bool tells_;
  bool redraws_;
  std::chrono::steady_clock::time_point begin_;
};

}  // namespace ringside::harness
