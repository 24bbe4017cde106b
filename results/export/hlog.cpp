// HdrHistogram's log (.hlog), format 1.3 as its Java library writes it: a line for each repetition
// and histogram, under the tag "cell:histogram". Column 2 is the length of the interval.
#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <ctime>

#include "results/export/cell_figures.hpp"
#include "results/hdr_codec.hpp"

namespace ringside::results {
namespace {

constexpr double kNsPerUnit = 1e6;  // the interval's maximum in ms
/// HdrHistogram_c reads no longer ones in front of the first interval.
constexpr std::size_t kLongestComment = 127;

double epochSeconds(std::chrono::system_clock::time_point time) {
  return std::chrono::duration<double>(time.time_since_epoch()).count();
}

/// "Sun Nov 22 08:12:00 UTC 2026", as Java writes a date.
std::string javaDate(std::chrono::system_clock::time_point time) {
  return fmt::format("{:%a %b %d %H:%M:%S UTC %Y}",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

/// "#[text]" with its line end, cut between two characters where it is too long.
std::string comment(std::string text) {
  constexpr std::size_t kFrame = 3 + 1;  // "#[]" and the line end
  constexpr std::string_view kMore = "...";
  std::ranges::replace(text, '\n', ' ');
  if (text.size() > kLongestComment - kFrame) {
    std::size_t end = kLongestComment - kFrame - kMore.size();
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
    text = text.substr(0, end).append(kMore);
  }
  return fmt::format("#[{}]\n", text);
}

/// A tag ends at a comma, and readers split at blanks and line ends.
std::string tagOf(const std::string& cell, const std::string& histogram) {
  std::string tag = cell + ":" + histogram;
  std::ranges::replace_if(
      tag, [](char c) { return c == ',' || static_cast<unsigned char>(c) <= ' '; }, '_');
  return tag;
}

class Hlog final : public Exporter {
 public:
  explicit Hlog(const ExportTerms& terms) : terms_(terms) {}

  void add(const Record& record) override {
    if (record.status != Status::Ok) {
      comments_ += comment(fmt::format("not ok: {}, repetition {} of {}", outcomeOf(record),
                                       record.repetition, record.cell));
      return;
    }
    bool has_one = false;
    for (const auto& [name, histogram] : record.histograms) {
      if (!histogram || !terms_.wants(name)) continue;
      has_one = true;
      intervals_ += fmt::format(
          "Tag={},{:.3f},{:.3f},{:.3f},{}\n", tagOf(record.cell, name), measured_s_, record.seconds,
          static_cast<double>(histogram->max()) / kNsPerUnit, encodeHdr(*histogram));
    }
    if (!has_one) {
      comments_ +=
          comment(fmt::format("no histogram: repetition {} of {}", record.repetition, record.cell));
    }
    measured_s_ += record.seconds;
  }

  std::vector<ExportedFile> files() const override {
    const RunFacts& facts = terms_.facts;
    const double began_s = epochSeconds(facts.began);
    std::string text = comment(fmt::format("ringside {}, {}", facts.version, facts.bundle)) +
                       comment("Records say how long they took, and not when they began:") +
                       comment("a start is the sum of the measured phases before it.") + comments_ +
                       "#[Histogram log format version 1.3]\n";
    text += fmt::format("#[StartTime: {:.3f} (seconds since epoch), {}]\n", began_s,
                        javaDate(facts.began));
    text += fmt::format("#[BaseTime: {:.3f} (seconds since epoch)]\n", began_s);
    text +=
        "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\","
        "\"Interval_Compressed_Histogram\"\n";
    return {{"histograms.hlog", text + intervals_}};
  }

 private:
  ExportTerms terms_;
  std::string comments_;
  std::string intervals_;
  double measured_s_ = 0;  // of all records before
};

}  // namespace

std::unique_ptr<Exporter> makeHlog(const ExportTerms& terms) {
  return std::make_unique<Hlog>(terms);
}

}  // namespace ringside::results
