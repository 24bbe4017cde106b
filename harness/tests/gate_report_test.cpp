// A gate as people and programs read it, from results made by hand.
#include "harness/duet/gate_report.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdio.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>

#include "harness/duet/gate_bundle.hpp"
#include "results/tests/scratch_folder.hpp"

namespace ringside::harness {
namespace {

using nlohmann::json;
using results::ExitCode;
using results::GateVerdict;
using results::MetricVerdict;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr const char* kTime = "rtt_ns_p50_clean";

MetricVerdict verdictOf(const std::string& cell, GateVerdict verdict, double estimate = 0) {
  MetricVerdict found;
  found.metric = {.cell = cell, .name = kTime};
  found.verdict = verdict;
  found.reason = "a reason of " + cell;
  found.tested = true;
  found.first.assign(12, estimate);
  found.estimate = estimate;
  found.lower = estimate - 0.01;
  found.upper = estimate + 0.01;
  found.detectable = 0.02;
  return found;
}

GateResult resultOf(const std::vector<MetricVerdict>& verdicts, ExitCode code) {
  GateResult result;
  result.verdicts = verdicts;
  result.exit_code = code;
  result.blocks = 48;
  result.seconds = 12;
  for (const MetricVerdict& verdict : verdicts) {
    GateCellFacts facts;
    facts.cell = verdict.metric.cell;
    facts.blocks = 12;
    facts.values = {{kTime, {100, 105}}};
    result.cells.push_back(facts);
  }
  return result;
}

GateResult redResult() {
  return resultOf(
      {verdictOf("good", GateVerdict::Pass), verdictOf("open", GateVerdict::Inconclusive),
       verdictOf("bad", GateVerdict::Regressed, std::log(1.059)),
       verdictOf("fast", GateVerdict::Improved, std::log(0.9))},
      ExitCode::Regression);
}

GateHeading heading() {
  GateHeading said;
  said.suite = "gate";
  said.question = "Is it slower?";
  said.baseline = {{"label", "HEAD~1 (f3f19ec)"}, {"identity", "aaaa"}};
  said.candidate = {{"label", "worktree"}, {"identity", "bbbb"}};
  said.date = "2026-11-22T09:12:00Z";
  said.machine = "a machine; a build";
  said.seed = 7;
  return said;
}

/// That each comes after the one before it.
void expectInOrder(const std::string& text, const std::vector<std::string>& words) {
  std::size_t at = 0;
  for (const std::string& word : words) {
    const std::size_t found = text.find(word, at);
    EXPECT_NE(found, std::string::npos) << word << " in\n" << text.substr(at);
    if (found != std::string::npos) at = found;
  }
}

// --- in a line ----------------------------------------------------------------------------------

TEST(GateReportTest, ALineSaysTheOutcomeAndHowManyThereAreOfWhat) {
  EXPECT_EQ(gateSentence(redResult()), "red: 1 of 4 metrics regressed, 1 improved");
  EXPECT_EQ(gateSentence(resultOf({verdictOf("a", GateVerdict::Pass)}, ExitCode::Fine)),
            "green: none of 1 metric regressed");
  EXPECT_EQ(
      gateSentence(resultOf({verdictOf("a", GateVerdict::Inconclusive)}, ExitCode::Inconclusive)),
      "inconclusive: 1 of 1 metric undecided");
  EXPECT_THAT(gateSentence(resultOf({}, ExitCode::WorkerFailed)), HasSubstr("worker crashed"));
}

TEST(GateReportTest, MetricsThatAreOnlyReportedAreNotCounted) {
  MetricVerdict shown = verdictOf("a", GateVerdict::Regressed);
  shown.metric.gates = false;
  EXPECT_EQ(gateSentence(resultOf({shown, verdictOf("b", GateVerdict::Pass)}, ExitCode::Fine)),
            "green: none of 1 metric regressed");
}

TEST(GateReportTest, TooNoisyIsWhatHasAnMdeThatIsTooLargeAndNotWhateverIsUndecided) {
  MetricVerdict noisy = verdictOf("a", GateVerdict::Inconclusive);
  noisy.tested = false;
  MetricVerdict spoilt = noisy;
  spoilt.detectable.reset();  // its arm crashed, say
  EXPECT_THAT(gateSentence(resultOf({noisy}, ExitCode::Inconclusive)),
              HasSubstr("1 too noisy here to be gated"));
  EXPECT_THAT(gateSentence(resultOf({spoilt}, ExitCode::Inconclusive)), Not(HasSubstr("noisy")));
}

TEST(GateReportTest, ALineSaysHowManyRequiredCellsAreGone) {
  GateResult result = resultOf({verdictOf("a", GateVerdict::Pass)}, ExitCode::Inconclusive);
  result.not_gated = {{.cell = "b", .reason = "gone", .is_missed = true},
                      {.cell = "c", .reason = "of a workload that is not gated"}};
  EXPECT_EQ(gateSentence(result),
            "inconclusive: 0 of 1 metric undecided, 1 required cell lost by the candidate");
}

// --- the table ----------------------------------------------------------------------------------

TEST(GateReportTest, TheWorstComesFirst) {
  const std::string text = renderGate(redResult(), heading(), Format::Table);
  expectInOrder(text, {"gate gate: Is it slower?", "HEAD~1 (f3f19ec) (aaaa)", "\nbad\n",
                       "regressed", "\nopen\n", "inconclusive", "\nfast\n", "improved", "\ngood\n",
                       "pass", "red: 1 of 4"});
}

TEST(GateReportTest, SidesAreCalledAsTheHeadingSays) {
  GateHeading said = heading();
  said.verb = "compare-config";
  said.sides = {"a", "b"};
  said.columns = {"a: never", "b: require"};
  said.baseline["label"] = "huge_pages=never";
  said.candidate["label"] = "huge_pages=require";
  expectInOrder(renderGate(redResult(), said, Format::Table),
                {"compare-config gate: Is it slower?", "\na huge_pages=never (aaaa)",
                 "\nb huge_pages=require (bbbb)", "a: never", "b: require", "worse by"});
  const std::string markdown = renderGate(redResult(), said, Format::Markdown);
  expectInOrder(markdown, {"### Ringside compare-config gate: red", "a: huge_pages=never (aaaa)",
                           "b: huge_pages=require", "| a: never | b: require |"});
  EXPECT_THAT(markdown, AllOf(Not(HasSubstr("baseline")), Not(HasSubstr("candidate"))));
  EXPECT_THAT(renderGate(redResult(), said, Format::Json), HasSubstr("\"b: require\""));
  EXPECT_THAT(gateAnnotations(redResult(), said.verb),
              HasSubstr("title=ringside compare-config::"));
}

TEST(GateReportTest, ACellSaysWhyItIsNoPassAboveItsMetrics) {
  const std::string text = renderGate(redResult(), heading(), Format::Table);
  EXPECT_THAT(text, HasSubstr("\nbad\n  rtt_ns_p50_clean regressed: a reason of bad\n"
                              "  rtt_ns_p50_clean    100 ns     105 ns    +5.9 % [+4.8, +7.0]"));
  EXPECT_THAT(text, Not(HasSubstr("a reason of good")));
}

TEST(GateReportTest, OnATerminalNoLineIsLongerThanItIsWide) {
  GateResult result = redResult();
  std::string reason = "a reason";
  for (int i = 0; i < 30; ++i) reason += " that goes on";
  for (MetricVerdict& verdict : result.verdicts) verdict.reason = reason;
  result.warnings = {reason};
  result.not_gated = {{"gate/slo/spsc", reason}};
  GateHeading said = heading();
  said.question = reason;
  const TableLook look = {.columns = 80};
  std::istringstream text(renderGate(result, said, Format::Table, look));
  for (std::string line; std::getline(text, line);) EXPECT_LE(line.size(), 80U) << line;
  EXPECT_THAT(renderGate(result, said, Format::Table), HasSubstr("warning: " + reason + "\n"));
}

TEST(GateReportTest, OnATerminalItFitsAndIsColoured) {
  const std::string text =
      renderGate(redResult(), heading(), Format::Table, {.columns = 80, .colour = Colour::Yes});
  EXPECT_THAT(text,
              AllOf(HasSubstr("\x1b[31mregressed\x1b[0m\n"), HasSubstr("\x1b[32mpass\x1b[0m\n"),
                    HasSubstr("Left out for want of columns: baseline.\n"), HasSubstr("  MDE  ")));
  EXPECT_THAT(renderGate(redResult(), heading(), Format::Table), Not(HasSubstr("\x1b")));
}

TEST(GateReportTest, WhatIsOnlyReportedComesLastAndIsMarked) {
  GateResult result = redResult();
  result.verdicts[2].metric.gates = false;
  const std::string text = renderGate(result, heading(), Format::Table);
  expectInOrder(text, {"inconclusive", "pass", "\nbad\n", "(report)"});
}

TEST(GateReportTest, ValuesHaveTheirUnitsAndTheEffectItsSign) {
  const std::string text = renderGate(redResult(), heading(), Format::Table);
  EXPECT_THAT(text, AllOf(HasSubstr("100 ns"), HasSubstr("105 ns"), HasSubstr("+5.9 %"),
                          HasSubstr("-10.0 %")));
}

TEST(GateReportTest, WarningsAndWhatWasNotGatedStandBelow) {
  GateResult result = redResult();
  result.warnings = {"loaded machine"};
  result.not_gated = {{"gate/slo/spsc", "the workload slo is not gated"}};
  for (const Format format : {Format::Table, Format::Markdown}) {
    EXPECT_THAT(renderGate(result, heading(), format),
                AllOf(HasSubstr("warning: loaded machine\n"),
                      HasSubstr("not gated: gate/slo/spsc: the workload slo is not gated\n")));
  }
}

// --- formats ------------------------------------------------------------------------------------

TEST(GateReportTest, JsonHasEachVerdictWithItsFigures) {
  const json read = json::parse(renderGate(redResult(), heading(), Format::Json));
  EXPECT_EQ(read.at("schema"), 1);
  EXPECT_EQ(read.at("exit_code"), 1);
  EXPECT_EQ(read.at("seed"), 7);
  EXPECT_EQ(read.at("baseline").at("label"), "HEAD~1 (f3f19ec)");
  ASSERT_EQ(read.at("verdicts").size(), 4U);
  const json& bad = read.at("verdicts").at(2);
  EXPECT_EQ(bad.at("cell"), "bad");
  EXPECT_EQ(bad.at("verdict"), "regressed");
  EXPECT_NEAR(bad.at("worse_by_percent").get<double>(), 5.9, 1e-9);
  EXPECT_EQ(bad.at("baseline"), 100);
  EXPECT_EQ(bad.at("candidate"), 105);
  EXPECT_EQ(bad.at("first_effects").size(), 12U);
  EXPECT_NEAR(bad.at("mde_percent").get<double>(), 100 * std::expm1(0.02), 1e-9);
  EXPECT_TRUE(bad.at("second_p").is_null());
  EXPECT_EQ(read.at("cells").at(0).at("blocks"), 12);
}

TEST(GateReportTest, WhatIsEndlessIsNullInJson) {
  MetricVerdict open = verdictOf("open", GateVerdict::Inconclusive);
  open.lower = -std::numeric_limits<double>::infinity();
  open.upper = std::numeric_limits<double>::infinity();
  const json read =
      json::parse(renderGate(resultOf({open}, ExitCode::Inconclusive), heading(), Format::Json));
  EXPECT_TRUE(read.at("verdicts").at(0).at("upper_percent").is_null());
}

TEST(GateReportTest, CsvHasALineForEachVerdict) {
  const std::string text = renderGate(redResult(), heading(), Format::Csv);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 5);
  EXPECT_THAT(text, ::testing::StartsWith("cell,metric,verdict,reason,"));
}

TEST(GateReportTest, ABlockIsALineWithItsEffectsAndWhatEachArmRead) {
  KeptBlock block;
  block.cell = "c";
  block.number = 3;
  block.seed = ~0ULL;
  block.effects.effects = {{kTime, 0.01}};
  block.effects.values = {{kTime, {100, std::numeric_limits<double>::infinity()}}};
  block.arms.resize(2);
  block.arms[1].slots = {{.canary_ns = 50, .metrics = {{kTime, 100}}}};
  const std::string line = toJson(block);
  EXPECT_THAT(line, Not(HasSubstr("\n")));
  const json read = json::parse(line);
  EXPECT_EQ(read.at("block"), 3);
  EXPECT_EQ(read.at("seed"), ~0ULL);
  EXPECT_EQ(read.at("effects").at(kTime), 0.01);
  EXPECT_TRUE(read.at("values").at(kTime).at(1).is_null());
  EXPECT_TRUE(read.at("why_invalid").is_null());
  EXPECT_EQ(read.at("arms").at(1).at("slots").at(0).at("canary_ns"), 50);
}

TEST(GateReportTest, WhatAnArmReadIsTheSameAfterItsWayThroughJson) {
  ArmReading reading;
  reading.slots = {{.canary_ns = 57.5,
                    .messages = 9,
                    .counted = 8,
                    .saturated = true,
                    .metrics = {{kTime, std::numeric_limits<double>::infinity()}, {"x", 1.25}}}};
  reading.block_metrics = {{"disturbed_fraction", 0.5}};
  reading.validation = results::Validation{.sent = 1, .lost = 1};
  reading.run_delay = 0.25;
  reading.trouble = "a\n\"b\" \xff";
  reading.unobtainable = true;
  reading.senders_late_ns = 31;
  const ArmReading again = armReadingFrom(toJson(reading));
  ASSERT_EQ(again.slots.size(), 1U);
  EXPECT_EQ(again.slots[0].canary_ns, 57.5);
  EXPECT_EQ(again.slots[0].counted, 8U);
  EXPECT_TRUE(again.slots[0].saturated);
  EXPECT_EQ(again.slots[0].metrics, reading.slots[0].metrics);
  EXPECT_EQ(again.block_metrics, reading.block_metrics);
  EXPECT_EQ(again.validation, reading.validation);
  EXPECT_EQ(again.run_delay, 0.25);
  EXPECT_THAT(again.trouble, HasSubstr("a\n\"b\" "));
  EXPECT_TRUE(again.unobtainable);
  EXPECT_EQ(again.senders_late_ns, 31);
}

// --- Markdown -----------------------------------------------------------------------------------

GateResult longResult(std::size_t regressed, std::size_t passed) {
  std::vector<MetricVerdict> verdicts;
  for (std::size_t i = 0; i < passed; ++i) {
    verdicts.push_back(verdictOf(fmt::format("pass-{}", i), GateVerdict::Pass));
  }
  for (std::size_t i = 0; i < regressed; ++i) {
    verdicts.push_back(verdictOf(fmt::format("bad-{}", i), GateVerdict::Regressed));
  }
  return resultOf(verdicts, regressed > 0 ? ExitCode::Regression : ExitCode::Fine);
}

TEST(GateReportTest, MarkdownBeginsWithTheOutcomeAndFoldsWhatPassed) {
  const std::string text = gateMarkdown(redResult(), heading(), 100'000);
  EXPECT_THAT(text, ::testing::StartsWith("### Ringside gate gate: red: 1 of 4 metrics regressed"));
  expectInOrder(text, {"| regressed | bad |", "| inconclusive | open |", "| improved | fast |",
                       "<details><summary>1 metric that passed", "| pass | good |", "</details>"});
}

TEST(GateReportTest, MarkdownHasHeadingsOnlyWhereRowsFollow) {
  const auto headings = [](const std::string& text) {
    std::size_t count = 0;
    for (std::size_t at = 0; (at = text.find("| verdict |", at)) != std::string::npos; ++at)
      ++count;
    return count;
  };
  const std::string green = gateMarkdown(longResult(0, 2), heading(), 100'000);
  EXPECT_EQ(headings(green), 1U);
  EXPECT_THAT(green, HasSubstr(" s.\n\n<details>"));
  EXPECT_EQ(headings(gateMarkdown(longResult(2, 0), heading(), 100'000)), 1U);
  EXPECT_EQ(headings(gateMarkdown(longResult(1, 1), heading(), 100'000)), 2U);
}

TEST(GateReportTest, InMarkdownFiguresStandToTheRightAndReasonsToTheLeft) {
  EXPECT_THAT(gateMarkdown(redResult(), heading(), 100'000),
              HasSubstr("| :-- | :-- | :-- | --: | --: | --: | --: | --: | :-- |\n"));
}

TEST(GateReportTest, MarkdownKeepsBelowItsLimitAndSaysHowManyItLeftOut) {
  for (const std::size_t most : {2000U, 5000U, 20'000U}) {
    for (const auto& [bad, good] : {std::pair{200U, 0U}, {0U, 200U}, {5U, 195U}}) {
      const std::string text = gateMarkdown(longResult(bad, good), heading(), most);
      EXPECT_LE(text.size(), most);
      const auto shown = [&](const std::string& word) {
        std::size_t count = 0;
        for (std::size_t at = 0; (at = text.find(word, at)) != std::string::npos; ++at) ++count;
        return count;
      };
      const std::size_t rows = shown("| regressed |") + shown("| pass |");
      EXPECT_GT(rows, 0U);
      EXPECT_THAT(text, HasSubstr(fmt::format("{} metrics are left out here", 200 - rows)));
      EXPECT_EQ(shown("<details>"), shown("</details>"));
    }
  }
}

TEST(GateReportTest, MarkdownThatFitsLeavesNothingOut) {
  EXPECT_THAT(gateMarkdown(longResult(5, 195), heading(), std::string::npos),
              AllOf(Not(HasSubstr("left out")), HasSubstr("| pass-194 |")));
}

TEST(GateReportTest, ALongListOfWhatWasNotGatedTakesNoVerdictsPlace) {
  GateResult result = redResult();
  for (int i = 0; i < 1000; ++i) {
    result.not_gated.push_back({fmt::format("cell-{}", i), "it is skipped"});
  }
  const std::string text = gateMarkdown(result, heading(), 4000);
  EXPECT_LE(text.size(), 4000U);
  EXPECT_THAT(text, AllOf(HasSubstr("| regressed | bad |"), HasSubstr("| pass | good |"),
                          HasSubstr("1000 cells are not gated: see gate.json")));
}

TEST(GateReportTest, AReasonOfSeveralLinesStaysInItsRow) {
  GateResult result = resultOf({verdictOf("bad", GateVerdict::Regressed)}, ExitCode::Regression);
  result.verdicts[0].reason = "one | two\nthree";
  const std::string text = gateMarkdown(result, heading(), 100'000);
  EXPECT_THAT(text, AllOf(HasSubstr("one \\| two three |\n"), Not(HasSubstr("\nthree"))));
}

// --- annotations --------------------------------------------------------------------------------

TEST(GateReportTest, ThereIsAnErrorForEachRegressionAndAWarningForWhatIsRequiredAndOpen) {
  const std::string lines = gateAnnotations(redResult());
  EXPECT_EQ(lines,
            "::error title=ringside gate::bad rtt_ns_p50_clean: a reason of bad\n"
            "::warning title=ringside gate::open rtt_ns_p50_clean: a reason of open\n");
}

TEST(GateReportTest, WhatIsNotRequiredOrOnlyReportedIsNotAnnotated) {
  GateResult result = redResult();
  result.verdicts[1].metric.required = false;
  result.verdicts[2].metric.gates = false;
  EXPECT_EQ(gateAnnotations(result), "");
}

TEST(GateReportTest, AnAnnotationIsOneLineWhateverItSays) {
  GateResult result = resultOf({verdictOf("bad", GateVerdict::Regressed)}, ExitCode::Regression);
  result.verdicts[0].reason = "worse: by 5 %\r\n::error::injected";
  EXPECT_THAT(gateAnnotations(result), HasSubstr("worse: by 5 %25%0D%0A::error::injected\n"));
}

// --- the bundle ---------------------------------------------------------------------------------

/// As a strict reader of JUnit XML has it; empty, and a failed test, where it refuses.
json readJunit(const std::filesystem::path& file) {
  const std::string command = fmt::format("python3 '{}/results/tests/read_junit.py' '{}'",
                                          RINGSIDE_SOURCE_FOLDER, file.string());
  FILE* const reader = ::popen(command.c_str(), "r");
  if (reader == nullptr) return {};
  std::string text;
  for (int c = 0; (c = std::fgetc(reader)) != EOF;) text += static_cast<char>(c);
  EXPECT_EQ(::pclose(reader), 0);
  return json::parse(text, nullptr, false);
}

TEST(GateBundleTest, LeavesTheVerdictsInEveryFormThatSomebodyReads) {
  const results::ScratchFolder folder;
  const std::filesystem::path place = folder.path() / "bundle";
  GateBundle bundle(results::Bundle::create(place));
  bundle.begin("[suite]\n", "{}");
  KeptBlock block;
  block.cell = "c";
  bundle.append(block);
  bundle.append(block);
  bundle.finish(formsOf(redResult(), heading()));
  EXPECT_EQ(results::readText(bundle.suiteFile()), "[suite]\n");
  EXPECT_EQ(json::parse(results::readText(place / "gate.json")).at("exit_code"), 1);
  EXPECT_THAT(results::readText(place / "gate.md"), HasSubstr("### Ringside gate"));
  const std::string blocks = results::readText(place / "blocks.jsonl");
  EXPECT_EQ(std::count(blocks.begin(), blocks.end(), '\n'), 2);
}

TEST(GateBundleTest, ItsJunitHasAFailureForARegressionAndSkipsWhatIsOpen) {
  const results::ScratchFolder folder;
  const std::filesystem::path place = folder.path() / "bundle";
  GateBundle bundle(results::Bundle::create(place));
  bundle.begin("", "{}");
  GateResult result = redResult();
  result.verdicts[2].reason = "<worse> & \"so\"";
  bundle.finish(formsOf(result, heading()));
  const json suites = readJunit(place / "junit.xml");
  ASSERT_EQ(suites.size(), 1U);
  const json& cases = suites.at(0).at("cases");
  ASSERT_EQ(cases.size(), 4U);
  EXPECT_EQ(cases.at(0).at("outcome"), "passed");
  EXPECT_EQ(cases.at(1).at("outcome"), "skipped");
  EXPECT_EQ(cases.at(2).at("outcome"), "failure");
  EXPECT_EQ(cases.at(2).at("message"), "<worse> & \"so\"");
  EXPECT_EQ(cases.at(3).at("outcome"), "passed");
}

}  // namespace
}  // namespace ringside::harness
