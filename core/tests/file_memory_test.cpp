// Mapped files: what is in them, where they may be, and what is refused.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

#include "forked.hpp"
#include "memory_kinds.hpp"
#include "own_mounts.hpp"
#include "system_facts.hpp"
#include "thrown_error.hpp"

namespace ringside {
namespace {

/// All of a file, read and not mapped.
std::string contentsOf(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void write(const std::string& path, const std::string& contents) {
  std::ofstream(path, std::ios::binary) << contents;
}

class FileMemTest : public ::testing::Test {
 protected:
  std::error_code opened(std::size_t size, const MemoryOptions& options = kBasePages) const {
    return thrownBy([&] { FileMem(size, path_, options); });
  }

  TestFolder folder_;
  const std::string path_ = folder_.path("file");
};

// --- contents -----------------------------------------------------------------------------------

TEST_F(FileMemTest, ContentsOutliveTheMappingAndTheProcess) {
  EXPECT_EQ(resultOf(inChild([&] {
              FileMem file(4096, path_, kBasePages);
              std::strcpy(static_cast<char*>(file.get(100)), "still here");
              return 0;
            })),
            0);
  const FileMem file(4096, path_, kBasePages);
  EXPECT_FALSE(file.created());
  EXPECT_STREQ(static_cast<const char*>(file.get(100)), "still here");
}

TEST_F(FileMemTest, WhatWasSyncedIsReadFromTheFile) {
  FileMem file(8192, path_, kBasePages);
  std::string expected(8192, '\0');
  for (const Flush flush : {Flush::Sync, Flush::Async}) {
    expected.replace(5000, 4, flush == Flush::Sync ? "sync" : "late");
    std::memcpy(file.get(), expected.data(), expected.size());
    ASSERT_EQ(file.sync(flush), 0);
    EXPECT_EQ(contentsOf(path_), expected);
  }
}

TEST_F(FileMemTest, SyncOfMovedFromMemoryFails) {
  FileMem file(4096, path_, kBasePages);
  const FileMem other = std::move(file);
  EXPECT_EQ(file.sync(), -1);
  EXPECT_EQ(lastError, Errc::OperationFailed);
}

TEST_F(FileMemTest, SyncOfReadOnlyMemoryIsNothingToDo) {
  { const FileMem file(4096, path_, kBasePages); }
  FileMem reader(4096, path_, {.access = Access::ReadOnly});
  EXPECT_EQ(reader.sync(Flush::Sync), 0);
}

TEST_F(FileMemTest, MapsWhatAnotherProgramWrote) {
  write(path_, std::string(10000, 'x'));
  FileMem file(10000, path_, kBasePages);
  EXPECT_FALSE(file.created());
  EXPECT_EQ(file.size(), 12288U);
  EXPECT_EQ(*static_cast<char*>(file.get(9999)), 'x');
  EXPECT_EQ(*static_cast<char*>(file.get(10000)), '\0') << "beyond the file's end";
  *static_cast<char*>(file.get(9999)) = 'y';
  ASSERT_EQ(file.sync(), 0);
  EXPECT_EQ(contentsOf(path_), std::string(9999, 'x') + 'y') << "as long as it was";
}

TEST_F(FileMemTest, GrowsAFileThatAnotherProgramWrote) {
  write(path_, std::string(10000, 'x'));
  FileMem file(10000, path_, kBasePages);
  ASSERT_EQ(file.resize(20000), 0);
  EXPECT_EQ(contentsOf(path_), std::string(10000, 'x') + std::string(20480 - 10000, '\0'));
}

TEST_F(FileMemTest, NeverShrinksItsFile) {
  FileMem file(20000, path_, kBasePages);
  ASSERT_EQ(file.resize(4096), 0);
  EXPECT_EQ(std::filesystem::file_size(path_), 20480U);
}

TEST_F(FileMemTest, RefusesAFileOfAnotherSize) {
  write(path_, std::string(10000, 'x'));
  for (const std::size_t size : {1U, 4096U, 8192U, 10001U, 12288U, 12289U}) {
    EXPECT_EQ(opened(size), Errc::InvalidParam) << size;
  }
  EXPECT_EQ(contentsOf(path_), std::string(10000, 'x'));
}

TEST_F(FileMemTest, GrowsThoughAPartOfItWasLockedOnItsOwn) {
  FileMem memory(8192, path_);
  std::memset(memory.get(), 7, 8192);
  if (ringside::mlock(memory.get(), 4096) == -1) GTEST_SKIP() << "this process may lock nothing";
  ASSERT_EQ(memory.resize(65536), 0) << lastError.message();
  EXPECT_EQ(*static_cast<unsigned char*>(memory.get(8191)), 7);
  *static_cast<unsigned char*>(memory.get(65535)) = 9;
  EXPECT_EQ(FileMem(65536, path_).size(), 65536U);
}

TEST_F(FileMemTest, RefusesAnEmptyFile) {
  write(path_, "");
  EXPECT_EQ(opened(4096), Errc::InvalidParam);
}

// --- places -------------------------------------------------------------------------------------

TEST_F(FileMemTest, APathWithoutASlashIsInTheWorkingFolder) {
  const std::filesystem::path before = std::filesystem::current_path();
  std::filesystem::current_path(folder_.path());
  EXPECT_TRUE(FileMem(4096, "file", kBasePages).created());
  EXPECT_FALSE(FileMem(4096, "file", kBasePages).created());
  std::filesystem::current_path(before);
  EXPECT_EQ(std::filesystem::file_size(path_), 4096U);
}

TEST_F(FileMemTest, ASymbolicLinkToAFileIsFollowed) {
  const FileMem file(4096, path_, kBasePages);
  std::filesystem::create_symlink(path_, folder_.path("link"));
  EXPECT_FALSE(FileMem(4096, folder_.path("link"), kBasePages).created());
}

TEST_F(FileMemTest, WhatIsNoPlainFileIsRefusedWithoutWaiting) {
  EXPECT_EQ(thrownBy([&] { FileMem(4096, folder_.path(), kBasePages); }), Errc::InvalidParam);
  EXPECT_EQ(thrownBy([&] { FileMem(4096, "/dev/null", kBasePages); }), Errc::InvalidParam);
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  EXPECT_EQ(opened(4096), Errc::InvalidParam);
}

TEST_F(FileMemTest, AFolderThatIsNotThereIsNotMade) {
  EXPECT_EQ(thrownBy([&] { FileMem(4096, folder_.path("none/file"), kBasePages); }),
            Errc::NotFound);
  EXPECT_FALSE(pathExists(folder_.path("none")));
  EXPECT_NE(thrownBy([] { FileMem(4096, "", kBasePages); }), std::error_code());
}

TEST_F(FileMemTest, ALinkThatLeadsNowhereIsNotFollowed) {
  std::filesystem::create_symlink(folder_.path("nothing"), path_);
  EXPECT_EQ(opened(4096), Errc::NotFound);
  EXPECT_FALSE(pathExists(folder_.path("nothing")));
}

TEST_F(FileMemTest, HasTheModeThatWasAskedWhateverTheUmask) {
  const ::mode_t old_mask = ::umask(0777);
  const FileMem file(4096, path_, {.mode = 0644});
  ::umask(old_mask);
  struct ::stat facts = {};
  ASSERT_EQ(::stat(path_.c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 07777U, 0644U);
}

TEST_F(FileMemTest, NothingButTheFileIsInItsFolder) {
  const FileMem file(4096, path_, kBasePages);
  EXPECT_EQ(filesIn(folder_.path()), 1U);
}

TEST_F(FileMemTest, AFailedInitialisationLeavesNoFile) {
  const auto refuse = [](void*, std::size_t) { throw std::runtime_error("no"); };
  EXPECT_THROW(FileMem(4096, path_, {}, {.initialise = refuse}), std::runtime_error);
  EXPECT_EQ(filesIn(folder_.path()), 0U);
}

// --- no space -----------------------------------------------------------------------------------

/// What a file of 3 MiB finds in a file system of 1 MiB.
int fillSmallFileSystem(const std::string& folder) {
  const std::string path = folder + "/file";
  std::string message;
  EXPECT_EQ(thrownBy([&] { FileMem(3 << 20, path, kBasePages); }, message), Errc::OutOfMemory);
  EXPECT_NE(message.find(path), std::string::npos) << message;
  EXPECT_NE(message.find("3145728 bytes"), std::string::npos) << message;
  EXPECT_NE(message.find("1 MiB"), std::string::npos) << message;
  EXPECT_EQ(filesIn(folder), 0U);
  FileMem fitting(1 << 19, path, kBasePages);
  std::memset(fitting.get(), 1, fitting.size());
  EXPECT_EQ(fitting.resize(3 << 20), -1);
  EXPECT_EQ(lastError, Errc::OutOfMemory);
  EXPECT_EQ(fitting.size(), 1U << 19);
  EXPECT_EQ(std::filesystem::file_size(path), 1U << 19);
  EXPECT_EQ(fitting.resize(3 << 18), 0) << "what is left can be taken";
  return failures();
}

TEST_F(FileMemTest, AFullFileSystemIsAnErrorThatSaysHowMuchIsFree) {
  const int result = withFileSystemOn(folder_.path(), "size=1m",
                                      [&] { return fillSmallFileSystem(folder_.path()); });
  if (result == kMayNotMount) GTEST_SKIP() << "this process may not mount anything";
  EXPECT_EQ(result, 0);
}

TEST_F(FileMemTest, AFileSystemThatIsOnlyReadTakesNoNewFile) {
  const int result = withFileSystemOn(folder_.path(), "size=1m", [&] {
    write(path_, std::string(4096, 'x'));
    if (::mount(nullptr, folder_.path().c_str(), nullptr, MS_REMOUNT | MS_RDONLY, nullptr) != 0) {
      return kMayNotMount;
    }
    EXPECT_EQ(thrownBy([&] { FileMem(4096, folder_.path("new"), kBasePages); }),
              Errc::PermissionDenied);
    EXPECT_EQ(opened(4096), Errc::PermissionDenied);
    EXPECT_EQ(opened(4096, {.access = Access::ReadOnly}), std::error_code());
    EXPECT_EQ(opened(4096, {.access = Access::Private}), std::error_code());
    return failures();
  });
  if (result == kMayNotMount) GTEST_SKIP() << "this process may not mount anything";
  EXPECT_EQ(result, 0);
}

}  // namespace
}  // namespace ringside
