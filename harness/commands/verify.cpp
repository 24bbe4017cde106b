// ringside verify: what becomes of a queue when processes die, stand still, or scribble over it.
#include <fmt/format.h>

#include <filesystem>
#include <optional>

#include "harness/commands/commands.hpp"
#include "harness/console.hpp"
#include "harness/environment.hpp"
#include "harness/history/history_file.hpp"
#include "harness/history/shrink.hpp"
#include "harness/shared_files.hpp"
#include "harness/verify/verify_report.hpp"
#include "harness/verify/verify_suite.hpp"
#include "results/bundle.hpp"

namespace ringside::harness {
namespace {

using results::ExitCode;

struct VerifyOptions {
  std::string suite = "quick";
  std::optional<std::string> out;
  std::vector<std::string> overrides;
  std::string format = "table";
  bool until_failure = false;
};

std::filesystem::path findCampaign(const std::string& named) {
  std::error_code ignored;
  if (std::filesystem::is_regular_file(named, ignored) || named.find('/') != std::string::npos) {
    return named;
  }
  const std::filesystem::path file = std::filesystem::path("scenarios/verify") / (named + ".toml");
  if (std::filesystem::exists(file, ignored)) return file;
  return findSharedFile(file).value_or(named);
}

results::Bundle makeBundle(const VerifyOptions& options, const Campaign& campaign) {
  if (options.out) return results::Bundle::create(*options.out);
  const std::string name = results::Bundle::defaultName(
      "verify-" + campaign.name, std::chrono::system_clock::now(), hostName());
  std::filesystem::path folder = std::filesystem::path("out") / name;
  for (int run = 2; std::filesystem::exists(folder); ++run) {  // another one in this second
    folder = std::filesystem::path("out") / fmt::format("{}-{}", name, run);
  }
  return results::Bundle::create(folder);
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

ExitCode exitCodeOf(const std::vector<CampaignFinding>& findings, bool interrupted) {
  if (interrupted) return ExitCode::Interrupted;
  bool tried = false;
  for (const CampaignFinding& finding : findings) {
    if (finding.failed()) return ExitCode::Integrity;
    tried = tried || finding.trials > 0;
  }
  return tried ? ExitCode::Fine : ExitCode::EverythingSkipped;
}

ExitCode verify(const VerifyOptions& options) {
  const std::filesystem::path file = findCampaign(options.suite);
  Campaign campaign = readCampaign(file, options.overrides);
  campaign.until_failure = options.until_failure;
  results::Bundle bundle = makeBundle(options, campaign);
  say("{}: {}\n", campaign.name, campaign.question);
  const auto started = std::chrono::system_clock::now();
  std::vector<CampaignFinding> findings;
  bool interrupted = false;
  {
    Session session(Topology::ofThisMachine());
    bundle.writeFile("environment.json", describeEnvironment(session));
    findings = runCampaign(
        campaign, session,
        [&](const CampaignFinding& finding) {
          say("{}\n", lineOf(finding));
          bundle.append(recordOf(finding, campaign));
          keepHistory(finding, bundle);
        },
        [&] { return session.interrupts().interrupted(); });
    interrupted = session.interrupts().interrupted();
  }
  results::writeJunit(bundle.path() / "junit.xml",
                      {junitOf(findings, campaign, started, hostName())});
  put("{}", renderFindings(findings, *parseFormat(options.format)));
  std::fflush(stdout);
  say("\nbundle: {}\n", bundle.path().string());
  const ExitCode code = exitCodeOf(findings, interrupted);
  if (code != ExitCode::Fine) {
    say("result: {} (exit code {})\n", results::toString(code), static_cast<int>(code));
  }
  return code;
}

}  // namespace

void addVerifyCommand(CLI::App& app, ExitCode& exit_code) {
  CLI::App* command =
      app.add_subcommand("verify", "Kill, stop and damage: what becomes of a queue?");
  auto options = std::make_shared<VerifyOptions>();
  command
      ->add_option("suite", options->suite, "A file, or the bare name of one in scenarios/verify")
      ->capture_default_str();
  command->add_option("--out", options->out, "Folder of the bundle, which must not exist");
  command->add_option("-s,--set", options->overrides, "KEY=VALUE instead of what the file says")
      ->expected(1)
      ->take_all();
  command->add_option("--format", options->format, "Of the table on stdout")
      ->check(CLI::IsMember({"table", "json", "csv", "markdown"}))
      ->capture_default_str();
  command->add_flag("--until-failure", options->until_failure,
                    "End with the first class that is worse than expected");
  command->footer(
      "Examples:\n  ringside verify\n  ringside verify nightly --set seed=7\n"
      "  ringside verify --set queues=mpmc --set faults=[\"kill\",\"storm\"]");
  command->callback([options, &exit_code] { exit_code = verify(*options); });
}

}  // namespace ringside::harness
