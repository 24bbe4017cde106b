#include "harness/duet/arm.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

#include "fake_tree.hpp"
#include "harness/duet/arm_build.hpp"
#include "harness/duet/arm_cache.hpp"
#include "harness/duet/core_tree.hpp"
#include "harness/duet/tool_call.hpp"
#include "harness/fnv1a.hpp"
#include "harness/usage_error.hpp"

namespace ringside::harness {
namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr std::chrono::seconds kNoPatience{0};

auto refusal(const std::string& named, const ArmTerms& terms = {}) {
  return [=] { resolveArm("--baseline", named, terms); };
}

auto saying(const std::string& text) {
  return ThrowsMessage<UsageError>(AllOf(HasSubstr("--baseline"), HasSubstr(text)));
}

// --- what is called so --------------------------------------------------------------------------

TEST(ArmTest, OfThisProgramIsWhatRunsHere) {
  const Arm arm = resolveArm("--baseline", kThisProgram, {});
  EXPECT_EQ(arm.kind, Arm::Kind::Program);
  EXPECT_EQ(arm.program, fs::read_symlink("/proc/self/exe"));
  EXPECT_TRUE(arm.plugins.empty());
  const ordered_json described = arm.describe();
  EXPECT_EQ(described["kind"], "program");
  EXPECT_EQ(described["identity"], arm.identity);
  EXPECT_EQ(described["program"]["fnv1a"], arm.identity);
}

TEST(ArmTest, SaysAllThatANameCouldHaveMeant) {
  for (const char* named : {"no-such-thing", "--all"}) {
    EXPECT_THAT(refusal(named), saying("there is no such file or folder, and "));
    EXPECT_THAT(refusal(named), saying("name a plug-in (FILE.so), a build of Ringside"));
  }
  EXPECT_THAT(refusal(""), saying("it names nothing"));
}

TEST(ArmTest, OfAFolderNeedsAProgramInIt) {
  const FakeTree folder({{"/README", "no program"}});
  EXPECT_THAT(refusal(folder.root().string()), saying("no program `ringside` in it"));
}

TEST(ArmTest, OfAFileNeedsAStamp) {
  const FakeTree folder({{"/mine.so", "no plug-in"}});
  EXPECT_THAT(refusal((folder.root() / "mine.so").string()), saying("carries no stamp"));
}

/// A program that answers so when its stamp is asked for.
void writeProgram(const FakeTree& folder, const std::string& script) {
  folder.write("/ringside", "#!/bin/sh\n" + script + "\n");
  fs::permissions(folder.root() / "ringside", fs::perms::owner_all);
}

TEST(ArmTest, OfAnotherBuildHasTheSameHarness) {
  const FakeTree folder;
  writeProgram(folder, "test \"$*\" = 'gate-arm --stamp' && echo '" + armStamp() + "'");
  const Arm arm = resolveArm("--baseline", folder.root().string(), {});
  EXPECT_EQ(arm.kind, Arm::Kind::Program);
  EXPECT_EQ(arm.program, fs::canonical(folder.root() / "ringside"));
  EXPECT_EQ(resolveArm("--baseline", arm.program.string(), {}).identity, arm.identity);
}

TEST(ArmTest, OfABuildWithAnotherHarnessIsRefused) {
  const FakeTree folder;
  writeProgram(folder, "echo ringside gate-arm 1 0123456789abcdef 0123456789abcdef");
  EXPECT_THAT(refusal(folder.root().string()),
              saying("name the git revision that it was built from"));
  writeProgram(folder, "echo unknown verb >&2; exit 2");
  EXPECT_THAT(refusal(folder.root().string()), saying("it knows nothing of gates"));
}

TEST(ArmTest, RefusesNumbersOfLinksThatItCannotMake) {
  for (const std::uint32_t links : {0U, kMaxLinks + 1}) {
    EXPECT_THAT(refusal("HEAD", {.links = links}), saying("1 to 64"));
  }
}

TEST(ArmTest, StampIsALineOfFiveWords) {
  EXPECT_TRUE(std::regex_match(armStamp(),
                               std::regex("ringside gate-arm [0-9]+ [0-9a-f]{16} [0-9a-f]{16}")));
}

// --- cores in git -------------------------------------------------------------------------------

class CoreTreeTest : public ::testing::Test {
 protected:
  CoreTreeTest() {
    repository_.write("/core/include/ring.hpp", "// a ring\n");
    repository_.write("/README.md", "words\n");
    repository_.write("/.gitignore", "build/\n");
    git({"init", "--quiet"});
    commit("first");
  }

  std::string git(std::vector<std::string> words) {
    const std::vector<std::string> first = {
        "git", "-c", "user.name=Anybody", "-c", "user.email=a@b", "-C", top().string()};
    words.insert(words.begin(), first.begin(), first.end());
    const ToolEnd end = runTool({.command = words});
    EXPECT_TRUE(end.isFine()) << end.complaints;
    return end.output;
  }
  void commit(const std::string& subject) {
    git({"add", "--all"});
    git({"commit", "--quiet", "--message", subject});
  }
  const fs::path& top() const { return repository_.root(); }
  CoreTree ofFolder() { return coreOfFolder(top(), scratch_.root() / "cache"); }

  FakeTree repository_;
  FakeTree scratch_;
};

TEST_F(CoreTreeTest, KnowsTheCommitThatARevisionMeans) {
  const auto core = coreOfRevision(top(), "HEAD");
  ASSERT_TRUE(core);
  EXPECT_EQ(core->commit + "\n", git({"rev-parse", "HEAD"}));
  EXPECT_EQ(core->hash + "\n", git({"rev-parse", "HEAD:core"}));
  EXPECT_EQ(core->subject, "first");
  EXPECT_FALSE(coreOfRevision(top(), "HEAD~1"));
}

TEST_F(CoreTreeTest, IsEqualWhereAllFilesOfTheCoreAre) {
  const std::string first = coreOfRevision(top(), "HEAD")->hash;
  repository_.write("/README.md", "other words\n");
  commit("second");
  EXPECT_EQ(coreOfRevision(top(), "HEAD")->hash, first);
  repository_.write("/core/include/ring.hpp", "// another ring\n");
  commit("third");
  EXPECT_NE(coreOfRevision(top(), "HEAD")->hash, first);
}

TEST_F(CoreTreeTest, OfAFolderIsThatOfTheCommitUntilSomethingIsChanged) {
  const CoreTree committed = *coreOfRevision(top(), "HEAD");
  EXPECT_EQ(ofFolder().hash, committed.hash);
  EXPECT_EQ(ofFolder().commit, committed.commit);
  repository_.write("/core/build/ignored.hpp", "");
  EXPECT_EQ(ofFolder().hash, committed.hash);
  repository_.write("/core/include/new.hpp", "// not added\n");
  EXPECT_NE(ofFolder().hash, committed.hash);
  EXPECT_EQ(ofFolder().commit, "");
}

TEST_F(CoreTreeTest, OfAFolderLeavesTheRepositoryAsItIs) {
  repository_.write("/core/include/new.hpp", "// not added\n");
  const std::string status = git({"status", "--porcelain"});
  const std::string objects = git({"count-objects"});
  ofFolder();
  EXPECT_EQ(git({"status", "--porcelain"}), status);
  EXPECT_EQ(git({"count-objects"}), objects);
}

TEST_F(CoreTreeTest, IsUnpackedWithAllItsFilesAndNothingElse) {
  repository_.write("/core/include/ring.hpp", "// changed since\n");
  unpack(*coreOfRevision(top(), "HEAD"), scratch_.root() / "old");
  unpack(ofFolder(), scratch_.root() / "new");
  EXPECT_EQ(scratch_.read("/old/core/include/ring.hpp"), "// a ring\n");
  EXPECT_EQ(scratch_.read("/new/core/include/ring.hpp"), "// changed since\n");
  EXPECT_FALSE(fs::exists(scratch_.root() / "old/README.md"));
  EXPECT_EQ(std::distance(fs::directory_iterator(scratch_.root() / "old"), {}), 1);
}

TEST_F(CoreTreeTest, IsNotThereInACommitWithoutCore) {
  fs::remove_all(top() / "core");
  commit("second");
  EXPECT_EQ(coreOfRevision(top(), "HEAD")->hash, "");
}

TEST(ArmFolderNameTest, IsAnotherOneForAnotherCoreAndAnotherCompiler) {
  const auto name = [](const char* hash, const char* compiler) {
    return armFolderName({.hash = hash, .git_directory = {}}, RINGSIDE_SOURCE_FOLDER, compiler);
  };
  const std::string one = name("0123456789abcdef", "g++ 12");
  EXPECT_EQ(name("0123456789abcdef", "g++ 12"), one);
  EXPECT_TRUE(one.starts_with("0123456789ab-")) << one;
  EXPECT_NE(name("0123456789abcdef", "g++ 13"), one);
  EXPECT_NE(name("0123456789abffff", "g++ 12"), one);
}

// --- the cache ----------------------------------------------------------------------------------

class ArmFolderTest : public ::testing::Test {
 protected:
  ArmFolder open(const std::string& name = "one") { return {cache_.root(), name, kNoPatience, {}}; }
  void fill(const ArmFolder& folder) {
    cache_.write("/one/link-0.so", "code");
    folder.markWhole({{"files", {{{"file", "link-0.so"}, {"fnv1a", fnv1a("code")}}}}});
  }
  /// As if it had last been used so many hours ago.
  void age(const std::string& name, int hours) {
    fs::last_write_time(cache_.root() / name,
                        fs::file_time_type::clock::now() - std::chrono::hours(hours));
  }

  FakeTree cache_;
};

TEST_F(ArmFolderTest, HasNoContentBeforeItIsWhole) {
  cache_.write("/one/link-0.so", "code");
  EXPECT_FALSE(open().content());
  fill(open());
  EXPECT_TRUE(open().content());
}

TEST_F(ArmFolderTest, HasNoContentWhenAFileIsNotWhatItWas) {
  fill(open());
  cache_.write("/one/link-0.so", "other code");
  EXPECT_FALSE(open().content());
  fs::remove(cache_.root() / "one/link-0.so");
  EXPECT_FALSE(open().content());
  cache_.write("/one/arm.json", "{ cut off");
  EXPECT_FALSE(open().content());
}

TEST_F(ArmFolderTest, IsForOneAtATime) {
  const ArmFolder first = open();
  EXPECT_THAT([&] { open(); }, ThrowsMessage<std::runtime_error>(HasSubstr("still in use")));
  open("another");
}

TEST_F(ArmFolderTest, RemovesWhatHasNotBeenUsedForTheLongest) {
  for (std::size_t count = 0; count < kMaxKeptArms; ++count) {
    const std::string name = "old-" + std::to_string(count);
    open(name);
    age(name, static_cast<int>(count) + 1);
  }
  open().removeOldOnes();
  EXPECT_TRUE(fs::exists(cache_.root() / "one"));
  EXPECT_TRUE(fs::exists(cache_.root() / "old-0"));
  EXPECT_FALSE(fs::exists(cache_.root() / ("old-" + std::to_string(kMaxKeptArms - 1))));
}

}  // namespace
}  // namespace ringside::harness
