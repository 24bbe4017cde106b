// Settings of the host that set two configurations apart, on a made-up tree.
#include "harness/duet/host_settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <stdexcept>

#include "fake_tree.hpp"

namespace ringside::harness {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr const char* kGovernor0 = "/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor";
constexpr const char* kGovernor2 = "/sys/devices/system/cpu/cpu2/cpufreq/scaling_governor";
constexpr const char* kThp = "/sys/kernel/mm/transparent_hugepage/enabled";
constexpr const char* kSwappiness = "/proc/sys/vm/swappiness";
constexpr const char* kState = "/run/ringside/doctor.json";

class HostSettingsTest : public ::testing::Test {
 protected:
  HostSettingsTest() {
    tree_.write(kGovernor0, "schedutil\n");
    tree_.write(kGovernor2, "ondemand\n");
    tree_.write(kThp, "always [madvise] never\n");
    tree_.write(kSwappiness, "60\n");
    tree_.write("/proc/sys/kernel/random/boot_id", "boot-1\n");
  }
  SystemFiles files() const { return tree_.files(); }
  std::vector<HostSetting> settings(const std::string& a, const std::string& b) const {
    return hostSettings(files(), parseConfigurations({a}, {b}), {0, 2});
  }
  std::vector<HostSetting> all() const {
    return settings("governor=powersave,thp=never,sysctl.vm.swappiness=10",
                    "governor=performance,thp=always,sysctl.vm.swappiness=90");
  }
  /// As they are, in one line.
  std::string now() const {
    std::string line;
    for (const char* file : {kGovernor0, kGovernor2, kThp, kSwappiness}) {
      line += files().chosen(file).value_or("-") + " ";
    }
    return line;
  }
  /// How a process ends that does this.
  static int endOf(const std::function<void()>& act) {
    const ::pid_t child = ::fork();
    if (child == 0) {
      act();
      ::_exit(0);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    return status;
  }
  static std::string refusal(const std::function<void()>& act) {
    try {
      act();
    } catch (const SettingsError& error) {
      return error.what();
    }
    return "accepted";
  }

  FakeTree tree_;
};

constexpr const char* kBefore = "schedutil ondemand madvise 60 ";
constexpr const char* kFirst = "powersave powersave never 10 ";
constexpr const char* kSecond = "performance performance always 90 ";

TEST_F(HostSettingsTest, AreThoseOfEachSideInTurnAndThenAsTheyWere) {
  {
    HostSettingsHeld held(files(), all());
    EXPECT_EQ(now(), kBefore);
    EXPECT_TRUE(files().exists(kState));
    held.set(0, SetBefore::Start);
    EXPECT_EQ(now(), kFirst);
    held.set(1, SetBefore::Start);
    EXPECT_EQ(now(), kSecond);
    EXPECT_EQ(held.changes(), 8U);
    EXPECT_GT(held.usOfAChange(), 0);
  }
  EXPECT_EQ(now(), kBefore);
  EXPECT_FALSE(files().exists(kState));
}

TEST_F(HostSettingsTest, OfMappedMemoryAreLeftAloneBeforeSlots) {
  HostSettingsHeld held(files(), all());
  held.set(0, SetBefore::Start);
  held.set(1, SetBefore::Slot);
  EXPECT_EQ(now(), "performance performance never 90 ");
}

TEST_F(HostSettingsTest, AreAsTheyWereAfterAnException) {
  const auto fail = [this] {
    HostSettingsHeld held(files(), all());
    held.set(1, SetBefore::Start);
    throw std::runtime_error("no memory");
  };
  EXPECT_THROW(fail(), std::runtime_error);
  EXPECT_EQ(now(), kBefore);
}

TEST_F(HostSettingsTest, AreAsTheyWereWhenTheTerminalIsClosed) {
  const int status = endOf([this] {
    HostSettingsHeld held(files(), all());
    held.set(1, SetBefore::Start);
    ::raise(SIGHUP);
    if (now() != kSecond) ::_exit(9);
  });
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGHUP) << "it strikes as soon as nothing is left to put back";
  EXPECT_EQ(now(), kBefore);
}

TEST_F(HostSettingsTest, OfAProcessThatWasKilledAreToBeRestored) {
  const int status = endOf([this] {
    HostSettingsHeld held(files(), all());
    held.set(1, SetBefore::Start);
    ::raise(SIGKILL);
  });
  ASSERT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(now(), kSecond);
  EXPECT_THAT(refusal([this] { HostSettingsHeld(files(), all()); }), HasSubstr("doctor --restore"));
  EXPECT_TRUE(restoreSettings(files()).had_state);
  EXPECT_EQ(now(), kBefore);
}

TEST_F(HostSettingsTest, ThatThisHostDoesNotHaveAreRefused) {
  EXPECT_THAT(refusal([this] { settings("sysctl.vm.nosuch=1", "sysctl.vm.nosuch=2"); }),
              AllOf(HasSubstr("sysctl.vm.nosuch"), HasSubstr("/proc/sys/vm/nosuch"),
                    HasSubstr("leave sysctl.vm.nosuch out")));
  EXPECT_THAT(refusal([this] { settings("shmem_thp=never", "shmem_thp=advise"); }),
              HasSubstr("shmem_enabled"));
}

TEST_F(HostSettingsTest, ThatTheKernelDoesNotTakeAreRefusedAndAllIsAsItWas) {
  std::filesystem::remove(files().pathOf(kSwappiness));
  std::filesystem::create_directory(files().pathOf(kSwappiness));  // which nobody can write to
  EXPECT_THAT(refusal([this] {
                HostSettingsHeld held(files(), all());
                held.set(0, SetBefore::Start);
              }),
              AllOf(HasSubstr("sysctl.vm.swappiness=10"), HasSubstr("refused it")));
  EXPECT_EQ(now(), "schedutil ondemand madvise - ");
}

}  // namespace
}  // namespace ringside::harness
