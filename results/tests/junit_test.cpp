// JUnit XML, read back by a strict parser (read_junit.py, which knows the format).
#include "results/export/junit.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdio.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "results/export/xml_text.hpp"
#include "results/tests/scratch_folder.hpp"

namespace ringside::results {
namespace {

using nlohmann::json;
using testing::HasSubstr;

/// What a reader finds in the file; null, and a failed test, when it refuses it.
json readBack(const std::filesystem::path& file) {
  const std::string command =
      "/usr/bin/python3 -B '" RINGSIDE_READ_JUNIT "' '" + file.string() + "'";
  ::FILE* output = ::popen(command.c_str(), "r");
  std::string text;
  for (int c = 0; (c = std::fgetc(output)) != EOF;) text += static_cast<char>(c);
  const int status = ::pclose(output);
  if (status != 0) ADD_FAILURE() << "refused by its reader:\n" << readText(file);
  return status == 0 ? json::parse(text) : json();
}

class JunitTest : public testing::Test {
 protected:
  json writtenAndRead(const std::vector<JunitSuite>& suites) {
    writeJunit(file_, suites);
    return readBack(file_);
  }
  json written(const JunitCase& one) {
    const json suites = writtenAndRead({{.name = "s", .cases = {one}}});
    return suites.is_null() ? json() : suites[0]["cases"][0];
  }

  ScratchFolder scratch_;
  const std::filesystem::path file_ = scratch_.path() / "junit.xml";
};

JunitCase caseWith(JunitStatus status, double seconds = 0.5) {
  return {.classname = "quick.spsc.same_l3",
          .name = "el=64/cap=144",
          .seconds = seconds,
          .outcome = {status, "integrity", "1 message was lost", "number 17\nof producer 0"}};
}

TEST_F(JunitTest, HoldsSuitesWithTheirPropertiesAndCases) {
  const auto started = std::chrono::sys_days{std::chrono::November / 21 / 2026} +
                       std::chrono::hours{8} + std::chrono::minutes{12};
  const json suites = writtenAndRead({{.name = "quick",
                                       .started = started,
                                       .hostname = "lab7",
                                       .properties = {{"kernel", "6.1"}, {"cpu", "a \"fast\" one"}},
                                       .cases = {caseWith(JunitStatus::Passed)}},
                                      {.name = "none", .cases = {}}});
  ASSERT_EQ(suites.size(), 2U);
  EXPECT_EQ(suites[0]["name"], "quick");
  EXPECT_EQ(suites[0]["timestamp"], "2026-11-21T08:12:00");
  EXPECT_EQ(suites[0]["hostname"], "lab7");
  EXPECT_EQ(suites[0]["properties"],
            json::array({json::array({"kernel", "6.1"}), json::array({"cpu", "a \"fast\" one"})}));
  EXPECT_EQ(suites[0]["cases"][0]["classname"], "quick.spsc.same_l3");
  EXPECT_EQ(suites[0]["cases"][0]["name"], "el=64/cap=144");
  EXPECT_EQ(suites[0]["cases"][0]["time"], "0.500000");
  EXPECT_EQ(suites[1]["cases"], json::array());
}

TEST_F(JunitTest, CountsWhatIsInIt) {
  std::vector<JunitCase> cases;
  for (const JunitStatus status :
       {JunitStatus::Passed, JunitStatus::Failure, JunitStatus::Failure, JunitStatus::Error,
        JunitStatus::Error, JunitStatus::Error, JunitStatus::Skipped}) {
    cases.push_back(caseWith(status));
  }
  const json suites =
      writtenAndRead({{.name = "a", .cases = cases}, {.name = "b", .cases = cases}});
  EXPECT_THAT(readText(file_), HasSubstr("<testsuites tests=\"14\" failures=\"4\" errors=\"6\" "
                                         "skipped=\"2\" time=\"7.000000\">"));
  EXPECT_EQ(suites[1]["tests"], "7");
  EXPECT_EQ(suites[1]["failures"], "2");
  EXPECT_EQ(suites[1]["errors"], "3");
  EXPECT_EQ(suites[1]["skipped"], "1");
  EXPECT_EQ(suites[1]["time"], "3.500000");
}

TEST_F(JunitTest, AFailureHasTypeMessageAndText) {
  const json failed = written(caseWith(JunitStatus::Failure));
  EXPECT_EQ(failed["outcome"], "failure");
  EXPECT_EQ(failed["type"], "integrity");
  EXPECT_EQ(failed["message"], "1 message was lost");
  EXPECT_EQ(failed["text"], "number 17\nof producer 0");
}

TEST_F(JunitTest, AnErrorHasTypeAndMessageASkipOnlyAMessage) {
  const json error = written(caseWith(JunitStatus::Error));
  EXPECT_EQ(error["outcome"], "error");
  EXPECT_EQ(error["type"], "integrity");
  const json skipped = written(caseWith(JunitStatus::Skipped));
  EXPECT_EQ(skipped["outcome"], "skipped");
  EXPECT_EQ(skipped["message"], "1 message was lost");
}

TEST_F(JunitTest, KeepsWhatACaseHasPrinted) {
  JunitCase one = caseWith(JunitStatus::Passed);
  one.system_out = "a < b && c > \"d\"\n]]>\n";
  one.system_err = "  indented\r\n\ttwice";
  const json read = written(one);
  EXPECT_EQ(read["out"], one.system_out);
  EXPECT_EQ(read["err"], one.system_err);
}

TEST_F(JunitTest, KeepsEveryCharacterOfAnAttribute) {
  JunitCase one = caseWith(JunitStatus::Failure);
  one.name = "<a href='b'> & \"c\" — µs 🦀";
  one.outcome.message = "line 1\n\tline 2\r\nline 3  ";
  const json read = written(one);
  EXPECT_EQ(read["name"], one.name);
  EXPECT_EQ(read["message"], one.outcome.message);
}

TEST_F(JunitTest, IsReadWhateverBytesAStringHolds) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all += static_cast<char>(byte);
  JunitCase one = caseWith(JunitStatus::Failure);
  one.classname = one.name = one.system_out = one.system_err = all;
  one.outcome = {JunitStatus::Failure, all, all, all};
  const json suites =
      writtenAndRead({{.name = all, .hostname = all, .properties = {{all, all}}, .cases = {one}}});
  ASSERT_FALSE(suites.is_null());
  EXPECT_THAT(suites[0]["name"].get<std::string>(), HasSubstr("abc"));
}

TEST_F(JunitTest, ATimeThatIsNoNumberIsZero) {
  for (const double seconds :
       {std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity(), -1.0}) {
    EXPECT_EQ(written(caseWith(JunitStatus::Passed, seconds))["time"], "0.000000");
  }
}

TEST_F(JunitTest, AFileIsReplacedWholeAndNothingStandsBesideIt) {
  writeText(file_, "before");
  writeJunit(file_, {});
  EXPECT_EQ(readBack(file_), json::array());
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(scratch_.path()),
                          std::filesystem::directory_iterator()),
            1);
}

TEST_F(JunitTest, AFileThatCannotBeWrittenIsAnErrorWithItsPath) {
  const std::filesystem::path nowhere = scratch_.path() / "none" / "junit.xml";
  EXPECT_THAT(messageOf<std::system_error>([&] { writeJunit(nowhere, {}); }),
              HasSubstr(nowhere.string() + ": cannot be written"));
}

// --- XML ----------------------------------------------------------------------------------------

TEST(XmlTextTest, WritesControlCharactersAsTheyStandInC) {
  EXPECT_EQ(xmlText("\x1b[1mbold"), "\\x1b[1mbold");
  EXPECT_EQ(xmlAttribute(std::string_view("a\0b", 3)), "a\\x00b");
}

TEST(XmlTextTest, ReplacesWhatIsNotUtf8ByteByByte) {
  const std::string replaced = "\xEF\xBF\xBD";
  EXPECT_EQ(xmlText("a\xff"
                    "b"),
            "a" + replaced + "b");
  EXPECT_EQ(xmlText("\xc3"), replaced) << "cut off";
  EXPECT_EQ(xmlText("\xc0\xaf"), replaced + replaced) << "a longer form than needed";
  EXPECT_EQ(xmlText("\xed\xa0\x80"), replaced + replaced + replaced) << "half of a pair";
  EXPECT_EQ(xmlText("\xf4\x90\x80\x80"), replaced + replaced + replaced + replaced) << "too high";
}

TEST(XmlTextTest, ReplacesCharactersThatXmlExcludes) {
  EXPECT_EQ(xmlText("\xEF\xBF\xBE\xEF\xBF\xBF"), "\xEF\xBF\xBD\xEF\xBF\xBD");
}

TEST(XmlTextTest, LeavesUtf8OfEveryLength) {
  EXPECT_EQ(xmlText("aµ€🦀\xf4\x8f\xbf\xbf"), "aµ€🦀\xf4\x8f\xbf\xbf");
}

// --- what becomes what --------------------------------------------------------------------------

TEST(JunitOutcomeTest, RegressionsAndIntegrityViolationsAreFailures) {
  EXPECT_EQ(junitOutcome(ExitCode::Regression, "slower").status, JunitStatus::Failure);
  EXPECT_EQ(junitOutcome(ExitCode::Regression, "slower").type, "regression");
  EXPECT_EQ(junitOutcome(ExitCode::Integrity, "lost").type, "integrity");
  EXPECT_EQ(junitOutcome(ExitCode::Integrity, "lost").message, "lost");
}

TEST(JunitOutcomeTest, WhatCouldNotBeMeasuredIsAnError) {
  for (const ExitCode code : {ExitCode::Invalid, ExitCode::WorkerFailed, ExitCode::Usage,
                              ExitCode::EnvironmentRefused, ExitCode::Interrupted}) {
    const JunitOutcome outcome = junitOutcome(code, "why");
    EXPECT_EQ(outcome.status, JunitStatus::Error);
    EXPECT_NE(outcome.type, "");
  }
}

TEST(JunitOutcomeTest, WhatIsInconclusiveOrNotToBeHadIsSkipped) {
  for (const ExitCode code : {ExitCode::Inconclusive, ExitCode::EverythingSkipped}) {
    EXPECT_EQ(junitOutcome(code, "why").status, JunitStatus::Skipped);
    EXPECT_EQ(junitOutcome(code, "why").message, "why");
  }
  EXPECT_EQ(junitOutcome(ExitCode::Fine, "").status, JunitStatus::Passed);
}

TEST(JunitCaseTest, OfARecordIsNamedAfterItsCell) {
  Record record;
  record.suite = "quick";
  record.cell = "quick/throughput/spsc/1p1c/el=64/cap=1024/same_l3";
  record.repetition = 3;
  record.axes.queue = "spsc";
  record.axes.placement = "same_l3";
  record.seconds = 0.2;
  const JunitCase one = junitCase(record);
  EXPECT_EQ(one.classname, "quick.spsc.same_l3");
  EXPECT_EQ(one.name, "throughput/1p1c/el=64/cap=1024/repetition=3");
  EXPECT_EQ(one.seconds, 0.2);
  EXPECT_EQ(one.outcome.status, JunitStatus::Passed);
}

TEST(JunitCaseTest, OfARecordThatFailedSaysWhy) {
  Record record;
  record.status = Status::Failed;
  record.reason = "consumer 0 was killed by SIGKILL";
  EXPECT_EQ(junitCase(record).outcome.type, "crash");
  EXPECT_EQ(junitCase(record).outcome.message, "consumer 0 was killed by SIGKILL");
  record.validation = Validation{.sent = 10, .received = 9, .lost = 1};
  EXPECT_EQ(junitCase(record).outcome.type, "integrity");
  record.validation.reset();
  record.status = Status::Skipped;
  EXPECT_EQ(junitCase(record).outcome.status, JunitStatus::Skipped);
}

}  // namespace
}  // namespace ringside::results
