#include "harness/past_runs.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "results/tests/scratch_folder.hpp"

namespace ringside::harness {
namespace {

using ::testing::Ne;

/// The hash that an entry has of a program with these plug-ins.
std::string programHashWith(const std::string& plugins) {
  const results::ScratchFolder bundle;
  results::writeText(
      bundle.path() / "environment.json",
      R"({"fingerprint": {"program_facts": {"binary_hash": "aa"}}, "plugins": [)" + plugins + "]}");
  return newEntry(results::EntryKind::Run, "quick", bundle.path(), results::ExitCode::Fine)
      .program_hash;
}

TEST(PastRunsTest, TheHashOfTheProgramIsThatOfItsFile) { EXPECT_EQ(programHashWith(""), "aa"); }

TEST(PastRunsTest, AnotherBuildOfAPluginMakesAnotherProgram) {
  const std::string one = R"({"file": "/a/libmine.so", "fnv1a": "01"})";
  const std::string other = R"({"file": "/a/libmine.so", "fnv1a": "02"})";
  EXPECT_THAT(programHashWith(one), Ne("aa"));
  EXPECT_THAT(programHashWith(one), Ne(programHashWith(other)));
  EXPECT_EQ(programHashWith(one + "," + other), programHashWith(other + "," + one));
}

TEST(PastRunsTest, OfABundleThatDoesNotSayNothingIsKnown) {
  const results::ScratchFolder bundle;
  EXPECT_EQ(newEntry(results::EntryKind::Run, "quick", bundle.path(), results::ExitCode::Fine)
                .program_hash,
            "");
}

}  // namespace
}  // namespace ringside::harness
