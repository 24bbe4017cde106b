// A command that runs while settings are changed.
#pragma once

#include <string>
#include <vector>

namespace ringside::harness {

/// Keeps SIGINT, SIGTERM and SIGHUP from ending this process as long as it lives: there is
/// something to put back first.
class HeldSignals {
 public:
  HeldSignals();
  HeldSignals(const HeldSignals&) = delete;
  HeldSignals& operator=(const HeldSignals&) = delete;
  ~HeldSignals();

  /// Readable once one has come.
  int descriptor() const { return descriptor_; }

 private:
  int descriptor_ = -1;
};

/// Runs it, found on PATH, and waits for its end; what comes in by signals is passed on to it,
/// except what a terminal has already sent to both. Its exit code; 128 + the number of the signal
/// that killed it; 127 when it cannot be started, with a word on stderr.
int runCommand(const std::vector<std::string>& command, const HeldSignals& signals);

}  // namespace ringside::harness
