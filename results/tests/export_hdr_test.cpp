// Exports that HdrHistogram's tools read, beside what its own code writes.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "results/hdr_codec.hpp"
#include "results/tests/export_records.hpp"

namespace ringside::results {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

std::vector<std::string> linesWith(const std::string& text, const std::string& beginning) {
  std::vector<std::string> lines = linesOf(text);
  std::erase_if(lines, [&](const std::string& line) { return !line.starts_with(beginning); });
  return lines;
}

Record golden(std::uint32_t repetition = 0) {
  Record record = roundTrips(repetition, {});
  record.histograms["rtt_ns"] = goldenHistogram();
  return record;
}

/// The row that begins with this value, this percentile and this count.
std::string rowAt(const std::string& text, const std::string& beginning) {
  const std::vector<std::string> rows = linesWith(text, beginning);
  return rows.empty() ? "" : rows.front();
}

// --- hgrm ---------------------------------------------------------------------------------------

TEST(HgrmTest, BeginsWithItsHeadingsAndAnEmptyLine) {
  const Exported hgrm = exported("hgrm", {golden()});
  EXPECT_THAT(hgrm.text(),
              StartsWith("       Value     Percentile TotalCount 1/(1-Percentile)\n\n"));
}

TEST(HgrmTest, HasTheRowsOfTheGoldenVector) {
  const std::string text = exported("hgrm", {golden()}).text();
  const std::vector<std::string> lines = linesOf(text);
  ASSERT_GT(lines.size(), 3U);
  EXPECT_EQ(lines[2], "       0.001 0.000000000000          1           1.00");
  EXPECT_EQ(rowAt(text, "       1.000 0.5"),
            "       1.000 0.500000000000          4           2.00");
  EXPECT_EQ(rowAt(text, "       2.047 0.55"),
            "       2.047 0.550000000000          5           2.22");
  EXPECT_EQ(rowAt(text, "       2.049 0.65"),
            "       2.049 0.650000000000          6           2.86");
  EXPECT_EQ(rowAt(text, "       5.003 0.775"),
            "       5.003 0.775000000000          7           4.44");
  EXPECT_EQ(rowAt(text, "    1000.447 0.8875"),
            "    1000.447 0.887500000000          8           8.89");
}

TEST(HgrmTest, RoundsAPercentileAsJavaDoes) {
  Record record = roundTrips(0, {});
  for (int i = 0; i < 10000; ++i) record.histograms["rtt_ns"]->record(1);
  record.histograms["rtt_ns"]->record(2);
  const std::string text = exported("hgrm", {record}).text();
  EXPECT_THAT(text, HasSubstr(" 0.999780273438 ")) << "0.9997802734375";
}

TEST(HgrmTest, ItsLastRowHasNoFourthColumn) {
  const std::vector<std::string> lines = linesOf(exported("hgrm", {golden()}).text());
  ASSERT_GT(lines.size(), 5U);
  EXPECT_EQ(lines[lines.size() - 4], "    1000.447 1.000000000000          8");
}

TEST(HgrmTest, EndsWithTheFooterOfTheGoldenVector) {
  EXPECT_THAT(exported("hgrm", {golden()}).text(),
              EndsWith("#[Mean    =      126.311, StdDeviation   =      330.299]\n"
                       "#[Max     =     1000.447, Total count    =            8]\n"
                       "#[Buckets =           32, SubBuckets     =         2048]\n"));
}

TEST(HgrmTest, TakesTheRepetitionsOfACellTogether) {
  const Exported hgrm = exported("hgrm", {golden(0), golden(1)});
  EXPECT_THAT(hgrm.text(), HasSubstr("Total count    =           16]"));
}

TEST(HgrmTest, HasAFileForEachCellAndHistogramUnderAPlainName) {
  Record both = golden();
  both.histograms["one_way_ns"] = goldenHistogram();
  const Exported hgrm = exported("hgrm", {both});
  ASSERT_EQ(hgrm.files.size(), 2U);
  EXPECT_EQ(hgrm.files[0].name, "quick_round-trip_spsc_1p1c_el=64_cap=144_same_l3.one_way_ns.hgrm");
  EXPECT_EQ(hgrm.files[1].name, "quick_round-trip_spsc_1p1c_el=64_cap=144_same_l3.rtt_ns.hgrm");
}

TEST(HgrmTest, CellsWhoseNamesLookAlikeDoNotShareAFile) {
  Record other = golden();
  other.cell[other.cell.find('/')] = '_';
  const Exported hgrm = exported("hgrm", {golden(), other});
  ASSERT_EQ(hgrm.files.size(), 2U);
  EXPECT_NE(hgrm.files[0].name, hgrm.files[1].name);
}

TEST(HgrmTest, HasOnlyTheHistogramsThatAreWanted) {
  Record both = golden();
  both.histograms["one_way_ns"] = goldenHistogram();
  ExportTerms terms = exportTerms();
  terms.only = {"one_way_ns"};
  const Exported hgrm = exported("hgrm", {both}, terms);
  ASSERT_EQ(hgrm.files.size(), 1U);
  EXPECT_THAT(hgrm.files[0].name, EndsWith(".one_way_ns.hgrm"));
}

TEST(HgrmTest, SaysWhatIsNotInIt) {
  const Exported hgrm = exported(
      "hgrm", {golden(0), notOk(golden(1), Status::Failed, "consumer 0 was killed"), rate(0, 9)});
  EXPECT_THAT(hgrm.text(), HasSubstr("Total count    =            8]"));
  EXPECT_THAT(
      hgrm.left_out,
      ElementsAre(
          HasSubstr("1 of 3 repetitions is not ok, and not in it; the first: " + kRoundTripCell +
                    " repetition 1, failed: consumer 0 was killed"),
          HasSubstr("1 of the cells has no histogram of that kind; the first: " + kRateCell)));
}

// --- hlog ---------------------------------------------------------------------------------------

TEST(HlogTest, HasTheHeaderOfFormat13) {
  const std::string text = exported("hlog", {golden()}).text();
  EXPECT_THAT(text, HasSubstr("\n#[Histogram log format version 1.3]\n"
                              "#[StartTime: 1795248720.000 (seconds since epoch), "
                              "Sat Nov 21 08:12:00 UTC 2026]\n"
                              "#[BaseTime: 1795248720.000 (seconds since epoch)]\n"
                              "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\","
                              "\"Interval_Compressed_Histogram\"\n"));
}

TEST(HlogTest, HasALineForEachRepetitionWithItsLengthAndItsMaximumInMs) {
  const std::string text = exported("hlog", {golden(0), golden(1)}).text();
  const std::string tag = "Tag=" + kRoundTripCell + ":rtt_ns,";
  const std::vector<std::string> intervals = linesWith(text, "Tag=");
  ASSERT_EQ(intervals.size(), 2U);
  EXPECT_THAT(intervals[0], StartsWith(tag + "0.000,0.500,1.000,HISTFAAAA"));
  EXPECT_THAT(intervals[1], StartsWith(tag + "0.500,0.500,1.000,HISTFAAAA"));
}

TEST(HlogTest, ItsPayloadIsTheHistogram) {
  const std::string text = exported("hlog", {golden()}).text();
  const std::string line = linesWith(text, "Tag=").at(0);
  const auto decoded = std::make_unique<Histogram>();
  decodeHdr(line.substr(line.rfind(',') + 1), *decoded);
  EXPECT_EQ(decoded->count(), 8U);
  EXPECT_EQ(decoded->max(), 1'000'447U);
}

TEST(HlogTest, ATagHasNoBlankCommaOrLineEnd) {
  Record record = golden();
  record.cell = "a suite/cpus:0,1/x\ny";
  const std::string text = exported("hlog", {record}).text();
  EXPECT_THAT(linesWith(text, "Tag="),
              ElementsAre(StartsWith("Tag=a_suite/cpus:0_1/x_y:rtt_ns,0.000,")));
}

TEST(HlogTest, SaysInItsHeaderWhatIsNotOkAndWhatHasNoHistogram) {
  const std::string text =
      exported("hlog", {notOk(golden(1), Status::Invalid, "saturated"), rate(0, 9)}).text();
  EXPECT_THAT(text, HasSubstr("#[not ok: invalid: saturated, repetition 1 of " + kRoundTripCell));
  EXPECT_THAT(text, HasSubstr("#[no histogram: repetition 0 of " + kRateCell));
  EXPECT_THAT(linesWith(text, "Tag="), IsEmpty());
}

TEST(HlogTest, NoLineOfItsHeaderIsTooLongForTheCReader) {
  const std::string reason(300, 'x');
  const std::string text =
      exported("hlog", {notOk(golden(), Status::Failed, reason + "\nµµµµ")}).text();
  for (const std::string& line : linesWith(text, "#")) EXPECT_LT(line.size(), 128U) << line;
  EXPECT_THAT(text, HasSubstr("xxx...]\n"));
}

TEST(HlogTest, ACommentIsCutBetweenTwoCharacters) {
  for (int more = 0; more < 4; ++more) {
    const std::string reason =
        std::string(static_cast<std::size_t>(80 + more), 'x') + "€€€€€€€€€€€€";
    const std::string text = exported("hlog", {notOk(golden(), Status::Failed, reason)}).text();
    const std::string cut = linesWith(text, "#[not ok").at(0);
    EXPECT_THAT(cut, EndsWith("€...]")) << more;
  }
}

}  // namespace
}  // namespace ringside::results
