#include "results/history.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <fstream>
#include <limits>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "results/metrics.hpp"
#include "results/tests/scratch_folder.hpp"

namespace ringside::results {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::StartsWith;

// Schema 1: plots/ and tools of others read these bytes.
constexpr const char* kGoldenRun =
    R"({"schema":1,"kind":"run","suite":"quick","time_utc":"2026-11-22T08:12:00Z",)"
    R"("began_utc":"2026-11-22T08:11:30Z","host":"lab7","machine":"0123456789abcdef",)"
    R"("cpu":"Fast","kernel":"6.1.0","version":"0.1.0","program_hash":"fedcba9876543210",)"
    R"("revision":"c0ffee-dirty","bundle":"quick-20261122T081130Z-lab7","exit_code":0,)"
    R"("cells":[{"cell":"quick/throughput/spsc/1p1c/el=64/cap=1024/same_l3","ok":5,"failed":0,)"
    R"("invalid":0,"skipped":0,"clean":true,"metrics":{"floor_ns":66.5,)"
    R"("messages_per_s":61000000.0}}],"judged":[]})";
constexpr const char* kGoldenGate =
    R"({"schema":1,"kind":"gate","suite":"quick","time_utc":"2026-11-22T09:00:00Z",)"
    R"("began_utc":"","host":"lab7","machine":"0123456789abcdef","cpu":"","kernel":"",)"
    R"("version":"","program_hash":"","revision":null,"bundle":"","exit_code":1,"cells":[],)"
    R"("judged":[{"cell":"quick/throughput/spsc/1p1c/el=64/cap=1024/same_l3",)"
    R"("metric":"messages_per_s","verdict":"regressed","reason":"slower by 6 %","gates":true,)"
    R"("tested":true,"estimate":0.0625,"lower":0.03125,"upper":null,"detectable":0.03125,)"
    R"("baseline_median":61000000.0,"candidate_median":57000000.0}]})";

HistoryEntry makeRun() {
  return {.kind = EntryKind::Run,
          .suite = "quick",
          .time_utc = "2026-11-22T08:12:00Z",
          .began_utc = "2026-11-22T08:11:30Z",
          .host = "lab7",
          .machine = "0123456789abcdef",
          .cpu = "Fast",
          .kernel = "6.1.0",
          .version = "0.1.0",
          .program_hash = "fedcba9876543210",
          .revision = "c0ffee-dirty",
          .bundle = "quick-20261122T081130Z-lab7",
          .exit_code = 0,
          .cells = {{.cell = "quick/throughput/spsc/1p1c/el=64/cap=1024/same_l3",
                     .status_counts = {.ok = 5},
                     .is_clean = true,
                     .medians = {{"messages_per_s", 61e6}, {"floor_ns", 66.5}}}}};
}

HistoryEntry makeGate() {
  HistoryEntry gate;
  gate.kind = EntryKind::Gate;
  gate.suite = "quick";
  gate.time_utc = "2026-11-22T09:00:00Z";
  gate.host = "lab7";
  gate.machine = "0123456789abcdef";
  gate.exit_code = 1;
  gate.judged = {{.cell = "quick/throughput/spsc/1p1c/el=64/cap=1024/same_l3",
                  .metric = "messages_per_s",
                  .verdict = "regressed",
                  .reason = "slower by 6 %",
                  .estimate = 0.0625,
                  .lower = 0.03125,
                  .detectable = 0.03125,
                  .baseline_median = 61e6,
                  .candidate_median = 57e6}};
  return gate;
}

class HistoryTest : public testing::Test {
 protected:
  std::string refusal(CutOffLine cut_off_line = CutOffLine::Refuse) {
    return messageOf<HistoryError>([&] { readHistory(file_, cut_off_line); });
  }

  ScratchFolder scratch_;
  const fs::path file_ = scratch_.path() / "history.jsonl";
};

TEST_F(HistoryTest, WritesRunsAndGatesAsTheGoldenLines) {
  appendHistory(file_, makeRun());
  appendHistory(file_, makeGate());
  EXPECT_EQ(readText(file_), std::string(kGoldenRun) + "\n" + kGoldenGate + "\n");
}

TEST_F(HistoryTest, GivesBackWhatWasAppendedInItsOrder) {
  appendHistory(file_, makeRun());
  appendHistory(file_, makeGate());
  const History history = readHistory(file_);
  EXPECT_THAT(history.entries, ElementsAre(makeRun(), makeGate()));
  EXPECT_TRUE(history.left_out.empty());
}

TEST_F(HistoryTest, LeavesWhatIsNoFiniteNumberOut) {
  HistoryEntry gate = makeGate();
  gate.judged[0].upper = std::numeric_limits<double>::infinity();
  appendHistory(file_, gate);
  EXPECT_EQ(readHistory(file_).entries.at(0).judged.at(0).upper, std::nullopt);
}

TEST_F(HistoryTest, LosesNothingWhenSeveralProcessesAppendAtOnce) {
  constexpr int kProcesses = 4;
  constexpr int kEntries = 60;
  HistoryEntry entry = makeRun();
  entry.cells.resize(40, entry.cells[0]);  // 8 KiB a line
  for (int process = 0; process < kProcesses; ++process) {
    if (::fork() != 0) continue;
    entry.host = std::to_string(process);
    for (entry.exit_code = 0; entry.exit_code < kEntries; ++entry.exit_code) {
      appendHistory(file_, entry);
    }
    ::_exit(0);
  }
  for (int process = 0; process < kProcesses; ++process) {
    int status = -1;
    ASSERT_GT(::wait(&status), 0);
    EXPECT_EQ(status, 0);
  }
  std::map<std::string, std::vector<int>> seen;
  for (const HistoryEntry& read : readHistory(file_).entries) {
    EXPECT_EQ(read.cells, entry.cells);
    seen[read.host].push_back(read.exit_code);
  }
  std::vector<int> all(kEntries);
  for (int i = 0; i < kEntries; ++i) all[static_cast<std::size_t>(i)] = i;
  ASSERT_EQ(seen.size(), static_cast<std::size_t>(kProcesses));
  for (const auto& [process, numbers] : seen) EXPECT_EQ(numbers, all) << process;
}

TEST_F(HistoryTest, WaitsForWhoeverIsAppending) {
  std::array<int, 2> ready = {-1, -1};
  ASSERT_EQ(::pipe(ready.data()), 0);
  const ::pid_t holder = ::fork();
  if (holder == 0) {
    const int held = ::open(file_.c_str(), O_RDWR | O_CREAT, 0666);
    ::flock(held, LOCK_EX);
    const bool told = ::write(ready[1], "!", 1) == 1;
    ::usleep(100'000);  // the test passes however long this is: it only makes it meaningful
    const bool still_empty = ::lseek(held, 0, SEEK_END) == 0;
    ::_exit(told && still_empty ? 0 : 1);
  }
  char told = 0;
  ASSERT_EQ(::read(ready[0], &told, 1), 1);
  appendHistory(file_, makeRun());
  int status = -1;
  ASSERT_EQ(::waitpid(holder, &status, 0), holder);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(readHistory(file_).entries.size(), 1U);
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST_F(HistoryTest, DropsALastLineThatIsCutOffAndSaysSo) {
  appendHistory(file_, makeRun());
  std::ofstream(file_, std::ios::app) << std::string(kGoldenGate).substr(0, 60);
  EXPECT_THAT(refusal(), HasSubstr(file_.string() + ":2: the line is cut off"));
  const History history = readHistory(file_, CutOffLine::Drop);
  EXPECT_THAT(history.entries, ElementsAre(makeRun()));
  EXPECT_THAT(history.left_out, ElementsAre(HasSubstr(":2: the line is cut off")));
}

TEST_F(HistoryTest, GoesOnBehindALineThatIsCutOffAndLeavesItAsItIs) {
  appendHistory(file_, makeRun());
  const std::string rest = std::string(kGoldenGate).substr(0, 60);
  std::ofstream(file_, std::ios::app) << rest;
  appendHistory(file_, makeGate());
  EXPECT_EQ(readText(file_), std::string(kGoldenRun) + "\n" + rest + "\n" + kGoldenGate + "\n");
  const History history = readHistory(file_, CutOffLine::Drop);
  EXPECT_THAT(history.entries, ElementsAre(makeRun(), makeGate()));
  EXPECT_THAT(history.left_out, ElementsAre(HasSubstr(":2: ")));
}

TEST_F(HistoryTest, RefusesALineThatIsNoBeginningOfAnEntryWhateverIsAsked) {
  writeText(file_, std::string("what is this\n") + kGoldenRun + "\n");
  for (const CutOffLine cut_off_line : {CutOffLine::Refuse, CutOffLine::Drop}) {
    EXPECT_THAT(refusal(cut_off_line), HasSubstr(file_.string() + ":1: this is no JSON; remove"));
  }
}

TEST_F(HistoryTest, KeepsALastLineThatOnlyLacksItsEnd) {
  writeText(file_, kGoldenRun);  // as an editor may leave it
  appendHistory(file_, makeGate());
  EXPECT_THAT(readHistory(file_).entries, ElementsAre(makeRun(), makeGate()));
}

TEST_F(HistoryTest, IsAsBeforeWhenAnEntryCannotBeWritten) {
  appendHistory(file_, makeRun());
  const std::string before = readText(file_);
  ::rlimit usual{};
  ::getrlimit(RLIMIT_FSIZE, &usual);
  const ::rlimit full{.rlim_cur = before.size() + 50, .rlim_max = usual.rlim_max};
  const auto handler = ::signal(SIGXFSZ, SIG_IGN);
  ::setrlimit(RLIMIT_FSIZE, &full);
  const std::string message = messageOf<HistoryError>([&] { appendHistory(file_, makeGate()); });
  ::setrlimit(RLIMIT_FSIZE, &usual);
  ::signal(SIGXFSZ, handler);
  EXPECT_THAT(message, HasSubstr(file_.string() + ": cannot add an entry (File too large)"));
  EXPECT_EQ(readText(file_), before);
}

TEST_F(HistoryTest, RefusesAFolderThatIsNotThere) {
  const fs::path nowhere = scratch_.path() / "nowhere" / "history.jsonl";
  EXPECT_THAT(messageOf<HistoryError>([&] { appendHistory(nowhere, makeRun()); }),
              HasSubstr(nowhere.string() + ": cannot be opened for writing"));
  EXPECT_THAT(messageOf<HistoryError>([&] { readHistory(nowhere); }),
              HasSubstr("cannot be opened (No such file or directory)"));
}

TEST_F(HistoryTest, RefusesALineThatIsNoEntryAndSaysWhichAndWhy) {
  const std::string run = kGoldenRun;
  const auto changed = [&](const std::string& from, const std::string& to) {
    std::string line = run;
    return line.replace(line.find(from), from.size(), to);
  };
  const std::pair<std::string, std::string> bad[] = {
      {"[1]", "the line is [1]; it must be an object"},
      {"{}", "schema is missing"},
      {changed("\"schema\":1", "\"schema\":2"), "schema is 2; this program reads 1"},
      {changed("\"run\"", "\"walk\""), "kind is \"walk\"; it must be run or gate"},
      {changed("\"0123456789abcdef\"", "null"), "machine is missing"},
      {changed("\"ok\":5", "\"ok\":-5"), "cells.ok is -5; it must be a whole number"},
      {changed("66.5", "\"much\""), "cells.metrics.floor_ns is \"much\"; it must be a number"},
      {changed("\"judged\":[]", "\"judged\":{}"), "judged is {}; it must be a list"}};
  for (const auto& [line, why] : bad) {
    writeText(file_, run + "\n" + line + "\n");
    EXPECT_THAT(refusal(CutOffLine::Drop), StartsWith(file_.string() + ":2: " + why));
  }
}

TEST_F(HistoryTest, ReadsWhatLaterVersionsAdd) {
  std::string line = kGoldenRun;
  line.insert(1, R"("colour":"blue",)");
  writeText(file_, line + "\n\n");
  EXPECT_THAT(readHistory(file_).entries, ElementsAre(makeRun()));
}

TEST(MeasuredCellsTest, HaveTheMediansOfTheMainMetricsAndWhetherTheyWereClean) {
  Record record;
  record.cell = "quick/one";
  record.validation = Validation{.sent = 10, .received = 9, .lost = 1};
  record.metrics = {{"messages_per_s", 10}, {"faults", 7}};
  Record other = record;
  other.metrics["messages_per_s"] = 30;
  const std::vector<MeasuredCell> cells = measuredCells(summarise({record, other}));
  ASSERT_EQ(cells.size(), 1U);
  EXPECT_EQ(cells[0].cell, "quick/one");
  EXPECT_EQ(cells[0].status_counts.ok, 2U);
  EXPECT_EQ(cells[0].is_clean, false);
  EXPECT_THAT(cells[0].medians, ElementsAre(std::pair("messages_per_s", 20.0)));
}

TEST(MeasuredCellsTest, AreThoseThatRan) {
  Record failed;
  failed.cell = "quick/failed";
  failed.status = Status::Failed;
  Record skipped;
  skipped.cell = "quick/skipped";
  skipped.status = Status::Skipped;
  const std::vector<MeasuredCell> cells = measuredCells(summarise({failed, skipped}));
  ASSERT_EQ(cells.size(), 1U);
  EXPECT_EQ(cells[0].cell, "quick/failed");
  EXPECT_EQ(cells[0].is_clean, std::nullopt);
  EXPECT_TRUE(cells[0].medians.empty());
}

TEST(KeptMetricsTest, AreMetricsThatRecordsHave) {
  for (const std::string_view name : keptMetrics()) EXPECT_NE(findMetric(name), nullptr) << name;
}

}  // namespace
}  // namespace ringside::results
