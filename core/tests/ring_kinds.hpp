// Every policy in every kind of memory, for suites that are written once.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "ringside/ringside.hpp"
#include "shm_name.hpp"

namespace ringside {

// Each makes the memory of one ring, keeps its place, and cleans up.

template <class M>
struct WithoutPlace {
  using Memory = M;
  static constexpr bool kHasPlace = false;
};

struct ByName {
  using Memory = ShmMem;
  static constexpr bool kHasPlace = true;
  ShmName name;
  std::string place() const { return name.str(); }
};

struct ByPath {
  using Memory = FileMem;
  static constexpr bool kHasPlace = true;
  ShmName name;
  std::string path = (std::filesystem::temp_directory_path() / name.str()).string();
  ~ByPath() { std::filesystem::remove(path); }
  std::string place() const { return path; }
};

struct ByKey {
  using Memory = SysvMem;
  static constexpr bool kHasPlace = true;
  ::key_t key = next();
  ~ByKey() { SysvMem::remove(key); }
  ::key_t place() const { return key; }

 private:
  /// The process number keeps programs that run at once apart.
  static ::key_t next() {
    static int count = 0;
    return 0x52000000 | (::getpid() & 0xffff) << 8 | (++count & 0xff);
  }
};

/// Spsc whose small slots have no words.
struct SpscWithoutWords : Spsc {};

template <class P>
constexpr Tuning kTuningOf =
    std::is_same_v<P, SpscWithoutWords> ? Tuning::Throughput : Tuning::Adaptive;

template <class P, class B>
struct Kind {
  using Policy = P;
  using Backing = B;
};

template <class P>
using KindsBetweenProcesses =
    ::testing::Types<Kind<P, ByName>, Kind<P, WithoutPlace<ShmMem>>, Kind<P, WithoutPlace<AnonMem>>,
                     Kind<P, WithoutPlace<MemfdMem>>, Kind<P, ByPath>,
                     Kind<P, WithoutPlace<SysvMem>>, Kind<P, ByKey>>;
template <class P>
using KindsWithPlace = ::testing::Types<Kind<P, ByName>, Kind<P, ByPath>, Kind<P, ByKey>>;
template <class P>
using KindsBetweenThreads =
    ::testing::Types<Kind<P, WithoutPlace<LocalMem>>, Kind<P, ByName>,
                     Kind<P, WithoutPlace<ShmMem>>, Kind<P, WithoutPlace<AnonMem>>,
                     Kind<P, WithoutPlace<MemfdMem>>, Kind<P, ByPath>,
                     Kind<P, WithoutPlace<SysvMem>>, Kind<P, ByKey>>;

struct KindNames {
  template <class K>
  static std::string GetName(int) {
    using Backing = typename K::Backing;
    if (std::is_same_v<Backing, ByName>) return "ShmNamed";
    if (std::is_same_v<Backing, ByPath>) return "File";
    if (std::is_same_v<Backing, ByKey>) return "SysvKeyed";
    if (std::is_same_v<Backing, WithoutPlace<LocalMem>>) return "Local";
    if (std::is_same_v<Backing, WithoutPlace<AnonMem>>) return "Anon";
    if (std::is_same_v<Backing, WithoutPlace<MemfdMem>>) return "Memfd";
    if (std::is_same_v<Backing, WithoutPlace<SysvMem>>) return "SysvUnnamed";
    return "ShmUnnamed";
  }
};

/// The place of one ring, whatever it is.
class RingPlace {
 public:
  virtual ~RingPlace() = default;
  virtual RingSegment open(const Geometry& geometry, const MemoryOptions& options) const = 0;
};

template <class Backing>
class PlaceOf : public RingPlace {
 public:
  RingSegment open(const Geometry& geometry, const MemoryOptions& options) const override {
    if constexpr (Backing::kHasPlace) {
      return RingSegment::in<typename Backing::Memory>(geometry, options, backing_.place());
    } else {
      return RingSegment::in<typename Backing::Memory>(geometry, options);
    }
  }

 private:
  Backing backing_;
};

/// Makes queues of one policy, gone with the test. What is tested knows the policy and not the
/// memory: it is compiled once a policy and not once a kind.
template <class P>
class Rings {
 public:
  static constexpr int kProducers = P::kKind == PolicyKind::Spsc ? 1 : 3;
  static constexpr int kConsumers = std::is_same_v<P, Mpmc> ? 3 : 1;

  explicit Rings(std::unique_ptr<RingPlace> (*make_place)()) : make_place_(make_place) {}

  template <class T>
  std::shared_ptr<TypedQueue<T, P>> make(std::uint64_t capacity, Wait wait = Wait::Block) {
    places_.push_back(make_place_());
    return std::make_shared<Made<T>>(*places_.back(), capacity, wait);
  }
  /// Another object for the memory that was made last.
  template <class T>
  std::shared_ptr<TypedQueue<T, P>> makeAnother(std::uint64_t capacity) {
    return std::make_shared<Made<T>>(*places_.back(), capacity, Wait::Block);
  }

 private:
  template <class T>
  struct Made : TypedQueue<T, P> {
    Made(const RingPlace& place, std::uint64_t capacity, Wait wait)
        : Made::TypedQueue(place.open(Made::geometryFor(capacity, {.tuning = kTuningOf<P>}),
                                      {.huge_pages = HugePages::Never}),
                           wait) {}
  };

  std::unique_ptr<RingPlace> (*make_place_)();
  std::vector<std::unique_ptr<RingPlace>> places_;
};

template <class K>
class RingTest : public ::testing::Test {
 protected:
  Rings<typename K::Policy> rings_{[]() -> std::unique_ptr<RingPlace> {
    return std::make_unique<PlaceOf<typename K::Backing>>();
  }};
};

/// A test of a typed suite whose body is a function of the policy P alone, with `rings` to make
/// queues by.
#define RINGSIDE_RING_TEST(Suite, Name)                                                \
  template <class P>                                                                   \
  void check##Name(Rings<P>& rings);                                                   \
  TYPED_TEST_P(Suite, Name) { check##Name<typename TypeParam::Policy>(this->rings_); } \
  template <class P>                                                                   \
  void check##Name(Rings<P>& rings)

/// Producer in the upper 16 bits, its count in the lower 48.
constexpr std::uint64_t stampOf(int producer, std::uint64_t count) {
  return static_cast<std::uint64_t>(producer) << 48 | count;
}
constexpr std::uint64_t producerOf(std::uint64_t stamp) { return stamp >> 48; }
constexpr std::uint64_t countOf(std::uint64_t stamp) { return stamp & 0xffffffffffffULL; }

}  // namespace ringside
