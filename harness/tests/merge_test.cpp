#include "harness/merge/merge_bundles.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "harness/tests/compared_bundles.hpp"
#include "harness/usage_error.hpp"
#include "results/whole_file.hpp"

namespace ringside::harness {
namespace {

namespace fs = std::filesystem;
using results::Record;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

const MadeMachine kEarlier = {.time = "2026-11-21T08:12:00Z"};

class MergeTest : public ::testing::Test {
 protected:
  fs::path merged(const std::vector<fs::path>& folders) const {
    const std::vector<MergeSource> sources = openSources(folders);
    refuseWhatCannotBeMerged(sources);
    results::Bundle into = results::Bundle::create(bundles_.folder() / "merged");
    merge(sources, into);
    return into.path();
  }

  std::string refusalOf(const std::vector<fs::path>& folders) const {
    try {
      merged(folders);
    } catch (const UsageError& error) {
      return error.what();
    }
    return "nothing";
  }

  static Record inCell(const std::string& cell) {
    Record record = madeRecord(1e6);
    record.cell = cell;
    return record;
  }

  MadeBundles bundles_;
};

TEST_F(MergeTest, TakesRecordsInTheOrderOfTheirTimes) {
  const fs::path later = bundles_.add("later", madeRecords(2e6, 2));
  const fs::path earlier = bundles_.add("earlier", madeRecords(1e6, 3), kEarlier);
  const std::vector<Record> records = results::readRecords(merged({later, earlier}));
  std::vector<std::uint32_t> repetitions;
  for (const Record& record : records) repetitions.push_back(record.repetition);
  EXPECT_THAT(repetitions, ElementsAre(0, 1, 2, 3, 4));
  EXPECT_LT(records[2].metrics.at("messages_per_s"), 1.5e6);
  EXPECT_GT(records[3].metrics.at("messages_per_s"), 1.5e6);
}

TEST_F(MergeTest, TheEnvironmentIsThatOfTheFirstAndNamesAll) {
  const fs::path later = bundles_.add("later", madeRecords(2e6, 2), {.host = "two"});
  const fs::path earlier = bundles_.add("earlier", madeRecords(1e6, 3), kEarlier);
  const fs::path folder = merged({later, earlier});
  const auto environment =
      nlohmann::json::parse(results::readFile(folder / "environment.json").value_or(""));
  EXPECT_EQ(environment.at("fingerprint").at("machine"), MadeMachine{}.fingerprint);
  const nlohmann::json& all = environment.at("merged");
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(
      all[0],
      nlohmann::json(
          {{"bundle", "earlier"}, {"host", "one"}, {"time_utc", kEarlier.time}, {"records", 3}}));
  EXPECT_EQ(all[1].at("host"), "two");
}

TEST_F(MergeTest, RefusesOtherMachinesByTheFactsThatDiffer) {
  const fs::path one = bundles_.add("a", madeRecords(1e6));
  const fs::path other = bundles_.add("b", madeRecords(1e6),
                                      {.governor = "powersave", .fingerprint = "2222222222222222"});
  EXPECT_THAT(refusalOf({one, other}),
              AllOf(HasSubstr("governor (performance, powersave)"), HasSubstr("compare")));
  EXPECT_FALSE(fs::exists(bundles_.folder() / "merged"));
}

TEST_F(MergeTest, RefusesAnotherProgramAndAnotherSuite) {
  const fs::path one = bundles_.add("a", madeRecords(1e6));
  const fs::path built = bundles_.add("b", madeRecords(1e6), {.binary_hash = "bbbb"});
  EXPECT_THAT(refusalOf({one, built}), HasSubstr("binary_hash (aaaaaaaaaaaaaaaa, bbbb)"));
  const fs::path suite = bundles_.add("c", madeRecords(1e6));
  results::Bundle::open(suite).writeFile("scenario.toml", "[suite]\n");
  EXPECT_THAT(refusalOf({one, suite}), HasSubstr("scenario.toml"));
}

TEST_F(MergeTest, TakesShardsOfMachinesOfOneKindAndNothingElseOfThem) {
  const MadeMachine second = {.id = "id-two", .fingerprint = "2222222222222222"};
  const fs::path one = bundles_.add("a", {inCell("made/one")});
  const fs::path shard = bundles_.add("b", {inCell("made/two")}, second);
  const fs::path same = bundles_.add("c", {inCell("made/one")}, second);
  EXPECT_THAT(refusalOf({one, same}), HasSubstr("machine_id_hash (id-one, id-two)"));
  const auto environment =
      nlohmann::json::parse(results::readFile(merged({one, shard}) / "environment.json").value());
  EXPECT_EQ(environment.at("fingerprint").at("facts").at("machine_id_hash"), "id-one id-two");
  EXPECT_NE(environment.at("fingerprint").at("machine"), MadeMachine{}.fingerprint);
}

TEST_F(MergeTest, RefusesWhatIsMergedAlready) {
  const fs::path one = bundles_.add("a", madeRecords(1e6));
  const fs::path two = bundles_.add("b", madeRecords(1e6));
  const fs::path both = merged({one, two});
  EXPECT_THAT(refusalOf({both, one}), HasSubstr("in a is there twice"));
}

TEST_F(MergeTest, RefusesADamagedBundleBeforeAnythingIsWritten) {
  const fs::path one = bundles_.add("a", madeRecords(1e6));
  const fs::path two = bundles_.add("b", madeRecords(1e6));
  ASSERT_EQ(results::replaceFile(two / "records.jsonl", "{\n" + toJson(madeRecord(1)) + "\n"), 0);
  EXPECT_THAT(refusalOf({one, two}), HasSubstr("records.jsonl:1"));
  EXPECT_FALSE(fs::exists(bundles_.folder() / "merged"));
}

TEST_F(MergeTest, GroupsWhatCanBeMerged) {
  const MadeMachine other = {.governor = "powersave", .fingerprint = "2222222222222222"};
  const auto groups = mergeableGroups(openSources(
      {bundles_.add("a", madeRecords(1e6)), bundles_.add("b", madeRecords(1e6), other),
       bundles_.add("c", madeRecords(1e6)), bundles_.add("d", madeRecords(1e6), other)}));
  ASSERT_EQ(groups.size(), 2U);
  EXPECT_EQ(groups[0][1].name, "c");
  EXPECT_EQ(groups[1][1].name, "d");
}

}  // namespace
}  // namespace ringside::harness
