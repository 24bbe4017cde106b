#include "results/statistics/multiplicity.hpp"

#include <gtest/gtest.h>

#include "results/statistics/any_time.hpp"
#include "results/tests/oracle_table.hpp"

namespace ringside::results {
namespace {

TEST(MultiplicityTest, RejectsAndAdjustsAsStatsmodelsDoes) {
  for (const OracleRow& row : oracleRows("multiplicity")) {
    const bool is_holm = row.text("procedure") == "holm";
    const std::vector<double> p_values = row.list("p_values");
    const Rejections found = is_holm ? holm(p_values, row.number("rate"))
                                     : benjaminiHochberg(p_values, row.number("rate"));
    const std::vector<double> rejected = row.list("rejected");
    const std::vector<double> adjusted = row.list("adjusted");
    ASSERT_EQ(found.adjusted.size(), adjusted.size());
    for (std::size_t i = 0; i < adjusted.size(); ++i) {
      EXPECT_EQ(found.rejected[i], rejected[i] == 1) << i << " of " << row.line();
      EXPECT_NEAR(found.adjusted[i], adjusted[i], 1e-14) << i << " of " << row.line();
    }
  }
}

TEST(MultiplicityTest, OfNothingRejectsNothing) {
  EXPECT_TRUE(benjaminiHochberg({}, 0.05).rejected.empty());
  EXPECT_TRUE(holm({}, 0.05).rejected.empty());
}

TEST(MultiplicityTest, BenjaminiHochbergTakesAlongASmallerPThatAloneWouldNotDo) {
  const std::vector<double> p_values = {0.03, 0.04, 0.9, 0.035, 0.0399};
  EXPECT_EQ(benjaminiHochberg(p_values, 0.05).rejected,
            (std::vector<bool>{true, true, false, true, true}));
  EXPECT_EQ(holm(p_values, 0.05).rejected, std::vector<bool>(5, false));
}

TEST(MultiplicityTest, EvidenceIsAskedForAsTheReciprocalOfAP) {
  const std::vector<double> evidence = {30, 1, 60, 0.5};
  EXPECT_EQ(rejectByEvidence(evidence, 0.05), (std::vector<bool>{false, false, false, false}));
  EXPECT_EQ(rejectByEvidence(std::vector<double>{45, 1, 60, 0.5}, 0.05),
            (std::vector<bool>{true, false, true, false}));
  EXPECT_TRUE(rejectByEvidence({}, 0.05).empty());
}

}  // namespace
}  // namespace ringside::results
