#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "harness/contest_report.hpp"

namespace ringside::harness {
namespace {

using results::Record;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

/// What one queue did in one round, at one size.
struct Done {
  std::string queue;
  std::uint64_t bytes = 64;
  double messages_per_s = 0;
};

Record recordOf(const Done& done, std::uint32_t round) {
  Record record;
  record.repetition = round;
  record.axes.workload = "throughput";
  record.axes.queue = done.queue;
  record.axes.element_size_bytes = done.bytes;
  record.axes.capacity = 1024;
  record.axes.placement = "same_l3";
  record.metrics["messages_per_s"] = done.messages_per_s;
  record.obtained.emplace();
  record.obtained->canary = {.before_ns = 26, .after_ns = 27};
  return record;
}

std::vector<Record> sevenRounds() {
  std::vector<Record> records;
  for (std::uint32_t round = 0; round < 7; ++round) {
    for (const Done& done :
         {Done{"spsc", 64, 98e6}, Done{"ck_spsc", 64, 49e6}, Done{"pipe", 64, 2e6},
          Done{"spsc", 8, 500e6}, Done{"ck_spsc", 8, 250e6}}) {
      records.push_back(recordOf(done, round));
    }
    records.push_back(recordOf({"careless", 64, 980e6}, round));
    records.back().gives_up = "order within a producer";
  }
  return records;
}

ContestTerms termsOf(double at_least) {
  ContestTerms terms{.subjects = {"spsc"}, .expectations = {}};
  terms.expectations.push_back({.subject = "spsc",
                                .workload = "throughput",
                                .metric = {},
                                .where = {{findAxis("element_size_bytes"), {std::uint64_t{64}}}},
                                .against = {},
                                .asks_everyone = false,
                                .at_least = at_least});
  return terms;
}

const RunPlace kPlace{"Fine CPU, 2 cores", "2026-11-22", "ringside 1.0"};

std::string rendered(Format format, const std::vector<Record>& records = sevenRounds(),
                     double at_least = 1.5) {
  return renderContest(judgeContest(termsOf(at_least), records), kPlace, format);
}

TEST(ContestTableTest, HasEachSubjectBesideTheBestComparator) {
  const std::string text = rendered(Format::Table);
  EXPECT_THAT(text, HasSubstr("throughput, messages/s: subjects against the best comparator"));
  EXPECT_THAT(text, ::testing::ContainsRegex("spsc +1p1c +64 +1024 +98.0 M +ck_spsc +49.0 M +2.00 "
                                             "\\[2.00–2.00\\] +2.60 +7"));
}

TEST(ContestTableTest, HasAllQueuesOfAShapeWithTheirRatiosSmallSizesFirst) {
  const std::string text = rendered(Format::Table);
  EXPECT_THAT(text, HasSubstr("throughput, messages/s, 1p1c, capacity 1024: value, ratio"));
  EXPECT_THAT(text, ::testing::ContainsRegex("queue +8 B +64 B"));
  EXPECT_THAT(text, ::testing::ContainsRegex("ck_spsc +250 M 1.00 +49.0 M 1.00"));
  EXPECT_THAT(text, ::testing::ContainsRegex("pipe +2.00 M 0.04"));
  EXPECT_THAT(text, ::testing::ContainsRegex("careless +980 M 20.0 +gives something up"));
  EXPECT_THAT(text, HasSubstr("careless: order within a producer"));
}

TEST(ContestTableTest, SaysWhatIsMetAndWhatIsNot) {
  EXPECT_THAT(rendered(Format::Table), ::testing::ContainsRegex(" 1.50 .* 7  met\n"));
  EXPECT_THAT(rendered(Format::Table, sevenRounds(), 2.5),
              ::testing::ContainsRegex(" 2.50 .* 7  not met\n"));
}

TEST(ContestTableTest, SaysWhichExpectationsHaveNoCell) {
  ContestTerms terms = termsOf(1.5);
  terms.expectations[0].where = {{findAxis("element_size_bytes"), {std::uint64_t{4096}}}};
  const std::string text = renderContest(judgeContest(terms, sevenRounds()), kPlace, Format::Table);
  EXPECT_THAT(text, HasSubstr("1 of 1 expectation not looked at"));
}

TEST(ContestTableTest, SaysWhatTheCanarySawAndWhatFailed) {
  std::vector<Record> records = sevenRounds();
  records[0].obtained->canary = {.before_ns = 112, .after_ns = 110};
  records[1].obtained->canary = {.before_ns = 26, .after_ns = 110};
  records[2].status = results::Status::Failed;
  records[2].reason = "integrity: 7 lost";
  const std::string text = rendered(Format::Table, records);
  EXPECT_THAT(text, HasSubstr("same_l3: a cache line is handed over in 26 ns (26–27 ns) in 96 % of "
                              "84 readings, else in 110–112 ns"));
  EXPECT_THAT(text, HasSubstr("1 repetition of another placement, 1 in which it changed"));
  EXPECT_THAT(text, HasSubstr("pipe: 1 repetition failed, 0 invalid, such as integrity: 7 lost"));
}

TEST(ContestTableTest, TellsWaitsApartWhereThereAreSeveral) {
  std::vector<Record> records = sevenRounds();
  Record asleep = recordOf({"spsc", 64, 90e6}, 0);
  asleep.axes.wait = "block";
  records.push_back(asleep);
  const std::string text = rendered(Format::Table, records);
  EXPECT_THAT(
      text, AllOf(HasSubstr("spsc block"), HasSubstr("spsc spin"), Not(HasSubstr("ck_spsc spin"))));
}

TEST(ContestTableTest, InMarkdownIsOneBlockWithMachineDateRoundsAndPlacement) {
  const std::string text = rendered(Format::Markdown);
  EXPECT_THAT(text, ::testing::StartsWith("Measured on Fine CPU, 2 cores; 2026-11-22; 7 rounds, "
                                          "interleaved; placement same_l3 (a cache line is handed "
                                          "over in 26 ns); ringside 1.0.\n\n|  | 8 B | 64 B |\n"));
  EXPECT_THAT(text, HasSubstr("| spsc: throughput, 1p1c, capacity 1024 | 500 M, 2.00 [2.00–2.00] × "
                              "ck_spsc | 98.0 M, 2.00 [2.00–2.00] × ck_spsc |\n"));
  EXPECT_THAT(text, HasSubstr("No comparators, for what they give up: careless: order"));
}

TEST(ContestTableTest, InMarkdownSaysWhatIsNotKnown) {
  const std::string text =
      renderContest(judgeContest(termsOf(1), sevenRounds()), RunPlace{}, Format::Markdown);
  EXPECT_THAT(text, HasSubstr("a machine that is not known; date not known"));
}

TEST(ContestTableTest, InJsonHasEveryEntrantAndEveryExpectation) {
  const auto json = nlohmann::json::parse(rendered(Format::Json));
  EXPECT_EQ(json["entrants"].size(), 6U);
  EXPECT_EQ(json["machine"], "Fine CPU, 2 cores");
  EXPECT_EQ(json["rounds"], 7);
  EXPECT_EQ(json["handoffs"][0]["is_of_run"], true);
  ASSERT_EQ(json["expectations"].size(), 1U);
  EXPECT_EQ(json["expectations"][0]["fulfilment"], "met");
  EXPECT_EQ(json["expectations"][0]["against"], "ck_spsc");
  for (const auto& entrant : json["entrants"]) {
    if (entrant["queue"] != "careless") continue;
    EXPECT_EQ(entrant["role"], "gives something up");
    EXPECT_EQ(entrant["ratio"], 20.0);
  }
}

TEST(ContestTableTest, InCsvHasALineAnEntrant) {
  std::istringstream lines(rendered(Format::Csv));
  std::string line;
  std::vector<std::size_t> commas;
  while (std::getline(lines, line)) {
    commas.push_back(static_cast<std::size_t>(std::count(line.begin(), line.end(), ',')));
  }
  ASSERT_EQ(commas.size(), 7U);
  EXPECT_THAT(commas, ::testing::Each(commas[0]));
}

TEST(ContestTableTest, OfNothingSaysSo) {
  EXPECT_EQ(rendered(Format::Table, {}), "nothing was measured\n");
  EXPECT_EQ(rendered(Format::Csv, {}), "");
}

TEST(RunPlaceTest, IsReadFromTheEnvironmentOfTheBundle) {
  const RunPlace place = placeOf(
      R"({"machine":{"time_utc":"2026-11-22T01:02:03Z","hypervisor":"yes"},
          "cpu":{"model":"Fine CPU"},"topology":{"summary":"2 cores"},"kernel":{"release":null},
          "build":{"version":"0.1.0","compiler":"GNU 12"}})");
  EXPECT_EQ(place.machine, "Fine CPU, 2 cores, virtual machine");
  EXPECT_EQ(place.date, "2026-11-22");
  EXPECT_EQ(place.build, "ringside 0.1.0, GNU 12");
  EXPECT_EQ(placeOf("no JSON").machine, "");
}

}  // namespace
}  // namespace ringside::harness
