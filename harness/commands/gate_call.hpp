// What `ringside gate` and `ringside compare-config` have in common: options, what is said of the
// plan, and what is made of what was measured.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "harness/duet/gate_bundle.hpp"
#include "harness/duet/gate_run.hpp"

namespace ringside::harness {

struct GateCall {
  std::string suite;
  std::vector<std::string> overrides;
  std::optional<std::string> out;
  std::optional<std::uint64_t> seed;
  std::string format = "table";
  std::uint32_t first_blocks = results::GateTerms{}.first_blocks;
  std::uint32_t second_blocks = results::GateTerms{}.second_blocks;
  std::uint32_t until_quiet_s = 10;
  std::optional<std::string> budget;
  bool family_wise = false;
  bool dry_run = false;
  bool no_report = false;

  /// That of the user, or one of chance.
  std::uint64_t seedOrFresh() const;
};

/// How many blocks, how long, in which order.
void addTermOptions(CLI::App& command, GateCall& call);
void addTellOptions(CLI::App& command, GateCall& call);

/// `arms`: how many of them are measured now.
void printPlan(const std::string& verb, const Suite& suite, const Plan& plan, const GateCall& call,
               std::size_t arms);

/// An order with what the call says of it. Throws UsageError for a budget that is none.
GateOrder orderOf(const GateCall& call);

/// The suite as it is run, for the bundle.
std::string suiteText(const Suite& suite, const std::vector<std::string>& overrides);

/// What a bundle begins with.
void beginBundle(GateBundle& bundle, const std::string& suite, const std::string& environment,
                 const Plan& plan);

/// Whether what was found is a point of the history, which later ones are held against.
enum class Remember { No, Yes };

/// Runs the gate, block by block into the bundle.
GateResult measureInto(GateBundle& bundle, GateOrder& order, Session& session);

/// What came of it to all who want to know: the bundle, stdout, who runs continuous integration,
/// and at last the page.
void tell(const GateResult& result, const GateOrder& order, const GateCall& call,
          GateBundle& bundle, Remember remember);

}  // namespace ringside::harness
