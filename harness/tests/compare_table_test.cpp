#include "harness/compare/compare_table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "compared_bundles.hpp"

namespace ringside::harness {
namespace {

using results::Record;
using ::testing::AllOf;
using ::testing::ContainsRegex;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kCell = "made/throughput/spsc/1p1c/el=64/cap=144/same_l3";

/// Round trips in another cell, with a histogram.
std::vector<Record> roundTrips(std::uint64_t rtt_ns) {
  std::vector<Record> records = madeRecords(1e6);
  for (Record& record : records) {
    record.cell = "made/round-trip/spsc/1p1c";
    record.axes.workload = "ping_pong";
    record.histograms["rtt_ns"] = std::make_shared<results::Histogram>();
    for (int i = 0; i < 100; ++i) record.histograms["rtt_ns"]->record(rtt_ns + record.repetition);
  }
  return records;
}

std::vector<Record> bothOf(std::vector<Record> records, const std::vector<Record>& more) {
  records.insert(records.end(), more.begin(), more.end());
  return records;
}

/// A: twice as fast, with a cell that B does not have. B: one repetition of another cell failed.
class CompareTableTest : public ::testing::Test {
 protected:
  CompareTableTest() {
    std::vector<Record> alone = madeRecords(3e6);
    for (Record& record : alone) record.cell = "made/throughput/alone/1p1c";
    std::vector<Record> failed = roundTrips(200);
    failed[1].status = results::Status::Failed;
    failed[1].reason = "2 messages lost";
    request_.bundles = {
        bundles_.add("a", bothOf(bothOf(madeRecords(2e6), roundTrips(100)), alone)),
        bundles_.add("b", bothOf(madeRecords(1e6), failed), {.binary_hash = "bbbbbbbbbbbbbbbb"})};
  }

  std::string rendered(Format format, Distributions distributions = Distributions::Hide) const {
    return renderComparison(compareBundles(request_), format, distributions);
  }

  MadeBundles bundles_;
  CompareRequest request_;
};

TEST_F(CompareTableTest, BeginsWithTheBundlesAndWhatDiffersBetweenThem) {
  const std::string text = rendered(Format::Table);
  EXPECT_THAT(text, ContainsRegex("\nA  .*/a  2026-11-22 08:12:00  15\nB  .*/b  2026-11-22 "));
  EXPECT_THAT(text, ContainsRegex("\ndiffers +A +B\nbinary_hash +a+ +b+\n"));
}

TEST_F(CompareTableTest, HasARowForEachMetricWithValuesRatioAndVerdict) {
  EXPECT_THAT(rendered(Format::Table),
              ContainsRegex("cap=144/same_l3\n  messages_per_s +2.00 M +1.00 M +0.500 "
                            "\\[0.49[0-9]–0.50[0-9]\\]  worse\n"));
}

TEST_F(CompareTableTest, SaysOfACellWhyItIsInvalidAndShowsItsValues) {
  const std::string text = rendered(Format::Table);
  EXPECT_THAT(text, HasSubstr("made/round-trip/spsc/1p1c\n"
                              "  invalid: B: 1 of 5 repetitions failed: 2 messages lost\n"));
  EXPECT_THAT(text, ContainsRegex("\n  rtt_ns_p50 +102 ns +202 ns .* invalid\n"));
}

TEST_F(CompareTableTest, ListsCellsOfOneSideAndCountsVerdicts) {
  const std::string text = rendered(Format::Table);
  EXPECT_THAT(text, HasSubstr("\n  made/throughput/alone/1p1c: B has no such cell\n"));
  EXPECT_THAT(text, ContainsRegex("\n[0-9]+ comparisons of 2 cells: 1 worse, [0-9]+ invalid\n"));
}

TEST_F(CompareTableTest, NumbersReasonsThatTheLegendDoesNotGive) {
  request_.bundles = {bundles_.add("few", madeRecords(1e6, 2)),
                      bundles_.add("fewer", madeRecords(1e6, 1))};
  const std::string text = rendered(Format::Table);
  EXPECT_THAT(text, HasSubstr("inconclusive [1]\n"));
  EXPECT_THAT(text, HasSubstr("\n[1] 2 and 1 repetitions: an interval covers with"));
  request_.bundles = {bundles_.add("one", madeRecords(1e6, 1)),
                      bundles_.add("more", madeRecords(1e6, 1))};
  EXPECT_THAT(rendered(Format::Table), ContainsRegex("1.00 M +1.000  inconclusive"));
}

TEST_F(CompareTableTest, SaysOfAnIntervalOfTooFewRepetitionsHowLittleItCovers) {
  EXPECT_THAT(rendered(Format::Table), Not(HasSubstr("; 90 %")));
  std::vector<Record> rates = madeRecords(2e6, 3);
  std::vector<Record> times = roundTrips(100);
  times.resize(3);
  const auto few = bundles_.add("few", bothOf(rates, times));
  const MadeMachine other = {.cpu = "Other CPU", .fingerprint = "2222222222222222"};
  for (const auto& [name, machine] : {std::pair{"same", MadeMachine{}}, {"other", other}}) {
    request_.bundles = {few, bundles_.add(name, bothOf(rates, times), machine)};
    const std::string text = rendered(Format::Table, Distributions::Show);
    EXPECT_THAT(text, ContainsRegex("messages_per_s .* 1.000 \\[0.99.–1.00.; 90 %\\]")) << name;
    EXPECT_THAT(text, ContainsRegex("rtt_ns_p10 .* 1.000 \\[0.9..–1.0..; 90 %\\]")) << name;
    EXPECT_THAT(text, HasSubstr("\n[…; 90 %]: of so few repetitions")) << name;
  }
}

TEST_F(CompareTableTest, SaysWhichPlacementCellsOfTwoMachinesHad) {
  std::vector<Record> elsewhere = madeRecords(1e6);
  for (Record& record : elsewhere) {
    record.axes.placement = "same_l2";
    record.cell = "made/throughput/spsc/1p1c/el=64/cap=144/same_l2";
  }
  const MadeMachine other = {.cpu = "Other CPU", .fingerprint = "2222222222222222"};
  request_.bundles = {bundles_.add("here", madeRecords(2e6)),
                      bundles_.add("there", elsewhere, other)};
  EXPECT_THAT(
      rendered(Format::Table),
      HasSubstr(std::string(kCell) +
                "\n  B: its placement is same_l2, not same_l3; all else is the same cell\n"));
}

TEST_F(CompareTableTest, HasDistributionsWhenAskedFor) {
  EXPECT_THAT(rendered(Format::Table), Not(HasSubstr("rtt_ns_p10 ")));
  const std::string text = rendered(Format::Table, Distributions::Show);
  EXPECT_THAT(text, ContainsRegex("\n  rtt_ns_p10 +102 ns +202 ns +1.98. \\[1.9..–2.0..\\]\n"));
  EXPECT_THAT(text, ContainsRegex("\n  rtt_ns_p90 "));
}

TEST_F(CompareTableTest, OfSeveralCandidatesHasARowEach) {
  request_.bundles.push_back(bundles_.add("c", madeRecords(4e6)));
  const std::string text = rendered(Format::Table);
  EXPECT_THAT(text, ContainsRegex("\n +A +beside it +value +ratio to A +verdict\n"));
  EXPECT_THAT(text, ContainsRegex("  messages_per_s +2.00 M +B +1.00 M +0.500 .* worse\n"
                                  " +C +4.0[01] M +2.00. .* better\n"));
  EXPECT_THAT(text, HasSubstr("  missing: C has no such cell\n"));
}

TEST_F(CompareTableTest, BetweenMachinesHasMultiplesOfEachFloorAndNoVerdict) {
  const auto withFloor = [](std::vector<Record> records, double floor_ns) {
    for (Record& record : records) record.metrics["floor_ns"] = floor_ns;
    return records;
  };
  const MadeMachine other = {.cpu = "Other CPU", .fingerprint = "2222222222222222"};
  request_.bundles = {bundles_.add("here", withFloor(madeRecords(2e6), 50)),
                      bundles_.add("there", withFloor(madeRecords(1e6), 100), other)};
  const std::string text = rendered(Format::Table);
  EXPECT_THAT(text, ContainsRegex("A ×floor +B ×floor +ratio of these +verdict\n"));
  EXPECT_THAT(text, ContainsRegex("0.500 \\[[^]]*\\] +0.1 +0.1 +1.000 \\[[^]]*\\]\n"));
  EXPECT_THAT(text, HasSubstr("between-machine, confounded with time and neighbours"));
  EXPECT_THAT(text, HasSubstr("1 comparison of 1 cell: nothing is judged\n"));
  EXPECT_THAT(text, Not(HasSubstr("worse\n")));
}

TEST_F(CompareTableTest, OnATerminalItIsColouredAndLeavesOutMultiplesFirst) {
  std::vector<Record> records = madeRecords(2e6);
  for (Record& record : records) record.metrics["floor_ns"] = 50;
  const MadeMachine other = {.cpu = "Other CPU", .fingerprint = "2222222222222222"};
  const auto shown = [&] {
    return renderComparison(compareBundles(request_), Format::Table, Distributions::Hide,
                            {.columns = 66, .colour = Colour::Yes});
  };
  EXPECT_THAT(shown(), HasSubstr("  \x1b[31mworse\x1b[0m\n"));
  request_.bundles = {bundles_.add("here", records), bundles_.add("there", records, other)};
  EXPECT_THAT(shown(), HasSubstr("Left out for want of columns: B ×floor, A ×floor.\n"));
}

TEST_F(CompareTableTest, ShortensLongFactsToTheWordsThatDiffer) {
  const std::string before = "console=ttyS0 quiet reboot=k panic=1 nomodule mitigations=";
  request_.bundles = {
      bundles_.add("on", madeRecords(1e6), {.command_line = before + "auto swiotlb=noforce"}),
      bundles_.add("off", madeRecords(1e6), {.command_line = before + "off swiotlb=noforce"}),
      bundles_.add("none", madeRecords(1e6), {.command_line = "quiet"})};
  const std::string text = rendered(Format::Table);
  EXPECT_THAT(text, ContainsRegex("command_line +console=ttyS0 .*mitigations=off.* +quiet\n"));
  request_.bundles.pop_back();
  EXPECT_THAT(rendered(Format::Table),
              HasSubstr("command_line  … mitigations=auto …  … mitigations=off …\n"));
}

TEST_F(CompareTableTest, AsMarkdownHasATableForEachCell) {
  const std::string text = rendered(Format::Markdown);
  EXPECT_THAT(text, HasSubstr("| differs | A | B |\n"));
  EXPECT_THAT(
      text, HasSubstr(std::string("#### ") + kCell + "\n\n|  | A | B | ratio to A | verdict |\n"));
  EXPECT_THAT(text, HasSubstr("\n- made/throughput/alone/1p1c: B has no such cell\n"));
}

TEST_F(CompareTableTest, AsJsonHasEverything) {
  const auto json = nlohmann::json::parse(rendered(Format::Json));
  EXPECT_EQ(json["margin_percent"], 5.0);
  EXPECT_EQ(json["by"], nullptr);
  EXPECT_EQ(json["bundles"][1]["records"], 10);
  EXPECT_EQ(json["differences"][0]["values"]["B"], "bbbbbbbbbbbbbbbb");
  EXPECT_EQ(json["sides"][1]["is_judged"], true);
  const auto& cell = json["cells"][0];
  EXPECT_EQ(cell["cell"], kCell);
  EXPECT_EQ(cell["metrics"][0]["values"][1]["repetitions"], 5);
  const auto& ratio = cell["metrics"][0]["ratios"][0];
  EXPECT_EQ(ratio["verdict"], "worse");
  EXPECT_EQ(ratio["reason"], "the whole interval lies below 1");
  EXPECT_LT(ratio["ratio_low"], ratio["ratio_high"]);
  EXPECT_EQ(json["cells"][1]["distribution"][0]["metric"], "rtt_ns_p10");
  EXPECT_EQ(json["cells"][1]["sides"][1]["failed"], 1);
  EXPECT_EQ(json["cells"][2]["sides"][1]["verdict"], "missing");
}

TEST_F(CompareTableTest, AsCsvHasALineForEachMetricOfEachCandidate) {
  std::istringstream lines(rendered(Format::Csv));
  std::string headings;
  std::getline(lines, headings);
  EXPECT_THAT(headings, AllOf(HasSubstr("cell,metric,unit,better,baseline,candidate,"),
                              HasSubstr(",verdict,reason")));
  std::string first;
  std::getline(lines, first);
  EXPECT_THAT(first, AllOf(HasSubstr(kCell), HasSubstr("\"worse\"")));
  EXPECT_THAT(rendered(Format::Csv, Distributions::Show), HasSubstr("\"rtt_ns_p10\""));
}

}  // namespace
}  // namespace ringside::harness
