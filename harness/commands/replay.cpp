// ringside replay: what was kept, once more: a history judged again, a record's cell run again.
#include <fmt/format.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "harness/command_line/number_checks.hpp"
#include "harness/commands/commands.hpp"
#include "harness/console.hpp"
#include "harness/history/check.hpp"
#include "harness/history/history_file.hpp"
#include "harness/history/time_line.hpp"
#include "harness/replay/replay_report.hpp"
#include "harness/replay/replay_run.hpp"
#include "harness/text_table.hpp"
#include "harness/usage_error.hpp"

namespace ringside::harness {
namespace {

using nlohmann::ordered_json;
using results::ExitCode;

struct ReplayOptions {
  ReplayOrder order;
  std::string format = "table";

  const std::string& file() const { return order.query.named; }
};

struct Judgement {
  const History& history;
  Counts counts;
  std::optional<Violation> violation;
};

struct NamedCount {
  const char* name;
  std::uint64_t Counts::*count;
};

constexpr NamedCount kFactCounts[] = {
    {"pushed", &Counts::pushed},
    {"popped", &Counts::popped},
    {"unreturned", &Counts::unreturned},
    {"redelivered", &Counts::redelivered},
};

constexpr NamedCount kFaultCounts[] = {
    {"lost", &Counts::lost},           {"duplicated", &Counts::duplicated},
    {"reordered", &Counts::reordered}, {"torn", &Counts::torn},
    {"invented", &Counts::invented},   {"overtaken", &Counts::overtaken},
    {"overfull", &Counts::overfull},   {"falsely_empty", &Counts::falsely_empty},
};

// --- for people ---------------------------------------------------------------------------------

std::string countsText(std::span<const NamedCount> named, const Counts& counts) {
  std::string text;
  for (const NamedCount& one : named) {
    text += fmt::format("{}{} {}", text.empty() ? "" : ", ", one.name, counts.*one.count);
  }
  return text;
}

std::string factsText(const History& history) {
  return fmt::format(
      "{}, {}, {}, {}, declared drops {}", history.queue,
      history.capacity == 0 ? "capacity not known" : fmt::format("capacity {}", history.capacity),
      toString(history.delivery), history.drained ? "drained" : "not drained",
      history.declared_drops);
}

void putTable(const ReplayOptions& options, const Judgement& judgement) {
  const History& history = judgement.history;
  put("{:<11} {}\n", "history", options.file());
  put("{:<11} {}\n", "queue", factsText(history));
  for (const auto& [name, text] : history.notes) put("{:<11} {}\n", name, text);
  put("{:<11} {}: {}\n", "operations", history.operations.size(),
      countsText(kFactCounts, judgement.counts));
  put("{:<11} {}\n", "counts", countsText(kFaultCounts, judgement.counts));
  if (!judgement.violation) {
    put("{:<11} no violation\n", "verdict");
    return;
  }
  const Violation& violation = *judgement.violation;
  put("{:<11} {}: {}\n\n{}", "verdict", toString(violation.kind), violation.sentence,
      drawTimeLine(history, violation.operations));
}

// --- for programs -------------------------------------------------------------------------------

ordered_json toJson(const Operation& operation) {
  const bool has_value =
      operation.action == Action::Push || (operation.action == Action::Pop && operation.returned());
  return {
      {"process", operation.process},
      {"action", toString(operation.action)},
      {"value", has_value ? ordered_json(operation.value) : ordered_json(nullptr)},
      {"began_ns", operation.began_ns},
      {"ended_ns", operation.returned() ? ordered_json(operation.ended_ns) : ordered_json(nullptr)},
      {"redelivered", operation.redelivered},
      {"torn", operation.torn}};
}

ordered_json toJson(const Violation& violation, const History& history) {
  ordered_json operations = ordered_json::array();
  for (const std::size_t position : violation.operations) {
    operations.push_back(toJson(history.operations[position]));
  }
  return {{"kind", toString(violation.kind)},
          {"sentence", violation.sentence},
          {"values", violation.values},
          {"operations", operations}};
}

void putJson(const ReplayOptions& options, const Judgement& judgement) {
  const History& history = judgement.history;
  ordered_json json = {{"file", options.file()},       {"queue", history.queue},
                       {"capacity", history.capacity}, {"delivery", toString(history.delivery)},
                       {"drained", history.drained},   {"declared_drops", history.declared_drops},
                       {"notes", history.notes},       {"operations", history.operations.size()}};
  for (const NamedCount& one : kFactCounts) json["counts"][one.name] = judgement.counts.*one.count;
  for (const NamedCount& one : kFaultCounts) json["counts"][one.name] = judgement.counts.*one.count;
  json["verdict"] = judgement.violation ? toString(judgement.violation->kind) : "no violation";
  json["violation"] =
      judgement.violation ? toJson(*judgement.violation, history) : ordered_json(nullptr);
  putData(renderJson(json));
}

ExitCode judgeHistory(const ReplayOptions& options) {
  const History history = readHistory(options.file());
  const Judgement judgement{history, countAll(history), firstViolation(history)};
  options.format == "json" ? putJson(options, judgement) : putTable(options, judgement);
  if (options.format != "json") sayNext("ringside replay {} --format json", options.file());
  return judgement.violation ? ExitCode::Integrity : ExitCode::Fine;
}

// --- records ------------------------------------------------------------------------------------

/// Once is not often; and what was kept can be looked at.
void sayWhatNext(const ReplayOptions& options, const ReplayOutcome& outcome) {
  if (outcome.exit_code == ExitCode::Interrupted) return;
  if (!outcome.bundle.empty()) return sayNext("ringside report {}", outcome.bundle.string());
  std::vector<std::string> cells;
  if (options.order.query.cell) cells.push_back(*options.order.query.cell);
  sayNextCommand(fmt::format("ringside replay {}{} --times {}", shellWord(options.file()),
                             shellOptions("--cell", cells),
                             std::min(kMaxReplays, options.order.times * 5)));
}

ExitCode runAgain(const ReplayOptions& options) {
  const ReplayOutcome outcome = replayRecord(options.order);
  const bool is_json = options.format == "json";
  putAs(is_json ? Format::Json : Format::Table,
        is_json ? renderReplayJson(outcome) : renderReplay(outcome));
  std::fflush(stdout);
  if (!outcome.trouble.empty()) say("ringside: {}\n", outcome.trouble);
  if (!outcome.bundle.empty()) say("bundle: {}\n", outcome.bundle.string());
  if (outcome.exit_code != ExitCode::Fine) {
    say("result: {} (exit code {})\n", results::toString(outcome.exit_code),
        static_cast<int>(outcome.exit_code));
  }
  sayWhatNext(options, outcome);
  return outcome.exit_code;
}

/// What asks for nothing of a history is there by mistake.
void refuseOptionsOfRecords(const CLI::App& command, const ReplayOptions& options) {
  for (const CLI::Option* option : command.get_options()) {
    const bool is_of_both = option->get_positional() || option->check_lname("format") ||
                            option->check_lname("color") || option->check_lname("help");
    if (is_of_both || option->count() == 0) continue;
    throw UsageError(
        fmt::format("{}: {} is a history, which is judged and not run again; leave the option out",
                    option->get_name(), options.file()));
  }
}

ExitCode replay(const CLI::App& command, const ReplayOptions& options) {
  if (holdsRecords(options.file())) return runAgain(options);
  refuseOptionsOfRecords(command, options);
  return judgeHistory(options);
}

}  // namespace

void addReplayCommand(CLI::App& app, ExitCode& exit_code) {
  CLI::App* command =
      app.add_subcommand("replay", "Run a record's cell again, judge a history again");
  auto options = std::make_shared<ReplayOptions>();
  ReplayOrder& order = options->order;
  command
      ->add_option("file", order.query.named, "A bundle, FILE of records, FILE:LINE, or a history")
      ->type_name("FILE")
      ->required();
  command->add_option("--cell", order.query.cell, "Of a bundle: the whole name of the cell")
      ->type_name("CELL");
  command->add_option("--repetition", order.query.repetition, "Of the cell; else the first")
      ->check(wholeNumber(0, std::numeric_limits<std::uint32_t>::max()));
  command->add_option("--times", order.times, "How often it is run now")
      ->check(wholeNumber(1, kMaxReplays))
      ->capture_default_str();
  command->add_option("--warmup-ms", order.timing.warmup_ms, "Else as the bundle's suite has it")
      ->check(wholeNumber(0, 60'000));
  command->add_option("--duration-ms", order.timing.duration_ms, "Else as the suite has it")
      ->check(wholeNumber(1, 600'000));
  addPluginOption(*command, order.plugins);
  command->add_option("--out", order.out, "Keep the new records in this new bundle")
      ->type_name("DIR");
  addFormatOption(*command, options->format, "Of what stands on stdout", {"table", "json"});
  command->footer(
      "Examples:\n"
      "  ringside replay out/before/records.jsonl:7 --times 5 --out out/again\n"
      "  ringside replay out/verify/history-7.jsonl --format json");
  command->callback([command, options, &exit_code] { exit_code = replay(*command, *options); });
}

}  // namespace ringside::harness
