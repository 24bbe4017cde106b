// What exports say of the machine: environment.json, whole, in part and damaged.
#include "results/export/run_facts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "results/record.hpp"
#include "results/tests/scratch_folder.hpp"

namespace ringside::results {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class RunFactsTest : public testing::Test {
 protected:
  RunFacts read(const std::string& environment) {
    writeText(file_, environment);
    return readRunFacts(scratch_.path());
  }
  std::string refusalOf(const std::string& environment) {
    return messageOf<RecordError>([&] { read(environment); });
  }

  ScratchFolder scratch_;
  const std::filesystem::path file_ = scratch_.path() / "environment.json";
};

TEST_F(RunFactsTest, AreThoseOfTheEnvironment) {
  const RunFacts facts = read(R"({
    "machine": {"host": "lab7", "time_utc": "2026-11-22T08:12:00Z", "load": "0.50 0.25 1.5 2/87 1"},
    "cpu": {"model": "Fast", "online": "0-3,8", "mhz_now": "2596.120", "governor": null},
    "kernel": {"release": "Linux 6.1"}, "build": {"version": "0.1.0", "flags": "Release -O3"},
    "working_tree": {"revision": "c0ffee-dirty"}, "fingerprint": {"machine": "0123"}})");
  EXPECT_EQ(facts.host, "lab7");
  EXPECT_EQ(isoTime(facts.began), "2026-11-22T08:12:00+00:00");
  EXPECT_THAT(facts.load, ElementsAre(0.5, 0.25, 1.5));
  EXPECT_EQ(facts.cpus, 5U);
  EXPECT_EQ(facts.mhz, 2596.12);
  EXPECT_EQ(facts.governor, "");
  EXPECT_EQ(facts.kernel, "Linux 6.1");
  EXPECT_EQ(facts.revision, "c0ffee-dirty");
  EXPECT_EQ(facts.machine, "0123");
  EXPECT_EQ(facts.bundle, scratch_.path().filename().string());
}

TEST_F(RunFactsTest, AreEmptyWhereTheBundleDoesNotSay) {
  const RunFacts facts = read(R"({"machine": {"time_utc": "2026-11-22T08:12:00Z", "load": null},
                                  "cpu": {"online": "a-b", "mhz_now": "unknown"}, "build": 7})");
  EXPECT_EQ(facts.host, "");
  EXPECT_EQ(facts.cpus, 0U);
  EXPECT_EQ(facts.mhz, 0);
  EXPECT_EQ(facts.version, "");
  EXPECT_THAT(facts.load, IsEmpty());
}

TEST_F(RunFactsTest, ABundleWithoutThemIsRefusedWithItsFile) {
  EXPECT_THAT(messageOf<RecordError>([&] { readRunFacts(scratch_.path()); }),
              AllOf(HasSubstr(file_.string()), HasSubstr("name a whole bundle")));
}

TEST_F(RunFactsTest, DamagedOnesAreRefused) {
  EXPECT_THAT(refusalOf("[1]"), HasSubstr("damaged"));
  EXPECT_THAT(refusalOf("{\"machine\": "), HasSubstr("damaged"));
}

TEST_F(RunFactsTest, ATimeThatIsNoneIsRefused) {
  EXPECT_THAT(
      refusalOf(R"({"machine": {"time_utc": "yesterday"}})"),
      AllOf(HasSubstr("machine.time_utc is 'yesterday'"), HasSubstr("2026-11-22T08:12:00Z")));
  EXPECT_THAT(refusalOf("{}"), HasSubstr("machine.time_utc is ''"));
}

}  // namespace
}  // namespace ringside::results
