// The folder of a gate: what was measured block by block, and what came of it in every form that
// somebody reads.
#pragma once

#include <filesystem>
#include <string>

#include "harness/duet/gate_report.hpp"
#include "results/bundle.hpp"
#include "results/export/junit.hpp"

namespace ringside::harness {

/// What came of a gate, in each form that somebody reads.
struct GateForms {
  std::string name;  ///< of files: "gate" of gate.json and gate.md
  std::string json;
  std::string markdown;     ///< below the limit of a step's summary
  std::string annotations;  ///< a line each, as GitHub Actions reads them
  results::JunitSuite junit;
};
GateForms formsOf(const GateResult& result, const GateHeading& heading);

/// GitHub drops a step's summary as a whole when it is longer than 1024 KiB; others may have
/// written to it before.
inline constexpr std::size_t kMostSummaryBytes = 900 * 1024;

/// Of this moment and this host, without properties and cases; called after both.
results::JunitSuite newJunitSuite(const std::string& verb, const std::string& suite);
/// What a metric of a cell, or the cell as `name` says, makes of the gate.
results::JunitCase junitCase(const results::JunitSuite& suite, const std::string& cell,
                             const std::string& name, results::ExitCode code,
                             const std::string& reason);

/// blocks.jsonl, JSON, Markdown and junit.xml beside scenario.toml and environment.json. Throws
/// BundleError.
class GateBundle {
 public:
  explicit GateBundle(results::Bundle bundle);

  void begin(const std::string& suite, const std::string& environment);
  /// Beside the suite, where the arms look for what it names.
  void add(const std::string& name, const std::string& text) { bundle_.writeFile(name, text); }
  /// A line of blocks.jsonl, at once.
  void append(const KeptBlock& block);
  void finish(const GateForms& forms);

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
void tellContinuousIntegration(const GateForms& forms);

}  // namespace ringside::harness
