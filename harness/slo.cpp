#include "harness/slo.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "harness/console.hpp"
#include "harness/format_numbers.hpp"
#include "harness/open_loop.hpp"
#include "harness/runner.hpp"
#include "harness/traffic.hpp"

namespace ringside::harness {
namespace {

using results::Record;
using results::Status;

constexpr double kStride = 4;
constexpr double kCloseEnough = 1.05;
constexpr int kMaxRates = 25;
constexpr int kRunsToAgree = 2;
/// A percentile with fewer messages beyond it is one of chance.
constexpr double kLeastBeyond = 10;

/// The rates tried so far and what is known from them.
class Bracket {
 public:
  explicit Bracket(const RateRange& range) : range_(range) {}

  void learn(double rate, bool held) {
    if (held) {
      held_ = std::max(held_.value_or(rate), rate);
    } else {
      failed_ = std::min(failed_.value_or(rate), rate);
    }
  }
  /// nullopt when all is known.
  std::optional<double> next() const {
    if (!held_ && !failed_) return std::clamp(range_.first, range_.lowest, range_.highest);
    if (!held_) return below(*failed_);
    if (!failed_) return above(*held_);
    if (*failed_ / *held_ <= kCloseEnough) return std::nullopt;
    return std::sqrt(*failed_ * *held_);
  }
  RateFound found() const { return {held_.value_or(0), held_ && *held_ >= range_.highest}; }

 private:
  std::optional<double> below(double rate) const {
    if (rate <= range_.lowest) return std::nullopt;
    return std::max(rate / kStride, range_.lowest);
  }
  std::optional<double> above(double rate) const {
    if (rate >= range_.highest) return std::nullopt;
    return std::min(rate * kStride, range_.highest);
  }

  RateRange range_;
  std::optional<double> held_;
  std::optional<double> failed_;
};

/// Runs paced cells for a cell of the workload slo, and keeps what they leave.
class SloSearch {
 public:
  SloSearch(const Cell& cell, const std::string& suite, std::uint32_t repetition, Session& session)
      : cell_(cell), suite_(suite), repetition_(repetition), session_(session) {}

  std::optional<Record> run() {
    RateRange range;
    const double slot_s =
        static_cast<double>(cell_.timing.warmup_ms + cell_.timing.duration_ms) * 1e-3;
    // A Poisson plan may be a little longer than its mean.
    range.highest = std::min(range.highest, 0.9 * double{kMaxPlannedMessages} / slot_s);
    const auto found = searchRate(range, [&](double rate) { return holds(rate); });
    if (interrupted_) return std::nullopt;
    if (!found) return failed_;
    return makeRecord(*found);
  }

 private:
  /// nullopt when the search must end here.
  std::optional<bool> holds(double rate) {
    int held = 0;
    int exceeded = 0;
    std::string last;
    std::optional<Record> holding;
    while (std::max(held, exceeded) < kRunsToAgree) {
      const std::optional<Record> record = runAt(rate);
      if (!record) return std::nullopt;
      const bool good = judge(*record, last);
      ++(good ? held : exceeded);
      if (good) holding = record;
    }
    const bool holds = held == kRunsToAgree;
    if (holds) best_ = std::move(holding);  // a rate that is tried is above all that held
    steps_.push_back(
        fmt::format("{}/s {} ({} of {} runs)", formatCount(rate), last, held, held + exceeded));
    return holds;
  }

  std::optional<Record> runAt(double rate) {
    Cell paced = cell_;
    paced.workload = Workload::Paced;
    paced.axes.workload = toString(Workload::Paced);
    paced.axes.rate_per_s = rate;
    std::optional<Record> record = runRepetition(paced, suite_, repetition_, session_);
    if (!record) {
      interrupted_ = true;
      return std::nullopt;
    }
    addCounts(*record);
    if (record->status == Status::Failed || record->status == Status::Skipped) {
      failed_ = renamed(*std::move(record));
      return std::nullopt;
    }
    return record;
  }

  void addCounts(const Record& record) {
    if (!record.validation) return;
    counted_.sent += record.validation->sent;
    counted_.received += record.validation->received;
    counted_.lost += record.validation->lost;
    counted_.duplicated += record.validation->duplicated;
    counted_.reordered += record.validation->reordered;
    counted_.torn += record.validation->torn;
  }

  bool judge(const Record& record, std::string& words) const {
    const auto found = record.histograms.find("response_ns");
    if (record.status != Status::Ok || found == record.histograms.end()) {
      words = "cannot be kept";
      return false;
    }
    const double percent = *parsePercentile(*cell_.axes.percentile);
    const std::uint64_t ns = found->second->valueAtPercentile(percent);
    words = fmt::format("{} {}", *cell_.axes.percentile, formatNs(static_cast<double>(ns)));
    return ns <= *cell_.axes.limit_ns && record.metrics.at("messages_lost") == 0;
  }

  Record renamed(Record record) const {
    record.cell = cell_.name;
    record.axes = cell_.axes;
    return record;
  }

  Record makeRecord(const RateFound& found) const {
    Record record;
    if (best_) record = *best_;
    record = renamed(std::move(record));
    record.suite = suite_;
    record.repetition = repetition_;
    record.validation = counted_;
    record.metrics["slo_rate_per_s"] = found.rate_per_s;
    record.notes = cell_.notes;
    record.notes.push_back(fmt::format("steps of the search: {}", fmt::join(steps_, "; ")));
    if (found.rate_per_s <= 0) {
      record.notes.push_back(fmt::format("not even the lowest rate keeps {} under {}",
                                         *cell_.axes.percentile,
                                         formatNs(static_cast<double>(*cell_.axes.limit_ns))));
    } else {
      noteFewMessages(record);
    }
    if (found.at_highest) record.notes.emplace_back("the highest rate that was tried still holds");
    return record;
  }

  void noteFewMessages(Record& record) const {
    const double beyond = (1 - *parsePercentile(*cell_.axes.percentile) / 100) *
                          record.metrics.at("messages_planned");
    if (beyond >= kLeastBeyond) return;
    record.notes.push_back(
        fmt::format("fewer than {:.0f} messages lie beyond {} at this rate; a "
                    "longer duration_ms makes it surer",
                    kLeastBeyond, *cell_.axes.percentile));
  }

  const Cell& cell_;
  const std::string& suite_;
  std::uint32_t repetition_;
  Session& session_;
  bool interrupted_ = false;
  std::optional<Record> failed_;
  std::optional<Record> best_;
  results::Validation counted_;
  std::vector<std::string> steps_;
};

}  // namespace

std::optional<RateFound> searchRate(const RateRange& range,
                                    const std::function<std::optional<bool>(double)>& holds) {
  Bracket bracket(range);
  for (int tried = 0; tried < kMaxRates; ++tried) {
    const std::optional<double> rate = bracket.next();
    if (!rate) break;
    const std::optional<bool> held = holds(*rate);
    if (!held) return std::nullopt;
    bracket.learn(*rate, *held);
  }
  return bracket.found();
}

std::optional<Record> searchSlo(const Cell& cell, const std::string& suite,
                                std::uint32_t repetition, Session& session) {
  return SloSearch(cell, suite, repetition, session).run();
}

}  // namespace ringside::harness
