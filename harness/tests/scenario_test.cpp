#include "harness/scenario.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "harness/usage_error.hpp"
#include "scratch_suite.hpp"

namespace ringside::harness {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::SizeIs;

std::string refusalOf(const std::string& text, const std::vector<std::string>& overrides = {}) {
  const ScratchSuite suite(text);
  try {
    suite.read(overrides);
  } catch (const UsageError& error) {
    return error.what();
  }
  return "accepted";
}

const Sweep& sweepNamed(const Scenario& scenario, std::string_view axis) {
  for (const Sweep& sweep : scenario.sweeps) {
    if (sweep.axis->name == axis) return sweep;
  }
  throw std::out_of_range(std::string(axis));
}

TEST(ScenarioTest, ReadsListsScalarsAndDefaults) {
  const ScratchSuite file(
      "[suite]\nname = \"q\"\nquestion = \"How?\"\n[defaults]\nrepetitions = 3\ncapacity = 7\n"
      "[[scenario]]\nname = \"a\"\nworkload = \"ping_pong\"\nduration_ms = 10\n"
      "[scenario.sweep]\nqueue = [\"spsc\", \"mpmc\"]\nelement_size_bytes = 32\n");
  const Suite suite = file.read();
  EXPECT_EQ(suite.name, "q");
  EXPECT_EQ(suite.question, "How?");
  ASSERT_THAT(suite.scenarios, SizeIs(1));
  const Scenario& scenario = suite.scenarios[0];
  EXPECT_EQ(scenario.workload, Workload::PingPong);
  EXPECT_EQ(scenario.timing.repetitions, 3U);
  EXPECT_EQ(scenario.timing.duration_ms, 10U);
  EXPECT_THAT(sweepNamed(scenario, "queue").values, SizeIs(2));
  EXPECT_EQ(sweepNamed(scenario, "capacity").values[0], AxisValue(std::uint64_t{7}));
  EXPECT_EQ(sweepNamed(scenario, "placement").values[0], AxisValue(std::string("auto")));
}

TEST(ScenarioTest, AllIsEveryQueueAndStandsAlone) {
  const ScratchSuite file(suiteWith("queue = \"all\""));
  const Suite suite = file.read();
  EXPECT_EQ(sweepNamed(suite.scenarios[0], "queue").values.size(), allQueues().size());
  EXPECT_THAT(toToml(suite), HasSubstr("queue = 'all'\n"));
  EXPECT_THAT(refusalOf(suiteWith("queue = [\"all\", \"spsc\"]")), HasSubstr("queue is 'all'"));
  EXPECT_THAT(refusalOf(suiteWith("queue = \"spsc\"\nwait = \"all\"")), HasSubstr("wait is 'all'"));
}

TEST(ScenarioTest, OverridesReplaceAxesAndTiming) {
  const ScratchSuite file(suiteWith("queue = [\"spsc\", \"mpmc\"]"));
  const Suite suite = file.read({"queue=mpsc", "capacity=[1,2]", "repetitions=9"});
  EXPECT_EQ(suite.scenarios[0].timing.repetitions, 9U);
  EXPECT_THAT(sweepNamed(suite.scenarios[0], "capacity").values, SizeIs(2));
  EXPECT_EQ(sweepNamed(suite.scenarios[0], "queue").values[0], AxisValue(std::string("mpsc")));
}

TEST(ScenarioTest, NamesFileLineAndNearestKeyForAnUnknownKey) {
  const std::string refusal = refusalOf(suiteWith("queue = \"spsc\"\ncapacty = 4"));
  EXPECT_THAT(refusal, AllOf(HasSubstr(".toml:9:"), HasSubstr("'capacty'"),
                             HasSubstr("did you mean 'capacity'?")));
}

TEST(ScenarioTest, NamesTheValueAndTheRangeForAnImpossibleOne) {
  EXPECT_THAT(refusalOf(suiteWith("queue = \"spsc\"\ncapacity = 0")),
              AllOf(HasSubstr(".toml:9: capacity is 0; it must be 1 to"), HasSubstr("use 144")));
  EXPECT_THAT(refusalOf(suiteWith("queue = \"spsc\"\nelement_size_bytes = [8, 0]")),
              HasSubstr("element_size_bytes is 0; it must be 8 to"));
  EXPECT_THAT(refusalOf(suiteWith("queue = \"spsc\"\nproducers = -1")),
              HasSubstr("producers is -1"));
}

TEST(ScenarioTest, NamesBothTypesForAWrongOne) {
  EXPECT_THAT(refusalOf(suiteWith("queue = \"spsc\"\ncapacity = \"four\"")),
              HasSubstr("capacity is 'four', which is a string; it must be a whole number"));
  EXPECT_THAT(refusalOf(suiteWith("queue = 4")), HasSubstr("it must be a string"));
  EXPECT_THAT(refusalOf(suiteWith("queue = \"spsc\"\ncapacity = 1.5")),
              HasSubstr("capacity is 1.5; it must be a whole number, 1 to"));
}

TEST(ScenarioTest, NamesTheKnownOnesForAnUnknownWord) {
  EXPECT_THAT(refusalOf(suiteWith("queue = \"spcs\"")),
              AllOf(HasSubstr("queue is 'spcs'"), HasSubstr("mpmc"), HasSubstr("'spsc'?")));
  EXPECT_THAT(refusalOf(suiteWith("queue = \"spsc\"", "thruput")),
              AllOf(HasSubstr("unknown workload 'thruput'"), HasSubstr("ping_pong")));
  EXPECT_THAT(refusalOf(suiteWith("queue = \"spsc\"\nhuge_pages = \"maybe\"")),
              HasSubstr("never, try, require"));
}

TEST(ScenarioTest, RefusesEmptyListsAndRepeatedValues) {
  EXPECT_THAT(refusalOf(suiteWith("queue = []")), HasSubstr("empty list"));
  EXPECT_THAT(refusalOf(suiteWith("queue = \"spsc\"\ncapacity = [4, 4]")),
              HasSubstr("capacity names 4 twice"));
}

TEST(ScenarioTest, RefusesWhatIsMissing) {
  EXPECT_THAT(refusalOf(""), HasSubstr("[suite]"));
  EXPECT_THAT(refusalOf("[suite]\nname = \"s\"\n"), HasSubstr("question"));
  EXPECT_THAT(refusalOf("[suite]\nname = \"s\"\nquestion = \"?\"\n"), HasSubstr("[[scenario]]"));
  EXPECT_THAT(refusalOf(suiteWith("capacity = 4")), HasSubstr("names no queue"));
}

TEST(ScenarioTest, RefusesTwoScenariosOfOneName) {
  const std::string scenario =
      "[[scenario]]\nname = \"one\"\nworkload = \"throughput\"\n"
      "queue = \"spsc\"\n";
  EXPECT_THAT(refusalOf("[suite]\nname = \"s\"\nquestion = \"?\"\n" + scenario + scenario),
              HasSubstr("two scenarios are called 'one'"));
}

TEST(ScenarioTest, NamesTheLineOfBrokenToml) {
  EXPECT_THAT(refusalOf("[suite]\nname = \n"), AllOf(HasSubstr(".toml:2:"), HasSubstr("TOML")));
}

TEST(ScenarioTest, RefusesNamesThatNoFileCanHave) {
  EXPECT_THAT(refusalOf("[suite]\nname = \"a/b\"\nquestion = \"?\"\n"), HasSubstr("'a/b'"));
}

TEST(ScenarioTest, NamesTheFlagOfABadOverride) {
  const std::string text = suiteWith("queue = \"spsc\"");
  EXPECT_THAT(refusalOf(text, {"capacity=0"}), HasSubstr("-a capacity=0: capacity is 0"));
  EXPECT_THAT(refusalOf(text, {"cap=1"}), HasSubstr("-a cap=1: unknown key 'cap'"));
  EXPECT_THAT(refusalOf(text, {"capacity"}), HasSubstr("KEY=VALUE"));
}

TEST(ScenarioTest, RefusesAFileThatIsNotThere) {
  EXPECT_THROW(readSuite("/nowhere/x.toml", {}), UsageError);
  EXPECT_THROW(readSuite("/", {}), UsageError);
}

TEST(NearestTest, FindsATypingErrorAndNothingFarAway) {
  EXPECT_EQ(nearest("capcity", {"capacity", "queue"}), "capacity");
  EXPECT_EQ(nearest("zzzzzz", {"capacity", "queue"}), "");
}

}  // namespace
}  // namespace ringside::harness
