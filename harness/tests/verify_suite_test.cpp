#include "harness/verify/verify_suite.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "harness/usage_error.hpp"
#include "harness/verify/snapshot.hpp"

namespace ringside::harness {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class CampaignFileTest : public ::testing::Test {
 protected:
  ~CampaignFileTest() override { std::filesystem::remove(file_); }

  Campaign read(const std::string& text, const std::vector<std::string>& overrides = {}) const {
    std::ofstream(file_) << text;
    return readCampaign(file_, overrides);
  }
  Campaign readWith(const std::string& lines) const { return read(kHead + lines); }

  std::string refusalOf(const std::string& text,
                        const std::vector<std::string>& overrides = {}) const {
    try {
      read(text, overrides);
    } catch (const UsageError& error) {
      return error.what();
    }
    return "accepted";
  }
  /// Of a line that comes third in the file.
  void expectRefused(const std::string& line, const std::vector<std::string>& says) const {
    const std::string message = refusalOf(kHead + line + "\n");
    EXPECT_THAT(message, StartsWith(file_.string() + ":3: "));
    for (const std::string& part : says) EXPECT_THAT(message, HasSubstr(part));
  }
  void expectOverrideRefused(const std::string& change, const std::string& says) const {
    const std::string message = refusalOf(kHead, {change});
    EXPECT_THAT(message, StartsWith("--set '" + change + "': "));
    EXPECT_THAT(message, HasSubstr(says));
  }

  static inline const std::string kHead = "[verify]\nname = \"small\"\n";
  std::filesystem::path file_ = std::filesystem::temp_directory_path() /
                                ("ringside-campaign-" + std::to_string(::getpid()) + ".toml");
};

TEST_F(CampaignFileTest, OfANameAloneIsEveryQueueAndEveryFault) {
  const Campaign campaign = readWith("");
  EXPECT_EQ(campaign.name, "small");
  EXPECT_EQ(campaign.queues.size(), allQueues().size() + allSnapshots().size());
  EXPECT_EQ(campaign.faults, possibleFaultKinds());
  EXPECT_EQ(campaign.capacities, Campaign{}.capacities);
  EXPECT_EQ(campaign.seed, 1U);
  EXPECT_TRUE(campaign.expected.empty());
}

TEST_F(CampaignFileTest, SaysWhichQueuesFaultsAndCounts) {
  const Campaign campaign = readWith(
      "question = \"?\"\nqueues = [\"mpsc\", \"spsc\"]\nfaults = [\"storm\", \"none\"]\n"
      "capacities = [3, 1]\nseed = 7\nkill_points = 5\nstorms = 2\nelement_size_bytes = 64\n");
  ASSERT_EQ(campaign.queues.size(), 2U);
  EXPECT_EQ(campaign.queues[0]->name, "mpsc");
  EXPECT_EQ(campaign.queues[1]->name, "spsc");
  EXPECT_THAT(campaign.faults, ElementsAre(FaultKind::Storm, FaultKind::None));
  EXPECT_THAT(campaign.capacities, ElementsAre(3U, 1U));
  EXPECT_EQ(campaign.seed, 7U);
  EXPECT_EQ(campaign.kill_points, 5U);
  EXPECT_EQ(campaign.storms, 2U);
  EXPECT_EQ(campaign.element_size_bytes, 64U);
  EXPECT_EQ(campaign.question, "?");
}

TEST_F(CampaignFileTest, SaysWhatIsExpectedAndPassesOverQueuesThatAreNotHere) {
  const Campaign campaign = readWith(
      "[verify.expect]\nmpmc = \"stalls\"\nnot_built_here = \"corrupts\"\n"
      "double_buffer = \"loses\"\n");
  ASSERT_EQ(campaign.expected.size(), 2U);
  EXPECT_EQ(campaign.expected.at("double_buffer"), ProgressClass::Loses);
  EXPECT_EQ(campaign.expected.at("mpmc"), ProgressClass::Stalls);
}

TEST_F(CampaignFileTest, IsChangedByOverrides) {
  const Campaign campaign = read(kHead + "seed = 3\nqueues = [\"spsc\"]\n",
                                 {"seed=9", "queues=mpmc", "faults=[kill, storm]", "capacities=[5]",
                                  "expect={mpmc=\"loses\"}"});
  EXPECT_EQ(campaign.seed, 9U);
  ASSERT_EQ(campaign.queues.size(), 1U);
  EXPECT_EQ(campaign.queues[0]->name, "mpmc");
  EXPECT_THAT(campaign.faults, ElementsAre(FaultKind::KillAtInstruction, FaultKind::Storm));
  EXPECT_THAT(campaign.capacities, ElementsAre(5U));
  EXPECT_EQ(campaign.expected.at("mpmc"), ProgressClass::Loses);
}

TEST_F(CampaignFileTest, ReadsTheSameOnceItIsWrittenOut) {
  const Campaign campaign =
      read(kHead + "question = \"a \\\"quoted\\\" one\"\n[verify.expect]\nmpmc = \"stalls\"\n",
           {"seed=9", "faults=[kill,stop]", "queues=[mpmc,spsc]", "wake_points=6"});
  const Campaign again = read(toToml(campaign));
  EXPECT_EQ(again.name, campaign.name);
  EXPECT_EQ(again.question, campaign.question);
  EXPECT_EQ(again.queues, campaign.queues);
  EXPECT_EQ(again.faults, campaign.faults);
  EXPECT_EQ(again.capacities, campaign.capacities);
  EXPECT_EQ(again.seed, 9U);
  EXPECT_EQ(again.wake_points, 6U);
  EXPECT_EQ(again.expected, campaign.expected);
  EXPECT_EQ(toToml(again), toToml(campaign));
}

TEST_F(CampaignFileTest, RefusesWhatItDoesNotKnowWithTheLineAndANearName) {
  expectRefused("kill_point = 3", {"unknown key 'kill_point'", "did you mean 'kill_points'"});
  expectRefused("queues = [\"spcs\"]", {"no queue 'spcs'", "did you mean 'spsc'", "mpmc"});
  expectRefused("faults = [\"kil\"]", {"no fault 'kil'", "did you mean 'kill'", "full_memory"});
  expectRefused("expect = {mpmc = \"dies\"}", {"mpmc", "dies", "survives, stalls, loses"});
}

TEST_F(CampaignFileTest, RefusesWrongTypesAndImpossibleValues) {
  expectRefused("seed = \"one\"", {"seed is", "one", "from 0 to"});
  expectRefused("kill_points = 0", {"kill_points is 0", "from 1 to 100000"});
  expectRefused("kill_points = 1.5", {"kill_points is 1.5"});
  expectRefused("kills_per_storm = 61", {"kills_per_storm is 61", "from 1 to 60"});
  expectRefused("storms = -1", {"storms is -1"});
  expectRefused("element_size_bytes = 7", {"element_size_bytes is 7", "from 8 to 4096"});
  expectRefused("capacities = []", {"capacities is [", "list of numbers"});
  expectRefused("capacities = 3", {"capacities is 3"});
  expectRefused("capacities = [2, 65]", {"65", "from 1 to 64"});
  expectRefused("queues = []", {"queues is [", "at least one"});
  expectRefused("queues = [\"spsc\", \"spsc\"]", {"names 'spsc' twice"});
  expectRefused("faults = [3]", {"faults is 3", "string"});
  expectRefused("question = 3", {"question is 3", "string"});
  expectRefused("expect = 3", {"must be a table"});
}

TEST_F(CampaignFileTest, RefusesANameThatIsNoneOfAFile) {
  EXPECT_THAT(refusalOf("[verify]\nname = \"a/b\"\n"), HasSubstr(":2: name is 'a/b'"));
  EXPECT_THAT(refusalOf("[verify]\nname = \"\"\n"), HasSubstr(":2: name is ''"));
  EXPECT_THAT(refusalOf("[verify]\nseed = 1\n"), HasSubstr(":1: [verify] has no name"));
}

TEST_F(CampaignFileTest, RefusesOverridesByTheirFlag) {
  expectOverrideRefused("seed", "KEY=VALUE");
  expectOverrideRefused("=3", "KEY=VALUE");
  expectOverrideRefused("seed=1\nstorms=2", "one line");
  expectOverrideRefused("seeds=3", "did you mean 'seed'");
  expectOverrideRefused("queues=[spsc,mcmp]", "no queue 'mcmp'");
  expectOverrideRefused("queues=[spsc,spsc]", "twice");
  expectOverrideRefused("kill_points=many", "'many'");
}

TEST_F(CampaignFileTest, RefusesWhatIsNoCampaign) {
  EXPECT_THAT(refusalOf("[verify\n"), StartsWith(file_.string() + ":1: "));
  EXPECT_THAT(refusalOf("[suite]\nname = \"x\"\n"), HasSubstr("one table, [verify]"));
  EXPECT_THAT(refusalOf(kHead + "[more]\n"), HasSubstr("others beside it"));
  EXPECT_THROW(readCampaign("/not/there.toml", {}), UsageError);
}

}  // namespace
}  // namespace ringside::harness
