// Named memory that many create, open and unlink at once, and whose creators die.
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <vector>

#include "forked.hpp"
#include "memory_bytes.hpp"
#include "memory_kinds.hpp"
#include "stepped_child.hpp"
#include "system_call_stops.hpp"
#include "system_facts.hpp"
#include "thrown_error.hpp"

namespace ringside {
namespace {

constexpr std::size_t kBytes = 16384;

/// All bytes the same, and none zero.
const Contents kUniform{
    [](void* address, std::size_t size) {
      const int value = static_cast<int>(::getpid()) % 255 + 1;
      std::memset(address, value, size / 2);
      std::memset(static_cast<char*>(address) + size / 2, value, size - size / 2);
    },
    [](std::span<const std::byte> beginning, std::size_t size) {
      if (size != kBytes || beginning.empty() || beginning.front() == std::byte{0}) {
        throwError(Errc::InvalidParam, "half made");
      }
    }};

bool isComplete(const Mapping& memory) {
  const unsigned char value = *static_cast<const unsigned char*>(memory.get());
  return value != 0 && isAll(memory, value);
}

template <class Kind>
class CreationRaceTest : public ::testing::Test {
 protected:
  auto take() const { return kind_.make(kBytes, kBasePages, kUniform); }
  void removeName() const { ::unlink(kind_.path().c_str()); }
  /// Files of this name beside the one that is wanted, and unfinished ones where nobody else is.
  std::size_t strays() const {
    const std::string folder = kind_.path().substr(0, kind_.path().rfind('/'));
    const std::string name = kind_.path().substr(folder.size() + 1);
    const std::size_t unfinished = folder == "/dev/shm" ? 0 : filesIn(folder, ".ringside");
    return filesIn(folder, name) + unfinished - pathExists(kind_.path());
  }
  /// What every test ends with: the name is absent or complete, and can be taken.
  void expectIntact() const {
    EXPECT_EQ(strays(), 0U);
    EXPECT_TRUE(isComplete(take()));
    EXPECT_EQ(strays(), 0U);
  }

  Kind kind_;
};
using RacedKinds = ::testing::Types<NamedShmKind, FileKind>;
TYPED_TEST_SUITE(CreationRaceTest, RacedKinds, MemoryKindNames);

TYPED_TEST(CreationRaceTest, AllWhoRaceSeeTheSameCompleteContents) {
  for (int round = 0; round < 50; ++round) {
    const Shared<std::atomic<int>> creators{0};
    const Shared<std::array<std::atomic<int>, 6>> values;
    std::vector<::pid_t> children;
    for (auto& value : *values) {
      children.push_back(inChild([&] {
        const auto memory = this->take();
        if (memory.created()) ++*creators;
        value = *static_cast<const unsigned char*>(memory.get());
        return isComplete(memory) ? 0 : 1;
      }));
    }
    for (const ::pid_t child : children) EXPECT_EQ(resultOf(child), 0);
    EXPECT_EQ(*creators, 1);
    for (const auto& value : *values) EXPECT_EQ(value, values->front());
    EXPECT_EQ(this->strays(), 0U);
    this->removeName();
  }
}

TYPED_TEST(CreationRaceTest, EachWhoOpensWhileOthersUnlinkGetsCompleteMemory) {
  const ::pid_t remover = inChild([&] {
    for (;;) this->removeName();
    return 0;
  });
  std::vector<::pid_t> children;
  for (int i = 0; i < 3; ++i) {
    children.push_back(inChild([&] {
      for (int round = 0; round < 300; ++round) {
        if (!isComplete(this->take())) return 1;
      }
      return 0;
    }));
  }
  for (const ::pid_t child : children) EXPECT_EQ(resultOf(child), 0);
  killAndWait(remover);
  this->expectIntact();
}

TYPED_TEST(CreationRaceTest, ACreatorMayBeKilledAtAnyMoment) {
  for (int round = 0; round < 200; ++round) {
    const Shared<std::atomic<int>> begun{0};
    const ::pid_t child = inChild([&] {
      for (;; this->removeName()) {
        ++*begun;
        this->take();
      }
      return 0;
    });
    waitFor([&] { return *begun != 0; });
    for (int spins = 0; spins < round * 100; ++spins) begun->load();
    killAndWait(child);
    this->expectIntact();
    this->removeName();
  }
}

TYPED_TEST(CreationRaceTest, ACreatorMayBeKilledAtAnySystemCall) {
  const auto create = [&] {
    this->take();
    return 0;
  };
  const int stops = killAtSystemCallsOf(create, [&] {
    this->expectIntact();
    this->removeName();
  });
  if (stops == 0) GTEST_SKIP() << "processes may not be traced here";
}

TYPED_TEST(CreationRaceTest, ACreatorThatWasOvertakenAtAnySystemCallOpensWhatTheOtherMade) {
  const Shared<std::atomic<int>> value{0};
  const auto create = [&] {
    const auto memory = this->take();
    *value = isComplete(memory) ? *static_cast<const unsigned char*>(memory.get()) : 0;
    return 0;
  };
  const auto overtake = [&](CallStoppedChild& child) {
    const auto memory = this->take();
    EXPECT_TRUE(isComplete(memory));
    EXPECT_EQ(child.finish(), 0);
    EXPECT_EQ(*value, *static_cast<const unsigned char*>(memory.get()));
  };
  const int stops = atSystemCallsOf(create, overtake, [&] { this->removeName(); });
  if (stops == 0) GTEST_SKIP() << "processes may not be traced here";
}

TYPED_TEST(CreationRaceTest, ACreatorThatDiesWhileItFillsTheMemoryLeavesNothing) {
  const auto die = [](void* address, std::size_t size) {
    std::memset(address, 1, size / 2);
    ::raise(SIGKILL);
  };
  EXPECT_EQ(resultOf(inChild([&] {
              this->kind_.make(kBytes, kBasePages, {die, kUniform.inspect});
              return 0;
            })),
            1000 + SIGKILL);
  EXPECT_FALSE(pathExists(this->kind_.path()));
  this->expectIntact();
}

}  // namespace
}  // namespace ringside
