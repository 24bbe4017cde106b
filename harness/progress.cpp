#include "harness/progress.hpp"

#include <unistd.h>

#include <algorithm>
#include <map>

#include "harness/console.hpp"
#include "harness/format_numbers.hpp"
#include "harness/live_line.hpp"
#include "harness/text_table.hpp"
#include "results/metrics.hpp"

namespace ringside::harness {
namespace {

std::string outcome(const results::Record& record) {
  if (record.status != results::Status::Ok) {
    return fmt::format("{}: {}", results::toString(record.status), record.reason.value_or(""));
  }
  if (const auto p50 = results::metricOf(record, "rtt_ns_p50")) {
    return fmt::format("round trip p50 {}", formatNs(*p50));
  }
  if (const auto rate = results::metricOf(record, "slo_rate_per_s")) {
    return fmt::format("holds up to {}/s", formatCount(*rate));
  }
  if (const auto p50 = results::metricOf(record, "response_ns_p50")) {
    return fmt::format("response p50 {}", formatNs(*p50));
  }
  const auto rate = results::metricOf(record, "messages_per_s");
  return rate ? fmt::format("{}/s", formatCount(*rate)) : "ok";
}

}  // namespace

void printPlan(const Suite& suite, const Plan& plan, const Topology& topology) {
  const std::size_t columns = columnsOf(STDERR_FILENO);
  say("{}", wrapped("", fmt::format("{}: {}", suite.name, suite.question), columns));
  say("{}", wrapped("machine: ", topology.summary(), columns));
  std::map<std::string, std::uint64_t> skipped;
  std::map<std::string, std::uint64_t> notes;
  for (const Cell& cell : plan.cells) {
    if (cell.skip_reason) ++skipped[*cell.skip_reason];
    for (const std::string& note : cell.notes) ++notes[note];
  }
  say("plan: {}, {} to run, about {} (minutes:seconds)\n", counted(plan.cells.size(), "cell"),
      plan.runnable(), formatMinutes(static_cast<double>(plan.estimate().count()) / 1e3));
  const auto tell = [&](const std::string& words) { say("{}", wrapped("  ", words, columns)); };
  for (const auto& [reason, cells] : skipped) {
    tell(fmt::format("skipped, {}: {}", counted(cells, "cell"), reason));
  }
  if (!plan.left_out.empty()) {
    tell(fmt::format(
        "left out, {}: queues of 'all' that are not for them; `ringside list {}` says why",
        counted(plan.left_out.size(), "cell"), plan.suite));
  }
  for (const std::string& remark : plan.remarks) tell(remark);
  for (const auto& [note, cells] : notes) {
    tell(fmt::format("note, {}: {}", counted(cells, "cell"), note));
  }
}

namespace {

/// Of that part of the plan's repetitions that is to be run.
std::chrono::milliseconds estimateOf(const Plan& plan, std::uint64_t to_run) {
  std::uint64_t all = 0;
  for (const Cell& cell : plan.cells) all += cell.skip_reason ? 0 : cell.timing.repetitions;
  return plan.estimate() * static_cast<long>(to_run) /
         static_cast<long>(std::max<std::uint64_t>(all, 1));
}

}  // namespace

Progress::Progress(const Plan& plan, std::uint64_t to_run)
    : estimate_(estimateOf(plan, to_run)),
      total_(to_run),
      begin_(std::chrono::steady_clock::now()),
      redraws_(canRedraw()) {}

Progress::~Progress() {
  if (redraws_) redraw("");
}

/// By what the repetitions so far really took; at the beginning, by the plan.
double Progress::secondsLeft() const {
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin_;
  const auto done = static_cast<double>(done_);
  const auto left = static_cast<double>(total_ - std::min(done_, total_));
  if (done_ > 0) return elapsed.count() / done * left;
  return std::chrono::duration<double>(estimate_).count();
}

void Progress::beginRound(std::uint64_t round, std::uint64_t rounds) {
  if (redraws_ || rounds == 1) return;
  say("round {} of {}, {} left\n", round, rounds, formatMinutes(secondsLeft()));
}

void Progress::begin(const Cell& cell) {
  if (!redraws_) return;
  const auto before = outcomes_.find(cell.name);
  const std::string known = before == outcomes_.end() ? "" : before->second + "  ";
  redraw(fmt::format("[{}/{}] {} left  {}{}", done_ + 1, total_, formatMinutes(secondsLeft()),
                     known, cell.name));
}

void Progress::end(const Cell& cell, const results::Record& record, bool last) {
  ++done_;
  if (redraws_ && record.status == results::Status::Ok) outcomes_[cell.name] = outcome(record);
  const bool bad = record.status == results::Status::Failed;
  if (redraws_ && bad) redraw("");
  if (bad || (last && !redraws_)) {
    say("[{}/{}] {}: {}\n", done_, total_, cell.name, outcome(record));
  }
}

}  // namespace ringside::harness
