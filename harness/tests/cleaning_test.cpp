// What is cleaned away, and what is not. Every test keeps to names that begin with its own prefix.
#include "harness/cleaning.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <nlohmann/json.hpp>

#include "harness/clock.hpp"
#include "harness/process_files.hpp"
#include "harness/run_name.hpp"
#include "ringside/ringside.hpp"

namespace ringside::harness {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// A process that does something, says so, and waits to be killed.
class Busy {
 public:
  explicit Busy(const std::function<void()>& work) {
    int ends[2] = {-1, -1};
    EXPECT_EQ(::pipe(ends), 0);
    pid_ = ::fork();
    if (pid_ == 0) {
      ::close(ends[0]);
      work();
      EXPECT_EQ(::write(ends[1], "d", 1), 1);
      for (;;) ::pause();
    }
    ::close(ends[1]);
    char done = 0;
    EXPECT_EQ(::read(ends[0], &done, 1), 1);
    ::close(ends[0]);
  }
  Busy(const Busy&) = delete;
  Busy& operator=(const Busy&) = delete;
  ~Busy() { kill(); }

  ::pid_t pid() const { return pid_; }
  void kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }

 private:
  ::pid_t pid_ = 0;
};

::pid_t pidOfADeadProcess() {
  const ::pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  ::waitpid(child, nullptr, 0);
  return child;
}

/// Names of a run whose process is gone.
class CleaningTest : public ::testing::Test {
 protected:
  ~CleaningTest() override {
    for (const auto& file : std::filesystem::directory_iterator("/dev/shm")) {
      const std::string name = file.path().filename().string();
      if (name.starts_with(prefix_)) ::unlink(file.path().c_str());
    }
  }

  std::string name(int number) const { return fmt::format("{}{}q", prefix_, number); }
  static std::string path(const std::string& name) { return "/dev/shm/" + name; }
  static bool exists(const std::string& name) {
    return std::filesystem::is_fifo(path(name)) || std::filesystem::exists(path(name));
  }
  static void leaveRing(const std::string& name) {
    Spsc::Producer producer(name, 64, 16);
    ASSERT_EQ(producer.open(), 0);
  }
  void leavePipe(const std::string& name) { ASSERT_EQ(::mkfifo(path(name).c_str(), 0600), 0); }
  std::vector<CleanedName> clean(CleanMode mode = CleanMode::Remove) const {
    return cleanSharedMemory(prefix_, mode);
  }
  /// The only row.
  CleanedName cleanOne(CleanMode mode = CleanMode::Remove) const {
    const std::vector<CleanedName> rows = clean(mode);
    EXPECT_EQ(rows.size(), 1U);
    return rows.empty() ? CleanedName{} : rows.front();
  }

  const std::string prefix_ =
      fmt::format("ringside-{}-{:x}-", pidOfADeadProcess(), Clock::monotonicRawNs());
};

TEST_F(CleaningTest, RemovesARingThatNobodyUses) {
  leaveRing(name(0));
  const CleanedName row = cleanOne();
  EXPECT_EQ(row.name, name(0));
  EXPECT_EQ(row.kind, "ring");
  EXPECT_EQ(row.bytes, makeGeometry(PolicyKind::Spsc, 64, 16).total_bytes);
  EXPECT_EQ(row.done, Cleaned::Removed);
  EXPECT_THAT(row.users, IsEmpty());
  EXPECT_FALSE(exists(name(0)));
  EXPECT_THAT(clean(), IsEmpty());
}

TEST_F(CleaningTest, RemovesNothingInADryRun) {
  leaveRing(name(0));
  leavePipe(name(1));
  for (const CleanedName& row : clean(CleanMode::DryRun)) {
    EXPECT_EQ(row.done, Cleaned::WouldBeRemoved);
    EXPECT_TRUE(exists(row.name));
  }
  EXPECT_EQ(clean(CleanMode::DryRun).size(), 2U);
}

TEST_F(CleaningTest, KeepsARingThatALivingProcessIsAttachedTo) {
  Busy user([&] {
    static Spsc::Producer producer(name(0), 64, 16);
    producer.open();
  });
  CleanedName row = cleanOne();
  EXPECT_EQ(row.done, Cleaned::InUse);
  EXPECT_THAT(row.users, ElementsAre(user.pid()));
  EXPECT_TRUE(exists(name(0)));
  user.kill();
  row = cleanOne();
  EXPECT_EQ(row.done, Cleaned::Removed);
}

TEST_F(CleaningTest, KeepsARingThatWasMappedByOtherMeans) {
  leaveRing(name(0));
  Busy user([&] {
    const int descriptor = ::open(path(name(0)).c_str(), O_RDWR);
    ::mmap(nullptr, 4096, PROT_READ, MAP_SHARED, descriptor, 0);
    ::close(descriptor);
  });
  CleanedName row = cleanOne();
  EXPECT_EQ(row.done, Cleaned::InUse);
  EXPECT_THAT(row.users, ElementsAre(user.pid()));
  EXPECT_EQ(row.reason, "it is open or mapped");
  user.kill();
  row = cleanOne();
  EXPECT_EQ(row.done, Cleaned::Removed);
}

TEST_F(CleaningTest, RemovesPipesAndForeignMemoryOfADeadRun) {
  leavePipe(name(0));
  std::ofstream(path(name(1))) << "another library's";
  const std::vector<CleanedName> rows = clean();
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0].kind, "pipe");
  EXPECT_EQ(rows[1].kind, "file");
  for (const CleanedName& row : rows) {
    EXPECT_EQ(row.done, Cleaned::Removed) << row.reason;
    EXPECT_FALSE(exists(row.name));
  }
}

TEST_F(CleaningTest, KeepsAPipeThatALivingProcessHasOpen) {
  leavePipe(name(0));
  Busy user([&] { ::open(path(name(0)).c_str(), O_RDWR); });
  const CleanedName row = cleanOne();
  EXPECT_EQ(row.done, Cleaned::InUse);
  EXPECT_THAT(row.users, ElementsAre(user.pid()));
  EXPECT_TRUE(exists(name(0)));
}

TEST_F(CleaningTest, KeepsWhatALivingRunHasMadeThoughNobodyHasItOpen) {
  const std::string ring = prefixOfNewRun() + "0q";
  leaveRing(ring);
  const std::vector<CleanedName> rows = cleanSharedMemory(ring, CleanMode::Remove);
  ASSERT_EQ(rows.size(), 1U);
  EXPECT_EQ(rows[0].done, Cleaned::InUse);
  EXPECT_THAT(rows[0].reason, HasSubstr("lives"));
  EXPECT_EQ(ShmMem::unlink(ring), 0);
}

TEST_F(CleaningTest, SeesNothingThatBelongsToNoRunAndIsNoSegment) {
  const std::string strange = prefix_ + "notes";
  std::ofstream(path(strange)) << "somebody's notes";
  EXPECT_THAT(clean(), IsEmpty());
  EXPECT_TRUE(exists(strange));
}

TEST_F(CleaningTest, SaysWhatItMayNotRemove) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become another user";
  leaveRing(name(0));
  leavePipe(name(1));
  const ::pid_t nobody = ::fork();
  if (nobody == 0) {
    if (::seteuid(65534) != 0) ::_exit(1);
    for (const CleanedName& row : clean()) {
      if (row.done != Cleaned::Refused || row.reason.empty()) ::_exit(2);
    }
    ::_exit(clean().size() == 2 ? 0 : 3);
  }
  int status = 0;
  ::waitpid(nobody, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_TRUE(exists(name(0)) && exists(name(1)));
}

TEST(ProcessFilesTest, FindsWhoHasAFileOpenAndWhoHasItMapped) {
  const std::string path = fmt::format("/dev/shm/ringside-test-{}-users", ::getpid());
  std::ofstream(path) << "one byte at least";
  struct ::stat facts = {};
  ASSERT_EQ(::stat(path.c_str(), &facts), 0);
  const FileId file{facts.st_dev, facts.st_ino};
  EXPECT_THAT(usersOf({file}), IsEmpty());
  {
    const Busy opener([&] { ::open(path.c_str(), O_RDONLY); });
    const Busy mapper([&] {
      const int descriptor = ::open(path.c_str(), O_RDONLY);
      ::mmap(nullptr, 1, PROT_READ, MAP_SHARED, descriptor, 0);
      ::close(descriptor);
    });
    EXPECT_THAT(usersOf({file})[file], ::testing::UnorderedElementsAre(opener.pid(), mapper.pid()));
  }
  EXPECT_THAT(usersOf({file}), IsEmpty());
  ::unlink(path.c_str());
}

// --- how it is shown ----------------------------------------------------------------------------

const std::vector<CleanedName> kRows = {
    {"channel", "ring", 36864, 210, {17, 18}, Cleaned::InUse, "its locks are held"},
    {"old", "object", 4096, 86400, {}, Cleaned::Removed, ""}};

TEST(CleanedTableTest, ShowsEachNameWithWhatWasDone) {
  const std::string text = renderCleaned(kRows, Format::Table);
  EXPECT_THAT(text, HasSubstr("36.0 KiB  3.50 min     17 18  in use: its locks are held\n"));
  EXPECT_THAT(text, HasSubstr("4.00 KiB    1.00 d         –  removed\n"));
  EXPECT_THAT(renderCleaned(kRows, Format::Markdown), HasSubstr("| old | object | 4.00 KiB |"));
}

TEST(CleanedTableTest, SaysWhenThereIsNothing) {
  EXPECT_EQ(renderCleaned({}, Format::Table), "nothing of Ringside is in shared memory\n");
  EXPECT_EQ(renderCleaned({}, Format::Json), "[]\n");
}

TEST(CleanedTableTest, JsonHoldsTheNumbersUnrounded) {
  const auto parsed = nlohmann::json::parse(renderCleaned(kRows, Format::Json));
  ASSERT_EQ(parsed.size(), 2U);
  EXPECT_EQ(parsed[0]["attached"], (std::vector<int>{17, 18}));
  EXPECT_EQ(parsed[0]["done"], "in_use");
  EXPECT_EQ(parsed[1]["bytes"], 4096);
  EXPECT_TRUE(parsed[1]["reason"].is_null());
}

TEST(CleanedTableTest, CsvHasOneLineANameAndTheProcessesInOneField) {
  const std::string text = renderCleaned(kRows, Format::Csv);
  EXPECT_THAT(text, HasSubstr("name,kind,bytes,age_s,attached,done,reason\n"));
  EXPECT_THAT(text, HasSubstr("\"channel\",\"ring\",36864,210.0,\"17 18\",\"in_use\","));
  EXPECT_THAT(text, HasSubstr("\"old\",\"object\",4096,86400.0,\"\",\"removed\",\n"));
}

}  // namespace
}  // namespace ringside::harness
