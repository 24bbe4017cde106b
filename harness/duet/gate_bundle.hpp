// The folder of a gate: what was measured block by block, and what came of it in every form that
// somebody reads.
#pragma once

#include <filesystem>
#include <string>

#include "harness/duet/gate_report.hpp"
#include "results/bundle.hpp"

namespace ringside::harness {

/// blocks.jsonl, gate.json, gate.md, junit.xml beside scenario.toml and environment.json. Throws
/// BundleError.
class GateBundle {
 public:
  explicit GateBundle(results::Bundle bundle);

  void begin(const std::string& suite, const std::string& environment);
  /// Beside the suite, where the arms look for what it names.
  void add(const std::string& name, const std::string& text) { bundle_.writeFile(name, text); }
  /// A line of blocks.jsonl, at once.
  void append(const KeptBlock& block);
  void finish(const GateResult& result, const GateHeading& heading);

  const std::filesystem::path& path() const { return bundle_.path(); }
  std::filesystem::path suiteFile() const;

 private:
  results::Bundle bundle_;
};

/// What a report says of this gate.
GateHeading headingOf(const GateOrder& order, const std::filesystem::path& bundle);

/// Where GitHub Actions runs it: annotations on stderr, where its runner finds them as well and
/// stdout stays what was asked for; and the Markdown appended to the step's summary, below its
/// limit.
void tellContinuousIntegration(const GateResult& result, const GateHeading& heading);

}  // namespace ringside::harness
