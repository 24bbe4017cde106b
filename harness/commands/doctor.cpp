// ringside doctor: what stands in the way of a good measurement here, and what mends it.
#include <fmt/format.h>

#include <filesystem>

#include "harness/cgroup_limits.hpp"
#include "harness/command_line/number_checks.hpp"
#include "harness/commands/commands.hpp"
#include "harness/console.hpp"
#include "harness/doctor/command.hpp"
#include "harness/doctor/doctor_report.hpp"
#include "harness/doctor/settings.hpp"
#include "harness/usage_error.hpp"

namespace ringside::harness {
namespace {

using results::ExitCode;

constexpr std::chrono::milliseconds kLoadSample{1000};
constexpr std::uint64_t kMostHugePages = 1 << 20;

struct DoctorOptions {
  std::string format = "table";
  std::string root = "/";
  bool strict = false;
  bool apply = false;
  bool restore = false;
  std::uint64_t noise_ms = 500;
  std::uint64_t huge_pages = Wishes{}.huge_pages_per_node;
  bool huge_pages_named = false;
  std::vector<std::string> command;
};

void refuseWhatDoesNotGoTogether(const DoctorOptions& options) {
  if (options.apply && options.restore) {
    throw UsageError(
        "--apply changes settings and --restore puts them back; leave one of them out");
  }
  if (!options.command.empty() && !options.apply) {
    throw UsageError(fmt::format(
        "'{}' is no option of doctor; a command is run between changing the settings and putting "
        "them back: ringside doctor --apply -- {}",
        options.command.front(), options.command.front()));
  }
  if (options.huge_pages_named && !options.apply) {
    throw UsageError("--huge-pages belongs to --apply; add it");
  }
  if (options.strict && (options.apply || options.restore)) {
    throw UsageError("--strict judges what was found; leave out --apply and --restore");
  }
  if (!std::filesystem::is_directory(options.root)) {
    throw UsageError(
        fmt::format("--root is '{}', which is no folder; name one that holds proc and "
                    "sys, or leave it out",
                    options.root));
  }
}

Findings examine(const DoctorOptions& options) {
  const SystemFiles files(options.root);
  Host host = readHost(files);
  Findings findings;
  findings.container = containerKind(files);
  if (files.isThisMachine()) {
    say("looking at other processes for {:.1f} s, and at the clock on every CPU for {:.1f} s …\n",
        static_cast<double>(kLoadSample.count()) * 1e-3,
        static_cast<double>(options.noise_ms) * 1e-3);
    host.load = sampleLoad(files, kLoadSample);
    const Clock clock = calibrateClock();
    findings.clock = toString(clock.source);
    host.noise =
        measureNoise(Topology::ofThisMachine(), clock, std::chrono::milliseconds(options.noise_ms));
  }
  findings.diagnoses = diagnose(host, Extent::Everything);
  findings.noise = host.noise;
  return findings;
}

ExitCode report(const DoctorOptions& options) {
  const Findings findings = examine(options);
  const Format format = *parseFormat(options.format);
  putAs(format, renderFindings(findings, format, colourOfStdout(), tableLookOfStdout().columns));
  const bool refuses = options.strict && anyNotOk(findings.diagnoses);
  if (refuses) {
    say("result: {} (exit code {}): not everything is OK, and --strict was asked for\n",
        results::toString(ExitCode::EnvironmentRefused),
        static_cast<int>(ExitCode::EnvironmentRefused));
  }
  const bool all_ok = !anyNotOk(findings.diagnoses);
  sayNextCommand(all_ok ? "ringside run quick"
                        : "sudo ringside doctor --apply -- ringside run quick");
  return refuses ? ExitCode::EnvironmentRefused : ExitCode::Fine;
}

void tellChanges(const std::vector<Change>& changes, bool back) {
  for (const Change& change : changes) {
    const std::string& asked = back ? change.was : change.wanted;
    say("{}: {} -> {}{}\n", change.file, back ? change.wanted : change.was, asked,
        change.obtained == asked ? "" : fmt::format("; obtained {}", change.obtained));
  }
}

ExitCode restore(const SystemFiles& files) {
  const Restored restored = restoreSettings(files);
  if (!restored.had_state) {
    say("nothing to put back: no settings are applied\n");
  } else if (restored.after_restart) {
    say("the machine was started anew since the settings were applied: nothing to put back\n");
  } else {
    tellChanges(restored.changes, true);
    say("all settings are as they were\n");
  }
  return ExitCode::Fine;
}

ExitCode apply(const DoctorOptions& options) {
  const SystemFiles files(options.root);
  Changes changes = plannedChanges(files, {.huge_pages_per_node = options.huge_pages});
  for (const std::string& setting : changes.not_here) say("left out, {}\n", setting);
  for (const std::string& setting : changes.already) say("as wished, {}\n", setting);
  const HeldSignals signals;
  if (!changes.needed.empty()) {
    applyChanges(files, changes.needed);
    tellChanges(changes.needed, false);
  }
  if (options.command.empty()) {
    if (changes.needed.empty()) say("nothing to change\n");
    sayNextCommand(changes.needed.empty() ? "ringside run quick" : "ringside doctor --restore");
    return ExitCode::Fine;
  }
  const int code = runCommand(options.command, signals);
  if (!changes.needed.empty()) restore(files);
  return static_cast<ExitCode>(code);
}

ExitCode doctor(const DoctorOptions& options) {
  refuseWhatDoesNotGoTogether(options);
  try {
    if (options.restore) return restore(SystemFiles(options.root));
    return options.apply ? apply(options) : report(options);
  } catch (const SettingsError& error) {
    say("ringside: {}\n", error.what());
    return ExitCode::EnvironmentRefused;
  }
}

}  // namespace

void addDoctorCommand(CLI::App& app, ExitCode& exit_code) {
  CLI::App* command = app.add_subcommand("doctor", "What disturbs measurements here, and its cure");
  auto options = std::make_shared<DoctorOptions>();
  command->add_flag("--strict", options->strict, "Exit with 6 when anything is not OK");
  addFormatOption(*command, options->format, "Of what goes to stdout");
  command->add_option("--noise-ms", options->noise_ms, "How long to look at the clock")
      ->type_name("MS")
      ->check(wholeNumber(10, 60'000))
      ->capture_default_str();
  command->add_flag("--apply", options->apply, "Set governor, huge pages, THP, shmem_enabled");
  command->add_flag("--restore", options->restore, "Put back what --apply has changed");
  CLI::Option* huge_pages =
      command
          ->add_option("--huge-pages", options->huge_pages, "Of 2 MiB, for --apply, on each node")
          ->check(wholeNumber(0, kMostHugePages))
          ->capture_default_str();
  command->add_option("--root", options->root, "Where proc and sys are, if of another machine")
      ->type_name("DIR")
      ->capture_default_str();
  command->add_option("command", options->command, "Run while settings are changed, after --");
  command->footer(
      "Examples:\n  ringside doctor --strict --format json\n"
      "  sudo ringside doctor --apply -- ringside run quick");
  command->callback([options, huge_pages, &exit_code] {
    options->huge_pages_named = huge_pages->count() > 0;
    exit_code = doctor(*options);
  });
}

}  // namespace ringside::harness
