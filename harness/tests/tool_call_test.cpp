#include "harness/duet/tool_call.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include <stdexcept>

#include "fake_tree.hpp"

namespace ringside::harness {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

ToolCall shell(const std::string& script) { return {.command = {"sh", "-c", script}}; }

TEST(ToolCallTest, KeepsOutputAndComplaintsApart) {
  const ToolEnd end = runTool(shell("echo found; echo why >&2; exit 3"));
  EXPECT_EQ(end.exit_code, 3);
  EXPECT_EQ(end.output, "found\n");
  EXPECT_EQ(end.complaints, "why\n");
  EXPECT_FALSE(end.isFine());
}

TEST(ToolCallTest, AddsAllThatIsSaidToALog) {
  const FakeTree folder;
  ToolCall call = shell("echo found; echo why >&2");
  call.log = folder.root() / "log";
  EXPECT_TRUE(runTool(call).isFine());
  EXPECT_TRUE(runTool(call).isFine());
  EXPECT_EQ(folder.read("/log"), "found\nwhy\nfound\nwhy\n");
}

TEST(ToolCallTest, EndsWhatTakesTooLongWithAllThatItHasStarted) {
  ToolCall call = shell("sleep 1000 & sleep 1000; wait");
  call.patience = std::chrono::seconds(0);
  const ToolEnd end = runTool(call);
  EXPECT_TRUE(end.timed_out);
  EXPECT_EQ(end.exit_code, 128 + SIGTERM);
}

TEST(ToolCallTest, SaysWhichPackageHasAMissingProgram) {
  const std::string path = ::getenv("PATH");
  ::setenv("PATH", "/nowhere", 1);
  EXPECT_THAT(
      [] {
        runTool({.command = {"ninja", "--version"}});
      },
      ThrowsMessage<std::runtime_error>(HasSubstr("package ninja-build")));
  ::setenv("PATH", path.c_str(), 1);
}

TEST(ToolCallTest, HidesWhichRepositoryAHookIsOf) {
  ::setenv("GIT_DIR", "/nowhere", 1);
  ::setenv("GIT_INDEX_FILE", "/nowhere/index", 1);
  const ToolEnd end = runTool(shell("echo ${GIT_DIR:-none} ${GIT_INDEX_FILE:-none}"));
  ToolCall call = shell("echo $GIT_DIR");
  call.settings = {"GIT_DIR=/here"};
  const ToolEnd with_own = runTool(call);
  ::unsetenv("GIT_DIR");
  ::unsetenv("GIT_INDEX_FILE");
  EXPECT_EQ(end.output, "none none\n");
  EXPECT_EQ(with_own.output, "/here\n");
}

TEST(ToolCallTest, RunsInItsFolderWithoutAnythingToRead) {
  const FakeTree folder;
  ToolCall call = shell("pwd; cat");
  call.folder = folder.root();
  EXPECT_EQ(runTool(call).output, folder.root().string() + "\n");
}

TEST(LastLinesTest, IndentsTheLastOnesThatSaySomething) {
  EXPECT_EQ(lastLines("one\ntwo\n\nthree\n\n", 3), "\n  two\n  three");
  EXPECT_EQ(lastLines("one", 3), "\n  one");
  EXPECT_EQ(lastLines("one\ntwo\nthree", 1), "\n  three");
  EXPECT_EQ(lastLines("\n\n", 3), "");
}

}  // namespace
}  // namespace ringside::harness
