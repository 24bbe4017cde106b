#include "results/bundle.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <string>

#include "results/tests/scratch_folder.hpp"

namespace ringside::results {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;

Record makeRecord(std::uint32_t repetition) {
  Record record;
  record.suite = "quick";
  record.cell = "quick/cell";
  record.repetition = repetition;
  return record;
}

/// No file of this process may grow beyond `bytes` while this lives: a full disk without one.
class FileSizeLimit {
 public:
  explicit FileSizeLimit(rlim_t bytes) {
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit limit{.rlim_cur = bytes, .rlim_max = before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    handler_ = ::signal(SIGXFSZ, SIG_IGN);
  }
  FileSizeLimit(const FileSizeLimit&) = delete;
  FileSizeLimit& operator=(const FileSizeLimit&) = delete;
  ~FileSizeLimit() {
    ::signal(SIGXFSZ, handler_);
    ::setrlimit(RLIMIT_FSIZE, &before_);
  }

 private:
  rlimit before_{};
  sighandler_t handler_ = SIG_DFL;
};

class BundleTest : public testing::Test {
 protected:
  std::string refusalOf(const fs::path& folder) {
    return messageOf<BundleError>([&] { Bundle::create(folder); });
  }

  ScratchFolder scratch_;
  const fs::path folder_ = scratch_.path() / "out" / "quick";
};

TEST_F(BundleTest, MakesItsFolderWithTheParents) {
  const Bundle bundle = Bundle::create(folder_);
  EXPECT_EQ(bundle.path(), folder_);
  EXPECT_EQ(readText(folder_ / "records.jsonl"), "");
}

TEST_F(BundleTest, RefusesAFolderThatExists) {
  fs::create_directories(folder_);
  EXPECT_THAT(refusalOf(folder_), HasSubstr(folder_.string() + ": exists"));
  writeText(folder_ / "notes.txt", "mine");
  EXPECT_THAT(refusalOf(folder_), HasSubstr(folder_.string() + ": exists"));
  EXPECT_EQ(readText(folder_ / "notes.txt"), "mine");
}

TEST_F(BundleTest, RefusesABundleThatExists) {
  Bundle::create(folder_).append(makeRecord(0));
  const std::string before = readText(folder_ / "records.jsonl");
  EXPECT_THAT(refusalOf(folder_), HasSubstr("never overwritten"));
  EXPECT_EQ(readText(folder_ / "records.jsonl"), before);
}

TEST_F(BundleTest, RefusesAFileInPlaceOfTheFolder) {
  const fs::path file = scratch_.path() / "file";
  writeText(file, "mine");
  EXPECT_THAT(refusalOf(file), HasSubstr("is no folder"));
  EXPECT_THAT(refusalOf(file / "below"), HasSubstr("--out DIR"));
  EXPECT_EQ(readText(file), "mine");
}

TEST_F(BundleTest, RefusesAFolderThatCannotBeMade) {
  EXPECT_THAT(refusalOf("/proc/ringside"), HasSubstr("cannot be made"));
  EXPECT_THAT(refusalOf(""), HasSubstr("no name"));
}

TEST_F(BundleTest, FindsOutBeforeTheRunThatNothingCanBeWritten) {
  const FileSizeLimit limit(100);
  EXPECT_THAT(refusalOf(folder_), HasSubstr("cannot be written (File too large)"));
  EXPECT_FALSE(fs::exists(folder_));
}

TEST_F(BundleTest, AppendsEachRecordAsALine) {
  Bundle bundle = Bundle::create(folder_);
  bundle.append(makeRecord(0));
  bundle.append(makeRecord(1));
  EXPECT_EQ(readText(folder_ / "records.jsonl"),
            toJson(makeRecord(0)) + "\n" + toJson(makeRecord(1)) + "\n");
  EXPECT_EQ(readRecords(folder_).at(1).repetition, 1U);
}

TEST_F(BundleTest, KeepsWholeLinesWhenOneCannotBeWritten) {
  Bundle bundle = Bundle::create(folder_);
  bundle.append(makeRecord(0));
  const std::string before = readText(folder_ / "records.jsonl");
  {
    const FileSizeLimit limit(before.size() + 50);
    EXPECT_THAT(messageOf<BundleError>([&] { bundle.append(makeRecord(1)); }),
                HasSubstr("cannot add repetition 1 of quick/cell (File too large)"));
  }
  EXPECT_EQ(readText(folder_ / "records.jsonl"), before);
  bundle.append(makeRecord(2));
  EXPECT_EQ(readRecords(folder_).size(), 2U);
}

TEST_F(BundleTest, WritesAFileWholeOrNotAtAll) {
  Bundle bundle = Bundle::create(folder_);
  bundle.writeFile("environment.json", "{}");
  {
    const FileSizeLimit limit(10);
    EXPECT_THROW(bundle.writeFile("environment.json", std::string(100, 'x')), BundleError);
  }
  EXPECT_EQ(readText(folder_ / "environment.json"), "{}");
  bundle.writeFile("environment.json", "{\"a\":1}");
  EXPECT_EQ(readText(folder_ / "environment.json"), "{\"a\":1}");
  EXPECT_EQ(std::distance(fs::directory_iterator(folder_), fs::directory_iterator()), 2);
}

TEST_F(BundleTest, RefusesToWriteOutsideItselfOrOverItsRecords) {
  Bundle bundle = Bundle::create(folder_);
  for (const char* name : {"", ".", "..", "../x", "/etc/x", "a/b", "records.jsonl"}) {
    EXPECT_THROW(bundle.writeFile(name, "x"), BundleError) << name;
  }
}

TEST_F(BundleTest, IsOpenedAgainToBeGoneOnWith) {
  { Bundle::create(folder_).append(makeRecord(0)); }
  Bundle again = Bundle::open(folder_);
  EXPECT_EQ(again.cutOffBytes(), 0U);
  again.append(makeRecord(1));
  EXPECT_EQ(readRecords(folder_).size(), 2U);
}

TEST_F(BundleTest, LosesAnUnfinishedLastLineWhenItIsOpenedAgain) {
  { Bundle::create(folder_).append(makeRecord(0)); }
  const fs::path file = folder_ / "records.jsonl";
  const std::string whole = readText(file);
  const std::string cut_off = toJson(makeRecord(1)).substr(0, 40);
  std::ofstream(file, std::ios::app) << cut_off;
  Bundle again = Bundle::open(folder_);
  EXPECT_EQ(again.cutOffBytes(), cut_off.size());
  EXPECT_EQ(readText(file), whole);
  again.append(makeRecord(2));
  EXPECT_EQ(readRecords(folder_).at(1).repetition, 2U);
}

TEST_F(BundleTest, IsNotOpenedWhereThereIsNone) {
  EXPECT_THAT(messageOf<BundleError>([&] { Bundle::open(folder_); }),
              HasSubstr("records.jsonl: cannot be opened"));
  EXPECT_FALSE(fs::exists(folder_));
}

TEST_F(BundleTest, IsWrittenByOneProcessAtATime) {
  const Bundle held = Bundle::create(folder_);
  const ::pid_t other = ::fork();
  if (other == 0) {
    const std::string refusal = messageOf<BundleError>([&] { Bundle::open(folder_); });
    ::_exit(refusal.find("another run is writing") == std::string::npos ? 1 : 0);
  }
  int status = -1;
  ASSERT_EQ(::waitpid(other, &status, 0), other);
  EXPECT_EQ(status, 0);
}

TEST_F(BundleTest, StaysUsableAfterAMove) {
  Bundle first = Bundle::create(folder_);
  Bundle second = Bundle::create(scratch_.path() / "other");
  second = std::move(first);
  second.append(makeRecord(0));
  EXPECT_EQ(readRecords(folder_).size(), 1U);
}

TEST(BundleNameTest, HoldsSuiteTimeAndHost) {
  const auto started = std::chrono::sys_days{std::chrono::November / 21 / 2026} +
                       std::chrono::hours{8} + std::chrono::minutes{12};
  EXPECT_EQ(Bundle::defaultName("quick", started, "lab7"), "quick-20261121T081200Z-lab7");
  EXPECT_EQ(Bundle::defaultName("my/suite", started, "a b"), "my-suite-20261121T081200Z-a-b");
}

}  // namespace
}  // namespace ringside::results
