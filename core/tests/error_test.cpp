#include "ringside/error.hpp"

#include <gtest/gtest.h>

#include <cerrno>

namespace ringside {
namespace {

TEST(ErrorTest, AnErrcEqualsTheErrnoValuesThatMeanTheSame) {
  EXPECT_EQ(std::error_code(ENOENT, std::system_category()), Errc::NotFound);
  EXPECT_EQ(std::error_code(ENOSPC, std::generic_category()), Errc::OutOfMemory);
  EXPECT_EQ(std::error_code(EBUSY, std::system_category()), Errc::InUse);
  EXPECT_NE(std::error_code(ENOENT, std::system_category()), Errc::TimedOut);
}

TEST(ErrorTest, AnErrcOfOursEqualsItselfOnly) {
  EXPECT_EQ(make_error_code(Errc::TimedOut), Errc::TimedOut);
  EXPECT_NE(make_error_code(Errc::TimedOut), Errc::InUse);
}

TEST(ErrorTest, FailSetsLastErrorAndReturnsMinusOne) {
  lastError = {};
  EXPECT_EQ(fail(Errc::InvalidParam), -1);
  EXPECT_EQ(lastError, Errc::InvalidParam);
  EXPECT_EQ(lastError.message(), "invalid parameter");
}

}  // namespace
}  // namespace ringside
