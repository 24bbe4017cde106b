#include "harness/run_request.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>

#include "harness/usage_error.hpp"
#include "results/bundle.hpp"
#include "scratch_suite.hpp"

namespace ringside::harness {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr const char* kEnvironment =
    R"({"machine": {"host": "one"}, "cpu": {"model": "x"}, "build": {"version": "1"}})";

/// A bundle as an interrupted run leaves it.
class EarlierRunTest : public ::testing::Test {
 protected:
  EarlierRunTest()
      : folder_(std::filesystem::temp_directory_path() /
                ("ringside-earlier-" + std::to_string(::getpid()))),
        bundle_(results::Bundle::create(folder_)) {
    write("scenario.toml", text_);
    write("environment.json", kEnvironment);
    write(kRequestFile, toJson(schedule_, text_));
  }
  ~EarlierRunTest() override { std::filesystem::remove_all(folder_); }

  void write(const char* name, const std::string& text) { bundle_.writeFile(name, text); }
  Plan plan() const {
    return makePlan(EarlierRun(folder_).suite(), Topology::synthetic("l3:1 core:2 pu:1"), kPlenty);
  }
  results::Record recordOf(const std::string& cell, std::uint32_t repetition) const {
    results::Record record;
    record.suite = "s";
    record.cell = cell;
    record.repetition = repetition;
    record.axes.workload = "throughput";
    record.axes.queue = "spsc";
    record.axes.element_size_bytes = 64;
    record.axes.capacity = 144;
    record.axes.placement = "same_l3";
    return record;
  }
  template <class Call>
  std::string refusalOf(Call&& call) const {
    try {
      call(EarlierRun(folder_));
    } catch (const UsageError& error) {
      return error.what();
    }
    return "accepted";
  }
  std::string refusal() const {
    return refusalOf([](const EarlierRun&) {});
  }

  std::filesystem::path folder_;
  results::Bundle bundle_;
  std::string text_ = suiteWith("queue = \"spsc\"");
  Schedule schedule_{.budget = parseBudget("2m"), .shard = Shard{2, 3}};
};

TEST_F(EarlierRunTest, RemembersSuiteBudgetAndShard) {
  const EarlierRun earlier(folder_);
  EXPECT_EQ(earlier.suite().name, "s");
  EXPECT_EQ(earlier.schedule().budget->time, std::chrono::minutes(2));
  EXPECT_EQ(earlier.schedule().shard->number, 2U);
  EXPECT_EQ(earlier.schedule().shard->count, 3U);
  write(kRequestFile, toJson({}, text_));
  EXPECT_FALSE(EarlierRun(folder_).schedule().budget.has_value());
  EXPECT_FALSE(EarlierRun(folder_).schedule().shard.has_value());
}

TEST_F(EarlierRunTest, RefusesASuiteThatWasChanged) {
  write("scenario.toml", text_ + "# a word\n");
  EXPECT_THAT(refusal(), AllOf(HasSubstr("scenario.toml"), HasSubstr("not the suite")));
}

TEST_F(EarlierRunTest, RefusesAnotherSuiteThanTheOneInTheBundle) {
  EXPECT_EQ(refusalOf([&](const EarlierRun& run) { run.refuseOtherSuite("s", text_); }),
            "accepted");
  EXPECT_THAT(refusalOf([&](const EarlierRun& run) { run.refuseOtherSuite("t", text_ + "#"); }),
              HasSubstr("t is not the suite of"));
}

TEST_F(EarlierRunTest, RefusesAFolderThatIsNoBundleOrADamagedOne) {
  write(kRequestFile, "{\"schema\": 1");
  EXPECT_THAT(refusal(), AllOf(HasSubstr("run.json"), HasSubstr("damaged")));
  write(kRequestFile, "{\"schema\": 2}");
  EXPECT_THAT(refusal(), HasSubstr("another version"));
  std::filesystem::remove(folder_ / kRequestFile);
  EXPECT_THAT(refusal(), AllOf(HasSubstr("run.json"), HasSubstr("cannot be read")));
}

TEST_F(EarlierRunTest, RefusesAnotherMachineAndAnotherProgram) {
  const auto with = [&](std::string from, const std::string& to) {
    std::string now = kEnvironment;
    now.replace(now.find(from), from.size(), to);
    return refusalOf([&](const EarlierRun& run) { run.refuseOtherMachine(now); });
  };
  EXPECT_EQ(with("\"one\"", "\"one\""), "accepted");
  EXPECT_THAT(with("\"one\"", "\"two\""), AllOf(HasSubstr("\"one\""), HasSubstr("\"two\"")));
  EXPECT_THAT(with("\"x\"", "\"y\""), HasSubstr("model of the cpu"));
  EXPECT_THAT(with("\"1\"", "\"2\""), HasSubstr("version of the build"));
}

TEST_F(EarlierRunTest, KnowsWhatIsRecordedAndHowLongItTook) {
  const Plan planned = plan();
  const Cell& cell = planned.cells.at(0);
  bundle_.append(recordOf(cell.name, 0));
  bundle_.append(recordOf(cell.name, 1));
  const auto records = EarlierRun(folder_).recordsOf(planned);
  ASSERT_EQ(records.size(), 2U);
  EXPECT_EQ(records[1].repetition, 1U);
  EXPECT_EQ(timeOf(records, planned), 2 * timeOfRepetition(cell));
}

TEST_F(EarlierRunTest, RefusesRecordsThatAreNotInThePlanHere) {
  const Plan planned = plan();
  bundle_.append(recordOf("s/one/spsc/1p1c/elsewhere", 0));
  EXPECT_THAT(refusalOf([&](const EarlierRun& run) { run.recordsOf(planned); }),
              AllOf(HasSubstr("elsewhere"), HasSubstr("not in the plan")));
}

TEST_F(EarlierRunTest, RefusesABrokenLineAmongWholeOnes) {
  const Plan planned = plan();
  bundle_.append(recordOf(planned.cells[0].name, 0));
  std::ofstream(folder_ / "records.jsonl", std::ios::app) << "no record\n";
  EXPECT_THAT(refusalOf([&](const EarlierRun& run) { run.recordsOf(planned); }),
              HasSubstr("records.jsonl:2"));
}

}  // namespace
}  // namespace ringside::harness
