#include "harness/response_table.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace ringside::harness {
namespace {

using results::CellSummary;
using ::testing::HasSubstr;
using ::testing::Not;

CellSummary pacedCell() {
  CellSummary cell;
  cell.cell = "s/paced/spsc/1p1c/el=64/cap=144/same_l3/rate=100000";
  cell.axes.workload = "paced";
  cell.axes.queue = "spsc";
  cell.axes.placement = "same_l3";
  cell.axes.rate_per_s = 100'000;
  cell.axes.arrivals = "poisson";
  const auto set = [&](const char* name, double value) { cell.metrics[name].median = value; };
  set("messages", 20'000);
  set("response_ns_p50", 250);
  set("response_ns_p99", 40e6);
  set("response_ns_p99_clean", 310);
  set("service_ns_p50", 70);
  set("service_ns_p99", 900);
  set("disturbed_fraction", 0.063);
  set("late_fraction", 0.0625);
  set("clock_bound_ns", 85);
  set("tail_is_machine", 1);
  return cell;
}

TEST(ResponseTableTest, ShowsResponseAndServiceBesideTheUndisturbed) {
  const std::string text = renderResponse({pacedCell()}, Format::Table);
  for (const char* words :
       {"response", "service", "40.0 ms", "310 ns", "900 ns", "6.3 %", "± 85 ns", "machine"}) {
    EXPECT_THAT(text, HasSubstr(words));
  }
}

TEST(ResponseTableTest, ShowsTheRateWhereItVaries) {
  CellSummary other = pacedCell();
  other.axes.rate_per_s = 5'000;
  EXPECT_THAT(renderResponse({pacedCell()}, Format::Table), Not(HasSubstr("rate/s")));
  const std::string text = renderResponse({pacedCell(), other}, Format::Table);
  for (const char* words : {"rate/s", "100 k", "5.00 k"}) EXPECT_THAT(text, HasSubstr(words));
}

TEST(ResponseTableTest, WhatTheClocksCannotTellStandsAsBelowTheBound) {
  const std::string text = renderResponse({pacedCell()}, Format::Table);
  EXPECT_THAT(text, HasSubstr("< 85 ns"));
  EXPECT_THAT(text, Not(HasSubstr("70 ns")));
}

TEST(ResponseTableTest, ShowsOneWayTimesAsMultiplesOfTheFloorUnlessTheClocksCannotTell) {
  CellSummary cell = pacedCell();
  EXPECT_THAT(renderResponse({cell}, Format::Table), Not(HasSubstr("×floor")));
  cell.metrics["floor_ns"].median = 50;
  cell.metrics["response_over_floor"].median = 5;
  EXPECT_THAT(renderResponse({cell}, Format::Table), HasSubstr(" 5.0 "));
  cell.metrics["response_over_floor"].median = 1.1;
  EXPECT_THAT(renderResponse({cell}, Format::Table), HasSubstr("< 1.7"));
}

TEST(ResponseTableTest, NamesTheQueueWhereItIsToBlame) {
  CellSummary cell = pacedCell();
  cell.metrics["tail_is_machine"].median = 0;
  const std::string table = renderResponse({cell}, Format::Table);
  EXPECT_THAT(table.substr(0, table.find("* without")), Not(HasSubstr("machine")));
}

TEST(ResponseTableTest, HasNoP99OfTooFewMessages) {
  CellSummary cell = pacedCell();
  cell.metrics["messages"].median = 99;
  EXPECT_THAT(renderResponse({cell}, Format::Table), Not(HasSubstr("40.0 ms")));
}

TEST(ResponseTableTest, IsNotThereWithoutSuchTimes) {
  CellSummary cell = pacedCell();
  cell.metrics = {{"messages_per_s", {}}};
  EXPECT_EQ(renderResponse({cell}, Format::Table), "");
  EXPECT_EQ(renderResponse({}, Format::Markdown), "");
}

TEST(ResponseTableTest, GivesProgramsEveryFigureOrNull) {
  nlohmann::ordered_json json;
  putResponse(pacedCell(), json);
  EXPECT_EQ(json["response_ns_p50"], 250);
  EXPECT_EQ(json["tail_is_machine"], 1);
  EXPECT_TRUE(json["rtt_ns_p50"].is_null());
  EXPECT_TRUE(json["slo_rate_per_s"].is_null());
}

TEST(ResponseTableTest, TellsCellsApartByWhatHasNoColumn) {
  CellSummary blocks = pacedCell();
  blocks.cell += "/wait=block";
  const std::string text = renderResponse({pacedCell(), blocks}, Format::Table);
  EXPECT_THAT(text, HasSubstr("wait=block"));
  EXPECT_THAT(text, Not(HasSubstr("rate=100000")));
  EXPECT_THAT(renderResponse({pacedCell()}, Format::Table), Not(HasSubstr("with ")));
}

}  // namespace
}  // namespace ringside::harness
