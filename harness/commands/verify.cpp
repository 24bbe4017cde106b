// ringside verify: what becomes of a queue when processes die, stand still, or scribble over it.
#include <fmt/format.h>

#include <filesystem>
#include <optional>

#include "harness/commands/commands.hpp"
#include "harness/commands/new_bundle.hpp"
#include "harness/console.hpp"
#include "harness/environment.hpp"
#include "harness/history/history_file.hpp"
#include "harness/history/shrink.hpp"
#include "harness/plugin/plugins.hpp"
#include "harness/shared_files.hpp"
#include "harness/terminal.hpp"
#include "harness/verify/verify_progress.hpp"
#include "harness/verify/verify_report.hpp"
#include "harness/verify/verify_suite.hpp"

namespace ringside::harness {
namespace {

using results::ExitCode;

struct VerifyOptions {
  std::string suite = "quick";
  std::optional<std::string> out;
  std::vector<std::filesystem::path> plugins;
  std::vector<std::string> overrides;
  std::string format = "table";
  bool until_failure = false;
};

/// The campaign as it was run: the file itself, or written out where the command line changed it.
std::string scenarioText(const VerifyOptions& options, const Campaign& campaign) {
  if (options.overrides.empty()) return withoutSchemaLine(campaign.text);
  std::string text;
  for (const std::string& change : options.overrides) text += "# run with --set " + change + "\n";
  return text + toToml(campaign);
}

/// A history that shows what is wrong, as small as it shows it, for `ringside replay`.
void keepHistory(const CampaignFinding& finding, const results::Bundle& bundle) {
  if (!finding.worst.history) return;
  const std::string name =
      fmt::format("{}-{}.history.jsonl", finding.queue->name, toString(finding.fault));
  const History& whole = *finding.worst.history;
  writeHistory(firstViolation(whole) ? shrink(whole) : whole, bundle.path() / name);
  say("  ringside replay {}\n", (bundle.path() / name).string());
}

/// The histories that were kept stand above, each with its replay.
void sayWhatNext(const VerifyOptions& options, ExitCode code) {
  if (code == ExitCode::EverythingSkipped) return sayNext("ringside list");
  std::vector<std::string> plugins;
  for (const std::filesystem::path& plugin : options.plugins) plugins.push_back(plugin.string());
  const bool again = code != ExitCode::Fine || options.suite == "nightly";
  sayNextCommand(
      fmt::format("ringside verify {}{}{}{}", again ? shellWord(options.suite) : "nightly",
                  shellOptions("--plugin", plugins), shellOptions("--set", options.overrides),
                  again && code != ExitCode::Interrupted ? " --until-failure" : ""));
}

/// Any class worse than expected counts as a violation: of the promise to lose nothing, or of the
/// promise that nobody is stuck.
ExitCode exitCodeOf(const std::vector<CampaignFinding>& findings, bool interrupted) {
  if (interrupted) return ExitCode::Interrupted;
  bool tried = false;
  for (const CampaignFinding& finding : findings) {
    if (finding.failed()) return ExitCode::Integrity;
    tried = tried || finding.tried();
  }
  return tried ? ExitCode::Fine : ExitCode::EverythingSkipped;
}

ExitCode verify(const VerifyOptions& options) {
  for (const std::filesystem::path& plugin : options.plugins) loadPlugin(plugin);
  Campaign campaign = readCampaign(findScenario(options.suite, kCampaignFolder), options.overrides);
  campaign.until_failure = options.until_failure;
  results::Bundle bundle = makeBundle(options.out, "verify-" + campaign.name);
  say("{}: {}\n", campaign.name, campaign.question);
  const auto started = std::chrono::system_clock::now();
  std::vector<CampaignFinding> findings;
  bool interrupted = false;
  {
    Session session(Topology::ofThisMachine());
    bundle.writeFile("environment.json", describeEnvironment(session));
    bundle.writeFile("scenario.toml", scenarioText(options, campaign));
    VerifyProgress progress(campaign);
    findings =
        runCampaign(campaign, session,
                    {.on_finding =
                         [&](const CampaignFinding& finding) {
                           progress.end(finding);
                           say("{}\n", lineOf(finding));
                           bundle.append(recordOf(finding, campaign));
                           keepHistory(finding, bundle);
                         },
                     .on_trial = [&](const CampaignFinding& finding) { progress.show(finding); },
                     .wants_to_stop = [&] { return session.interrupts().interrupted(); }});
    interrupted = session.interrupts().interrupted();
  }
  results::writeJunit(bundle.path() / "junit.xml",
                      {junitOf(findings, campaign, started, hostName())});
  const Format format = *parseFormat(options.format);
  putAs(format, renderFindings(findings, format, tableLookOfStdout()));
  std::fflush(stdout);
  say("\nbundle: {}\n", bundle.path().string());
  const ExitCode code = exitCodeOf(findings, interrupted);
  if (code != ExitCode::Fine) {
    say("result: {} (exit code {})\n", results::toString(code), static_cast<int>(code));
  }
  sayWhatNext(options, code);
  return code;
}

}  // namespace

void addVerifyCommand(CLI::App& app, ExitCode& exit_code) {
  CLI::App* command =
      app.add_subcommand("verify", "Kill, stop and damage: what becomes of a queue?");
  auto options = std::make_shared<VerifyOptions>();
  command->add_option("suite", options->suite, "A campaign file, or its bare name")
      ->type_name("CAMPAIGN")
      ->capture_default_str();
  addOutOption(*command, options->out);
  addPluginOption(*command, options->plugins);
  command->add_option("-s,--set", options->overrides, "Instead of what the file says")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->take_all();
  addFormatOption(*command, options->format, "Of the table on stdout");
  command->add_flag("--until-failure", options->until_failure,
                    "End with the first class worse than expected");
  command->footer(
      "Examples:\n  ringside verify nightly --set seed=7\n"
      "  ringside verify --set queues=mpmc --set faults=[kill,storm]");
  command->callback([options, &exit_code] { exit_code = verify(*options); });
}

}  // namespace ringside::harness
