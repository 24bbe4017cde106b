// Settings that are changed and put back, on a made-up tree.
#include "harness/doctor/settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "fake_tree.hpp"
#include "harness/doctor/settings_state.hpp"

namespace ringside::harness {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr const char* kGovernor0 = "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor";
constexpr const char* kGovernor1 = "/sys/devices/system/cpu/cpu1/cpufreq/scaling_governor";
constexpr const char* kPool =
    "/sys/devices/system/node/node0/hugepages/hugepages-2048kB/nr_hugepages";
constexpr const char* kThp = "/sys/kernel/mm/transparent_hugepage/enabled";
constexpr const char* kShmemThp = "/sys/kernel/mm/transparent_hugepage/shmem_enabled";
constexpr const char* kState = "/run/ringside/doctor.json";
constexpr const char* kBootId = "/proc/sys/kernel/random/boot_id";

class DoctorSettingsTest : public ::testing::Test {
 protected:
  DoctorSettingsTest() {
    tree_.write("/run/lock", "");
    tree_.write("/sys/devices/system/cpu/online", "0-1\n");
    tree_.write(kGovernor0, "schedutil\n");
    tree_.write(kGovernor1, "performance\n");
    tree_.write(kPool, "3\n");
    tree_.write(kThp, "[always] madvise never\n");
    tree_.write(kShmemThp, "always within_size advise [never] deny force\n");
    tree_.write(kBootId, "boot-1\n");
  }
  std::vector<Change> needed() const { return plannedChanges(files(), Wishes{}).needed; }
  SystemFiles files() const { return tree_.files(); }
  /// The settings as they are, in one line.
  std::string settings() const {
    std::string all;
    for (const char* file : {kGovernor0, kGovernor1, kPool, kThp, kShmemThp}) {
      all += files().chosen(file).value_or("-") + " ";
    }
    return all;
  }
  std::string refusalOfApply() const {
    std::vector<Change> changes = needed();
    try {
      applyChanges(files(), changes);
    } catch (const SettingsError& error) {
      return error.what();
    }
    return "applied";
  }

  FakeTree tree_;
};

constexpr const char* kBefore = "schedutil performance 3 always never ";
constexpr const char* kApplied = "performance performance 64 madvise advise ";

TEST_F(DoctorSettingsTest, PlansWhatDiffersAndSaysWhatIsAsWished) {
  const Changes changes = plannedChanges(files(), Wishes{});
  std::vector<std::string> names;
  for (const Change& change : changes.needed) names.push_back(change.name + "=" + change.wanted);
  EXPECT_THAT(names, ElementsAre("governor=performance", "huge_pages=64",
                                 "transparent_huge_pages=madvise", "shmem_enabled=advise"));
  EXPECT_THAT(changes.already, ElementsAre(HasSubstr("cpu1/cpufreq/scaling_governor")));
  EXPECT_THAT(changes.not_here, IsEmpty());
}

TEST_F(DoctorSettingsTest, SaysWhatThisMachineDoesNotHave) {
  const FakeTree bare;
  const Changes changes = plannedChanges(bare.files(), Wishes{});
  EXPECT_THAT(changes.needed, IsEmpty());
  EXPECT_THAT(changes.not_here, SizeIs(4));
}

TEST_F(DoctorSettingsTest, NeverTakesHugePagesAway) {
  tree_.write(kPool, "100\n");
  for (const Change& change : needed()) EXPECT_NE(change.name, "huge_pages");
}

TEST_F(DoctorSettingsTest, PlanningChangesNothing) {
  needed();
  EXPECT_EQ(settings(), kBefore);
  EXPECT_FALSE(files().exists(kState));
}

TEST_F(DoctorSettingsTest, AppliesReadsBackAndRemembers) {
  std::vector<Change> changes = needed();
  applyChanges(files(), changes);
  EXPECT_EQ(settings(), kApplied);
  for (const Change& change : changes) EXPECT_EQ(change.obtained, change.wanted) << change.file;
  EXPECT_TRUE(files().exists(kState));
}

TEST_F(DoctorSettingsTest, PutsAllBackAndForgets) {
  std::vector<Change> changes = needed();
  applyChanges(files(), changes);
  const Restored restored = restoreSettings(files());
  EXPECT_TRUE(restored.had_state);
  EXPECT_THAT(restored.changes, SizeIs(changes.size()));
  EXPECT_EQ(settings(), kBefore);
  EXPECT_FALSE(files().exists(kState));
  EXPECT_FALSE(restoreSettings(files()).had_state);
}

TEST_F(DoctorSettingsTest, PutsBackAfterAProcessThatWasKilledInBetween) {
  const ::pid_t victim = ::fork();
  if (victim == 0) {
    std::vector<Change> changes = needed();
    applyChanges(files(), changes);
    ::raise(SIGKILL);
  }
  int status = 0;
  ::waitpid(victim, &status, 0);
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(settings(), kApplied);
  restoreSettings(files());
  EXPECT_EQ(settings(), kBefore);
}

TEST_F(DoctorSettingsTest, RefusesASecondTimeBecauseTheFirstWouldBeForgotten) {
  std::vector<Change> changes = needed();
  applyChanges(files(), changes);
  tree_.write(kThp, "[never]\n");
  EXPECT_THAT(refusalOfApply(), AllOf(HasSubstr("doctor.json exists"), HasSubstr("--restore")));
  EXPECT_EQ(files().chosen(kThp), "never");
  restoreSettings(files());
  EXPECT_EQ(settings(), kBefore);
}

TEST_F(DoctorSettingsTest, ChangesNothingWhereTheStateCannotBeKept) {
  tree_.write("/run/ringside", "a file where a folder should be");
  EXPECT_THAT(refusalOfApply(), HasSubstr("cannot be written"));
  EXPECT_EQ(settings(), kBefore);
}

TEST_F(DoctorSettingsTest, PutsBackWhatWasDoneWhenALaterChangeIsRefused) {
  std::filesystem::remove(files().pathOf(kShmemThp));
  std::filesystem::create_directory(files().pathOf(kShmemThp));  // which nobody can write to
  std::vector<Change> changes = needed();
  ASSERT_THAT(changes, SizeIs(4));
  EXPECT_THAT(refusalOfApply(), AllOf(HasSubstr("shmem_enabled"), HasSubstr("all was put back")));
  EXPECT_FALSE(files().exists(kState));
  EXPECT_EQ(files().chosen(kGovernor0), "schedutil");
  EXPECT_EQ(files().chosen(kThp), "always");
}

TEST_F(DoctorSettingsTest, PutsNothingBackOnceTheMachineWasStartedAnew) {
  std::vector<Change> changes = needed();
  applyChanges(files(), changes);
  tree_.write(kBootId, "boot-2\n");
  tree_.write(kThp, "always [madvise] never\n");
  EXPECT_TRUE(restoreSettings(files()).after_restart);
  EXPECT_EQ(files().chosen(kThp), "madvise");
  EXPECT_FALSE(files().exists(kState));
}

TEST_F(DoctorSettingsTest, RefusesAStateThatIsNone) {
  tree_.write(kState, "{}");
  EXPECT_THROW(restoreSettings(files()), SettingsError);
  EXPECT_TRUE(files().exists(kState));
}

/// As somebody who may not write what is root's: what `check` returns in a child.
int asNobody(const std::function<int()>& check) {
  const ::pid_t child = ::fork();
  if (child == 0) ::_exit(::setuid(65534) == 0 ? check() : 99);
  int status = 0;
  ::waitpid(child, &status, 0);
  return WEXITSTATUS(status);
}

TEST_F(DoctorSettingsTest, WithoutRightsIsRefusedBeforeAnythingIsChanged) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become nobody";
  std::filesystem::permissions(tree_.root(), std::filesystem::perms::all);
  EXPECT_EQ(asNobody([this] {
              const std::string refusal = refusalOfApply();
              const bool says_so = refusal.find("nothing was changed") != std::string::npos &&
                                   refusal.find("sudo ringside doctor") != std::string::npos;
              return says_so ? 0 : 1;
            }),
            0);
  EXPECT_EQ(settings(), kBefore);
  EXPECT_FALSE(files().exists(kState));
}

TEST(StatePathTest, IsWhereThisUserMayWrite) {
  if (::access("/run", W_OK) == 0) {
    EXPECT_EQ(statePath(SystemFiles()), "/run/ringside/doctor.json");
  } else {
    ::setenv("XDG_STATE_HOME", "/somewhere", 1);
    EXPECT_EQ(statePath(SystemFiles()), "/somewhere/ringside/doctor.json");
  }
}

}  // namespace
}  // namespace ringside::harness
