#include "results/whole_file.hpp"

#include <gtest/gtest.h>

#include <cerrno>

#include "results/tests/scratch_folder.hpp"

namespace ringside::results {
namespace {

class WholeFileTest : public ::testing::Test {
 protected:
  ScratchFolder folder_;
};

TEST_F(WholeFileTest, IsReadAsItWasWritten) {
  for (const std::size_t bytes : {0U, 1U, 65'536U, 1'000'003U}) {
    std::string text(bytes, 'x');
    for (std::size_t i = 0; i < bytes; ++i) text[i] = static_cast<char>(i * 31);
    ASSERT_EQ(replaceFile(folder_.path() / "file", text), 0);
    EXPECT_EQ(readFile(folder_.path() / "file"), text);
  }
}

TEST(WholeFileOfTheKernelTest, IsReadThoughItHasNoSize) {
  const auto text = readFile("/proc/self/maps");
  ASSERT_TRUE(text.has_value());
  EXPECT_NE(text->find("[stack]"), std::string::npos);
}

TEST_F(WholeFileTest, ThatCannotBeReadIsNothingAndSaysWhy) {
  EXPECT_FALSE(readFile(folder_.path() / "missing").has_value());
  EXPECT_EQ(errno, ENOENT);
  EXPECT_FALSE(readFile(folder_.path()).has_value());
  EXPECT_EQ(errno, EISDIR);
}

}  // namespace
}  // namespace ringside::results
