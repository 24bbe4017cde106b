// What environment.json of a bundle says of its machine and program, each fact by its name, as
// text.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ringside::harness {

class EnvironmentFacts {
 public:
  EnvironmentFacts() = default;
  /// `where` stands in the message. Throws UsageError for what is not a JSON object.
  EnvironmentFacts(const std::string& json, const std::string& where);
  /// Of a bundle's folder; nothing is known of one that has no environment.json. Throws UsageError
  /// when the file cannot be read, or is damaged.
  static EnvironmentFacts of(const std::filesystem::path& folder);

  /// Facts of the fingerprint by their own names ("kernel", "binary_hash"), all others with their
  /// section ("memory.total"), the hash of a plug-in by the name of its file ("plugin.libmine.so").
  /// nullopt for what is not there, or was null.
  std::optional<std::string> find(std::string_view name) const;
  /// The same by the names that people use: "host", "thp", and "cpu_model" for its name, not its
  /// number.
  std::optional<std::string> findAs(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& all() const { return facts_; }
  /// The fingerprint of the machine; nullopt in bundles that have none.
  const std::optional<std::string>& machine() const { return machine_; }
  /// When it was written: "2026-11-22 08:12:00"; empty when it does not say.
  std::string time() const;

 private:
  std::vector<std::pair<std::string, std::string>> facts_;
  std::optional<std::string> machine_;
};

/// A fact that is not the same everywhere.
struct Difference {
  std::string fact;
  std::vector<std::string> values;  ///< of each; empty where it is not known
};

/// Of the fingerprint, the program, and what else may matter; not of what is another at each
/// moment.
std::vector<Difference> differencesOf(std::span<const EnvironmentFacts> all);

/// Of the fingerprint of machine, program and plug-ins alone.
std::vector<Difference> fingerprintDifferences(std::span<const EnvironmentFacts> all);

/// Names of the facts of the machine's fingerprint alone that differ.
std::vector<std::string> machineDifferences(std::span<const EnvironmentFacts> all);

}  // namespace ringside::harness
