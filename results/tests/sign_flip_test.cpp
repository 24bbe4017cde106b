#include "results/statistics/sign_flip.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "results/statistics/random_numbers.hpp"
#include "results/tests/oracle_table.hpp"

namespace ringside::results {
namespace {

TEST(SignFlipTest, HasThePOfAllSignsTriedOneByOne) {
  for (const OracleRow& row : oracleRows("sign_flip")) {
    const SignFlip found = signFlip(row.list("effects"), row.number("margin"));
    const std::vector<double> scores(found.scores.begin(), found.scores.end());
    EXPECT_EQ(scores, row.list("scores")) << row.line();
    EXPECT_EQ(found.sum, row.number("sum")) << row.line();
    EXPECT_NEAR(found.p, row.number("p"), 5e-13) << row.line();
  }
}

TEST(SignFlipTest, OfNEffectsAboveTheMarginIsTwoToTheMinusN) {
  for (const int n : {1, 12, 36, 48}) {
    std::vector<double> effects;
    for (int i = 1; i <= n; ++i) effects.push_back(0.01 + 0.001 * i);
    EXPECT_DOUBLE_EQ(signFlipP(effects, 0.01), std::exp2(-n)) << n;
  }
}

TEST(SignFlipTest, DoesNotLetOneWildEffectOutweighTheOthers) {
  const std::vector<double> calm = {1, 1, 1, 1, -1, 1, 1, 1};
  const std::vector<double> wild = {1, 1, 1, 1, -1000, 1, 1, 1};
  EXPECT_LT(signFlipP(wild, 0), 0.06);
  EXPECT_EQ(signFlip(wild, 0).scores[4], 6);
  EXPECT_EQ(signFlip(calm, 0).scores[4], 4);
}

TEST(SignFlipTest, SaysNothingOfNoEffects) { EXPECT_EQ(signFlipP({}, 0.01), 1); }

TEST(SignFlipTest, SaysNothingOfEffectsThatAllLieOnTheMargin) {
  EXPECT_EQ(signFlipP(std::vector<double>(12, 0.01), 0.01), 1);
}

TEST(SignFlipTest, IsAtMostAlphaWithAProbabilityOfAtMostAlpha) {
  RandomNumbers random(7);
  constexpr int kTests = 4000;
  int at_most = 0;
  for (int test = 0; test < kTests; ++test) {
    std::vector<double> effects(12);
    for (double& effect : effects) {
      const double spread = std::exp2(8 * random.uniform());
      effect = spread * (2 * random.uniform() - 1);
    }
    at_most += signFlipP(effects, 0) <= 0.1 ? 1 : 0;
  }
  EXPECT_LE(at_most, kTests * 0.115);  // 3 standard deviations
  EXPECT_GE(at_most, kTests * 0.080);
}

TEST(SignFlipTest, ReachesALimitExactlyWhenItsPDoes) {
  RandomNumbers random(8);
  for (std::size_t test = 0; test < 500; ++test) {
    std::vector<double> effects(12 + test % 25);
    for (double& effect : effects) effect = random.uniform() - 0.35;
    const double p = signFlipP(effects, 0.01);
    for (const double limit : {0.2, 0.01, 1e-4}) {
      EXPECT_EQ(signFlipReaches(effects, 0.01, limit), p <= limit) << p;
    }
  }
}

}  // namespace
}  // namespace ringside::results
