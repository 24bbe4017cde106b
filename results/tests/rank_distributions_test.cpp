#include "results/statistics/rank_distributions.hpp"

#include <gtest/gtest.h>

#include "results/tests/oracle_table.hpp"

namespace ringside::results {
namespace {

TEST(RankDistributionsTest, SignedRankIsThatOfScipy) {
  for (const OracleRow& row : oracleRows("signed_rank")) {
    const double p = signedRankAtLeast(row.count("n"), static_cast<int>(row.count("statistic")));
    EXPECT_NEAR(p, row.number("p"), 1e-12 * row.number("p") + 1e-15) << row.line();
  }
}

TEST(RankDistributionsTest, MannWhitneyIsThatOfScipyAndOfWholeNumbers) {
  for (const OracleRow& row : oracleRows("mann_whitney")) {
    const double p = mannWhitneyAtLeast(row.count("m"), row.count("n"),
                                        static_cast<int>(row.count("statistic")));
    EXPECT_NEAR(p, row.number("p"), 1e-10 * row.number("p") + 1e-15) << row.line();
  }
}

TEST(RankDistributionsTest, CriticalValueIsTheSmallestOneThatIsRareEnough) {
  for (const std::size_t n : {5U, 12U, 36U, 48U}) {
    for (const double alpha : {0.05, 0.2}) {
      const auto critical = signedRankCritical(n, alpha);
      ASSERT_TRUE(critical) << n;
      EXPECT_LE(critical->p, alpha);
      EXPECT_NEAR(critical->p, signedRankAtLeast(n, critical->value), 1e-14);
      EXPECT_GT(signedRankAtLeast(n, critical->value - 1), alpha);
    }
  }
  const auto critical = mannWhitneyCritical(9, 14, 0.05);
  ASSERT_TRUE(critical);
  EXPECT_LE(mannWhitneyAtLeast(9, 14, critical->value), 0.05);
  EXPECT_GT(mannWhitneyAtLeast(9, 14, critical->value - 1), 0.05);
}

TEST(RankDistributionsTest, OfTooFewValuesNothingIsRareEnough) {
  EXPECT_FALSE(signedRankCritical(4, 0.05));
  EXPECT_TRUE(signedRankCritical(5, 0.05));
  EXPECT_FALSE(mannWhitneyCritical(2, 2, 0.05));
  EXPECT_TRUE(mannWhitneyCritical(3, 3, 0.05));
}

}  // namespace
}  // namespace ringside::results
