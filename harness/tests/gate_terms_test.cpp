// [scenario.gate]: read, refused with file and line, written out again.
#include "harness/gate_terms.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/usage_error.hpp"
#include "scratch_suite.hpp"

namespace ringside::harness {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

/// [scenario.gate] stands in line 9, what it holds from line 10 on.
std::string suiteText(const std::string& gate, const std::string& workload) {
  return suiteWith("queue = \"spsc\"", workload) + "[scenario.gate]\n" + gate + "\n";
}

ScenarioGate gateOf(const std::string& gate, const std::string& workload = "ping_pong") {
  return ScratchSuite(suiteText(gate, workload)).read().scenarios.at(0).gate;
}

std::string refusalOf(const std::string& gate, const std::string& workload = "ping_pong") {
  try {
    gateOf(gate, workload);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "accepted";
}

MetricTerms termsOf(const ScenarioGate& gate, const std::string& name) {
  for (const MetricTerms& metric : gate.metrics) {
    if (metric.name == name) return metric;
  }
  ADD_FAILURE() << name << " is not among the metrics";
  return {};
}

std::vector<std::string> gatingOf(const ScenarioGate& gate) {
  std::vector<std::string> names;
  for (const MetricTerms& metric : gate.metrics) {
    if (metric.gates) names.push_back(metric.name);
  }
  return names;
}

TEST(GateTermsTest, AScenarioThatSaysNothingHasWhatIsUsualForItsWorkload) {
  const auto usual = [](const char* workload) {
    return gatingOf(
        ScratchSuite(suiteWith("queue = \"spsc\"", workload)).read().scenarios.at(0).gate);
  };
  EXPECT_THAT(usual("throughput"), ElementsAre("messages_per_s_robust"));
  EXPECT_THAT(usual("ping_pong"),
              ElementsAre("rtt_ns_p50_clean", "rtt_ns_p99_clean", "disturbed_fraction"));
  EXPECT_THAT(usual("duplex"), IsEmpty());
}

TEST(GateTermsTest, MarginAndBoundAreAsTheyAreWritten) {
  const ScenarioGate gate =
      gateOf("rtt_ns_p50_clean = { margin_percent = 2.5, pass_percent = 12 }");
  EXPECT_EQ(termsOf(gate, "rtt_ns_p50_clean").margin_percent, 2.5);
  EXPECT_EQ(termsOf(gate, "rtt_ns_p50_clean").pass_percent, 12);
}

TEST(GateTermsTest, WhatAMetricLeavesOutIsAsUsual) {
  const ScenarioGate gate = gateOf("rtt_ns_p99_clean = { margin_percent = 3 }");
  EXPECT_EQ(termsOf(gate, "rtt_ns_p99_clean").pass_percent, 8);
}

TEST(GateTermsTest, WhoNamesMetricsGatesThoseAlone) {
  const ScenarioGate gate = gateOf("rtt_ns_p99 = { pass_percent = 50 }");
  EXPECT_THAT(gatingOf(gate), ElementsAre("rtt_ns_p99"));
  EXPECT_EQ(gate.metrics.size(), gateableMetrics(Workload::PingPong).size())
      << "the others are still reported";
}

TEST(GateTermsTest, RequiredAloneLeavesTheUsualMetrics) {
  EXPECT_EQ(gatingOf(gateOf("required = false")).size(), 3U);
}

TEST(GateTermsTest, AMetricMayBeReportedOnly) {
  const ScenarioGate gate = gateOf(
      "rtt_ns_p50_clean = { report_only = true }\nrtt_ns_p99_clean = { report_only = false }");
  EXPECT_THAT(gatingOf(gate), ElementsAre("rtt_ns_p99_clean"));
}

// --- required -----------------------------------------------------------------------------------

TEST(GateTermsTest, AllCellsAreRequiredUnlessItSaysOtherwise) {
  EXPECT_TRUE(gateOf("").isRequired("any/cell"));
  EXPECT_TRUE(gateOf("required = true").isRequired("any/cell"));
  EXPECT_FALSE(gateOf("required = false").isRequired("any/cell"));
}

TEST(GateTermsTest, RequiredAreTheCellsWhoseNamesHaveOneOfTheParts) {
  const ScenarioGate gate = gateOf("required = [\"/spsc/\", \"el=64\"]");
  EXPECT_TRUE(gate.isRequired("s/one/spsc/1p1c/el=8"));
  EXPECT_TRUE(gate.isRequired("s/one/mpmc/1p1c/el=64"));
  EXPECT_FALSE(gate.isRequired("s/one/mpmc/1p1c/el=8"));
  EXPECT_FALSE(gateOf("required = []").isRequired("s/one/spsc"));
}

// --- refused ------------------------------------------------------------------------------------

TEST(GateTermsTest, AnUnknownMetricIsRefusedWithItsLineAndTheNearestOne) {
  EXPECT_THAT(refusalOf("\nrtt_ns_p50_claen = { margin_percent = 1 }"),
              AllOf(HasSubstr(".toml:11: "), HasSubstr("rtt_ns_p50_claen"),
                    HasSubstr("mean 'rtt_ns_p50_clean'")));
}

TEST(GateTermsTest, AMetricOfAnotherWorkloadIsRefused) {
  EXPECT_THAT(refusalOf("response_ns_p50_clean = { margin_percent = 1 }"),
              HasSubstr("response_ns_p50_clean"));
}

TEST(GateTermsTest, AnUnknownTermIsRefused) {
  EXPECT_THAT(refusalOf("rtt_ns_p50_clean = { margin = 1 }"),
              AllOf(HasSubstr(".toml:10: "), HasSubstr("margin_percent")));
}

TEST(GateTermsTest, ANumberInThePlaceOfTheTermsIsRefused) {
  EXPECT_THAT(refusalOf("rtt_ns_p50_clean = 5"),
              AllOf(HasSubstr(".toml:10: "), HasSubstr("is 5; it must be a table")));
}

TEST(GateTermsTest, ABoundThatIsNotAboveTheMarginIsRefused) {
  for (const char* terms : {"margin_percent = 5, pass_percent = 5",
                            "margin_percent = 6, pass_percent = 5", "margin_percent = 9"}) {
    EXPECT_THAT(refusalOf(fmt::format("rtt_ns_p50_clean = {{ {} }}", terms)),
                AllOf(HasSubstr(".toml:10: "), HasSubstr("not above its margin_percent")))
        << terms;
  }
}

TEST(GateTermsTest, WhatIsNoPercentageIsRefused) {
  for (const char* value : {"-1", "1001", "nan", "inf", "'1'", "true", "[1]"}) {
    EXPECT_THAT(refusalOf(fmt::format("rtt_ns_p50_clean = {{ margin_percent = {} }}", value)),
                AllOf(HasSubstr(".toml:10: "), HasSubstr("margin_percent"), HasSubstr("0 to 1000")))
        << value;
  }
}

TEST(GateTermsTest, WhatSaysNeitherYesNorNoIsRefused) {
  EXPECT_THAT(refusalOf("rtt_ns_p50_clean = { report_only = 1 }"),
              HasSubstr("report_only is 1; it must be true or false"));
  for (const char* value : {"1", "\"spsc\"", "[1]", "[\"\"]"}) {
    EXPECT_THAT(refusalOf(fmt::format("required = {}", value)),
                AllOf(HasSubstr(".toml:10: "), HasSubstr("parts of the names of the cells")))
        << value;
  }
}

TEST(GateTermsTest, AWorkloadThatCannotBeGatedIsRefusedWithThoseThatCan) {
  EXPECT_THAT(refusalOf("required = false", "duplex"),
              AllOf(HasSubstr(".toml:"), HasSubstr("throughput, ping_pong and paced")));
}

// --- written ------------------------------------------------------------------------------------

void expectSameTerms(const ScenarioGate& read, const ScenarioGate& meant) {
  ASSERT_EQ(read.metrics.size(), meant.metrics.size());
  for (std::size_t i = 0; i < meant.metrics.size(); ++i) {
    EXPECT_EQ(read.metrics[i].name, meant.metrics[i].name);
    EXPECT_EQ(read.metrics[i].margin_percent, meant.metrics[i].margin_percent);
    EXPECT_EQ(read.metrics[i].pass_percent, meant.metrics[i].pass_percent);
    EXPECT_EQ(read.metrics[i].gates, meant.metrics[i].gates);
  }
  EXPECT_EQ(read.all_required, meant.all_required);
  EXPECT_EQ(read.required_parts, meant.required_parts);
}

TEST(GateTermsTest, WhatIsWrittenOutIsReadAsTheSame) {
  for (const char* gate :
       {"", "required = false", "required = []", "required = [\"a\", \"it's \\\"b\\\" \\\\ c\"]",
        "rtt_ns_p99 = { margin_percent = 0.1, pass_percent = 33.3 }\nrequired = [\"spsc\"]"}) {
    const ScratchSuite file(suiteText(gate, "ping_pong"));
    const Suite suite = file.read();
    const std::string text = toToml(suite);
    const Suite again = ScratchSuite(text).read();
    expectSameTerms(again.scenarios.at(0).gate, suite.scenarios.at(0).gate);
  }
}

TEST(GateTermsTest, WhereNothingCanBeGatedNothingIsWritten) {
  EXPECT_EQ(toToml(usualGate(Workload::Duplex)), "");
  EXPECT_THAT(toToml(usualGate(Workload::Throughput)), Not(IsEmpty()));
}

}  // namespace
}  // namespace ringside::harness
