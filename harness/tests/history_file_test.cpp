#include "harness/history/history_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "harness/tests/operations.hpp"
#include "harness/usage_error.hpp"

namespace ringside::harness {
namespace {

namespace fs = std::filesystem;

/// A folder for each test, gone after it.
class HistoryFileTest : public ::testing::Test {
 protected:
  HistoryFileTest() {
    std::string name = (fs::temp_directory_path() / "ringside-history-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr) throw std::runtime_error("no scratch folder: " + name);
    folder_ = name;
    file_ = folder_ / "history.jsonl";
  }
  ~HistoryFileTest() override { fs::remove_all(folder_); }

  void write(const std::string& text) const { std::ofstream(file_, std::ios::binary) << text; }

  std::string content() const {
    std::ifstream stream(file_, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }

  /// What the reader says of such a file.
  std::string refusalOf(const std::string& text) const {
    write(text);
    try {
      readHistory(file_);
    } catch (const UsageError& error) {
      return error.what();
    }
    return "accepted";
  }

  /// The message names this line and says all of the rest.
  void expectRefused(const std::string& text, int line,
                     const std::vector<std::string>& says) const {
    const std::string message = refusalOf(text);
    EXPECT_THAT(message, ::testing::StartsWith(file_.string() + ":" + std::to_string(line) + ": "));
    for (const std::string& part : says) EXPECT_THAT(message, ::testing::HasSubstr(part));
  }

  fs::path folder_;
  fs::path file_;
};

History richHistory() {
  History history = drainedHistoryOf(
      {pushed(1, 18'446'744'073'709'551'615U, {0, 9'223'372'036'854'775'806}),
       pushed(4'294'967'295U, 2, {3}), popped(2, 5, {4, 4}), neverPopped(3, 5, kMaxClaimed),
       neverPopped(6, 5, 0), redelivered(2, 7, {6, 7}), torn(2, 8, {8, 9}), sawEmpty(2, {10, 11})});
  history.queue = "a \"queue\"";
  history.capacity = 144;
  history.delivery = Delivery::AtLeastOnce;
  history.declared_drops = 3;
  history.notes = {{"seed", "7"}, {"kill point", "between\nclaim and \\ publish"}};
  return history;
}

TEST_F(HistoryFileTest, WhatIsWrittenIsReadAgain) {
  writeHistory(richHistory(), file_);
  EXPECT_EQ(readHistory(file_), richHistory());
}

TEST_F(HistoryFileTest, AnEmptyHistoryIsReadAgain) {
  const History history{.queue = "spsc"};
  writeHistory(history, file_);
  EXPECT_EQ(readHistory(file_), history);
}

TEST_F(HistoryFileTest, MoreThanFitsIntoOneWriteIsReadAgain) {
  History history = historyOf({});
  for (std::uint64_t value = 0; value < 20'000; ++value) {
    history.operations.push_back(pushed(1, value, {static_cast<std::int64_t>(value)}));
  }
  writeHistory(history, file_);
  EXPECT_EQ(readHistory(file_), history);
}

TEST_F(HistoryFileTest, WritesOneLineAnOperationAfterTheHeader) {
  History history = drainedHistoryOf({pushed(1, 17, {10, 20}), neverPopped(2, 30, 4)});
  history.notes.emplace("seed", "7");
  writeHistory(history, file_);
  EXPECT_EQ(content(),
            R"({"ringside_history":1,"queue":"mpmc","capacity":0,"delivery":"at_most_once",)"
            R"("drained":true,"declared_drops":0,"operations":2,"notes":{"seed":"7"}})"
            "\n"
            R"({"process":1,"action":"push","value":17,"began_ns":10,"ended_ns":20})"
            "\n"
            R"({"process":2,"action":"pop","claimed":4,"began_ns":30,"ended_ns":null})"
            "\n");
}

TEST_F(HistoryFileTest, NeverOverwritesAndLeavesNothingBeside) {
  write("mine");
  EXPECT_THROW(writeHistory(richHistory(), file_), UsageError);
  EXPECT_EQ(content(), "mine");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 1);
}

TEST_F(HistoryFileTest, ALinkToNowhereIsATakenName) {
  fs::create_symlink(folder_ / "nowhere", file_);
  EXPECT_THROW(writeHistory(richHistory(), file_), UsageError);
}

TEST_F(HistoryFileTest, SaysWhyItCannotWrite) {
  const fs::path below = folder_ / "not" / "there.jsonl";
  try {
    writeHistory(richHistory(), below);
    FAIL() << "written";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("No such file or directory"));
    EXPECT_THAT(error.what(), ::testing::StartsWith(below.string()));
  }
}

TEST_F(HistoryFileTest, WritesNoHeaderThatCouldNotBeReadAgain) {
  History history = richHistory();
  history.notes["long"] = std::string(kMaxHistoryLineBytes, 'x');
  EXPECT_THROW(writeHistory(history, file_), std::runtime_error);
  EXPECT_TRUE(fs::is_empty(folder_));
}

/// Files of this process grow no further; writing on is an error, not a signal.
class SmallFiles {
 public:
  explicit SmallFiles(::rlim_t most_bytes) : handler_(::signal(SIGXFSZ, SIG_IGN)) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const ::rlimit small = {most_bytes, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &small);
  }
  SmallFiles(const SmallFiles&) = delete;
  SmallFiles& operator=(const SmallFiles&) = delete;
  ~SmallFiles() {
    ::setrlimit(RLIMIT_FSIZE, &before_);
    ::signal(SIGXFSZ, handler_);
  }

 private:
  ::rlimit before_{};
  void (*handler_)(int);
};

TEST_F(HistoryFileTest, WhatCouldNotBeWrittenWholeLeavesNothing) {
  const SmallFiles limit(64);
  try {
    writeHistory(richHistory(), file_);
    FAIL() << "written";
  } catch (const std::runtime_error& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("File too large"));
  }
  EXPECT_TRUE(fs::is_empty(folder_));
}

// --- files that are refused ---------------------------------------------------------------------

std::string header(int operations) {
  return R"({"ringside_history": 1, "queue": "mpmc", "delivery": "at_most_once", "operations": )" +
         std::to_string(operations) + "}\n";
}

const std::string kPush = R"({"process": 1, "action": "push", "value": 17, "began_ns": 10, )"
                          R"("ended_ns": 20})"
                          "\n";

/// A header and one operation, in which `from` is replaced.
std::string changed(const std::string& from, const std::string& to) {
  std::string text = header(1) + kPush;
  return text.replace(text.find(from), from.size(), to);
}

TEST_F(HistoryFileTest, ReadsWhatTheBadFilesAreMadeOf) {
  write(header(1) + kPush);
  EXPECT_EQ(readHistory(file_), historyOf({pushed(1, 17, {10, 20})}));
}

TEST_F(HistoryFileTest, RefusesABadHeader) {
  expectRefused("", 1, {"empty", "header"});
  expectRefused("\n", 1, {"no JSON"});
  expectRefused("[]\n", 1, {"[]", "must be an object"});
  expectRefused("nonsense\n", 1, {"no JSON"});
  expectRefused("{}\n", 1, {"no ringside_history"});
  expectRefused(changed("history\": 1", "history\": 2"), 1,
                {"is 2", "reads 1", "use the ringside"});
  expectRefused(changed("history\": 1", "history\": \"1\""), 1, {"is \"1\"", "whole number"});
  expectRefused(changed("\"queue\": \"mpmc\"", "\"queue\": 7"), 1, {"queue is 7", "text"});
  expectRefused(changed("at_most_once", "often"), 1, {"\"often\"", "at_most_once, at_least_once"});
  expectRefused(changed("\"queue\"", "\"drained\": 1, \"queue\""), 1, {"drained", "true or false"});
  expectRefused(changed("\"queue\"", "\"notes\": {\"seed\": 7}, \"queue\""), 1, {"notes", "texts"});
  expectRefused(changed("\"queue\"", "\"capacty\": 7, \"queue\""), 1, {"did you mean 'capacity'"});
  expectRefused(changed("operations\": 1", "operations\": 50000001"), 1, {"0..50000000"});
}

TEST_F(HistoryFileTest, RefusesABadOperation) {
  expectRefused(changed("\"push\"", "\"shove\""), 2, {"\"shove\"", "push, pop, saw_empty"});
  expectRefused(changed("\"process\": 1, ", ""), 2, {"no process", "0..4294967295"});
  expectRefused(changed("\"process\": 1", "\"process\": 4294967296"), 2, {"0..4294967295"});
  expectRefused(changed("17", "\"17\""), 2, {"value is \"17\"", "whole number"});
  expectRefused(changed("17", "18446744073709551616"), 2, {"value is", "whole number"});
  expectRefused(changed("17", "1.5"), 2, {"value is 1.5"});
  expectRefused(changed("17", "null"), 2, {"value is null"});
  expectRefused(changed("\"value\": 17", "\"valeu\": 17"), 2, {"did you mean 'value'"});
  expectRefused(changed("ns\": 10", "ns\": -10"), 2, {"began_ns is -10", "0.."});
  expectRefused(changed("ns\": 10", "ns\": null"), 2, {"began_ns is null"});
  expectRefused(changed("ns\": 20", "ns\": 9"), 2, {"ended_ns is 9", "before began_ns, 10"});
  expectRefused(changed("ns\": 20", "ns\": 9223372036854775807"), 2, {"ended_ns", "0.."});
  expectRefused(changed("\"value\"", "\"torn\": true, \"value\""), 2, {"torn", "pops", "leave it"});
  expectRefused(changed("\"value\"", "\"claimed\": 2, \"value\""), 2,
                {"claimed", "never returned"});
  expectRefused(changed("{\"process\"", "[{\"process\""), 2, {"no JSON"});
}

TEST_F(HistoryFileTest, RefusesWhatAnOperationCannotBe) {
  const std::string times = R"("began_ns": 1, "ended_ns": null})"
                            "\n";
  expectRefused(header(1) + R"({"process": 1, "action": "saw_empty", )" + times, 2,
                {"ended_ns is null", "an answer has come back"});
  expectRefused(header(1) + R"({"process": 1, "action": "pop", "value": 7, )" + times, 2,
                {"value stands at", "leave it out"});
  expectRefused(header(1) + R"({"process": 1, "action": "pop", "claimed": 1048577, )" + times, 2,
                {"claimed is 1048577", "0..1048576"});
}

TEST_F(HistoryFileTest, RefusesAFileThatWasCutOff) {
  const std::string whole = header(2) + kPush + changed("17", "18").substr(header(1).size());
  expectRefused(whole.substr(0, whole.size() - 1), 3, {"cut off"});
  expectRefused(whole.substr(0, whole.size() - 9), 3, {"cut off"});
  expectRefused(header(2) + kPush, 2, {"after 1 operations", "announces 2", "cut off"});
  expectRefused(header(1), 1, {"after 0 operations"});
  expectRefused(header(1).substr(0, 40), 1, {"cut off"});
}

TEST_F(HistoryFileTest, RefusesMoreThanWasAnnounced) {
  expectRefused(header(1) + kPush + kPush, 3, {"one operation more", "line 1"});
}

TEST_F(HistoryFileTest, RefusesAValuePushedTwice) {
  expectRefused(header(2) + kPush + kPush, 3, {"value is 17", "line 2"});
}

TEST_F(HistoryFileTest, RefusesAProcessThatGoesBackInTime) {
  const std::string earlier = R"({"process": 1, "action": "push", "value": 18, "began_ns": 9, )"
                              R"("ended_ns": 20})"
                              "\n";
  expectRefused(header(2) + kPush + earlier, 3, {"began_ns is 9", "process 1", "10", "order"});
}

TEST_F(HistoryFileTest, RefusesALineWithoutEnd) {
  expectRefused(header(1) + std::string(kMaxHistoryLineBytes, ' ') + kPush, 2, {"bytes or more"});
}

TEST_F(HistoryFileTest, RefusesZerosAndBinary) {
  expectRefused(std::string(100, '\0') + "\n", 1, {"no JSON"});
  expectRefused(header(1) + "\xff\xfe\x80\n", 2, {"no JSON"});
}

TEST_F(HistoryFileTest, RefusesRecordsOfARun) {
  for (const std::string& message : {refusalOf("{\"schema\": 1, \"suite\": \"quick\"}\n"), [&] {
                                       try {
                                         readHistory(folder_);
                                       } catch (const UsageError& error) {
                                         return std::string(error.what());
                                       }
                                       return std::string("accepted");
                                     }()}) {
    EXPECT_THAT(message, ::testing::HasSubstr("not a history"));
  }
}

TEST_F(HistoryFileTest, RefusesAFileThatIsNotThere) {
  try {
    readHistory(file_);
    FAIL() << "read";
  } catch (const UsageError& error) {
    EXPECT_THAT(error.what(), ::testing::HasSubstr("No such file or directory"));
  }
}

}  // namespace
}  // namespace ringside::harness
