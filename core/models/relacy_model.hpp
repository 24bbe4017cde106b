// What the models under Relacy share: words of shared memory at each access of which a process may
// die, and a run of one model. Relacy simulates the threads and the C++ memory model: a load may
// return an older value wherever the orders allow it, and plain data that is raced for is an error.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <functional>
#include <iostream>
#include <optional>
#include <ostream>
#include <span>
#include <string_view>

#include <relacy/relacy.hpp>
// The library renames these, for code that is checked as it is.
#undef assert
#undef calloc
#undef delete
#undef errno
#undef free
#undef malloc
#undef memory_order_acq_rel
#undef memory_order_acquire
#undef memory_order_consume
#undef memory_order_relaxed
#undef memory_order_release
#undef memory_order_seq_cst
#undef new
#undef realloc

namespace ringside::models {

using Order = rl::memory_order;

/// Thrown at the step at which a process dies; nothing after it is executed.
struct Killed {};

/// A process that dies at its `steps`-th access to shared memory; 0: never.
class Process {
 public:
  explicit Process(unsigned steps = 0) : steps_left_(steps) {}
  void step() {
    if (steps_left_ != 0 && --steps_left_ == 0) throw Killed{};
  }

 private:
  unsigned steps_left_;
};

/// One in two processes dies, at any of its first `steps` accesses.
inline Process mortal(unsigned steps) {
  return Process(rl::rand(2) == 0 ? 0 : 1 + rl::rand(steps));
}

/// An atomic word in shared memory.
class Word {
 public:
  /// Before the threads start.
  void init(std::uint64_t value) { value_.store(value, rl::mo_relaxed, RL_INFO); }

  std::uint64_t load(Process& by, Order order) const {
    by.step();
    return value_.load(order, RL_INFO);
  }
  void store(Process& by, std::uint64_t value, Order order) {
    by.step();
    value_.store(value, order, RL_INFO);
  }
  bool exchangeIf(Process& by, std::uint64_t& expected, std::uint64_t desired, Order order) {
    by.step();
    return value_.compare_exchange_strong(expected, desired, order, RL_INFO, rl::mo_relaxed,
                                          RL_INFO);
  }
  std::uint64_t add(Process& by, std::uint64_t value, Order order) {
    by.step();
    return value_.fetch_add(value, order, RL_INFO);
  }
  std::uint64_t bitAnd(Process& by, std::uint64_t value, Order order) {
    by.step();
    return value_.fetch_and(value, order, RL_INFO);
  }
  std::uint64_t exchange(Process& by, std::uint64_t value, Order order) {
    by.step();
    return value_.exchange(value, order, RL_INFO);
  }

  /// Sleeps if the word is `seen`, for which the kernel looks at the newest value.
  void sleepWhile(std::uint64_t seen) {
    if (value_.fetch_add(0, rl::mo_relaxed, RL_INFO) == seen) {
      value_.wait(rl::ctx(), false, false, RL_INFO);
    }
  }
  void wakeAll() { value_.wake(rl::ctx(), kAllThreads, RL_INFO); }

 private:
  static constexpr rl::thread_id_t kAllThreads = 8;
  rl::atomic<std::uint64_t> value_;
};

/// A lock that the kernel keeps for a process and takes back when it dies: held by one at a time,
/// and every question is answered by its present state.
class KernelLock {
 public:
  void init() { word_.init(0); }
  bool tryLock(Process& by, unsigned who) {
    std::uint64_t expected = 0;
    if (!word_.exchangeIf(by, expected, 1, rl::mo_acq_rel)) return false;
    holder_ = who;
    return true;
  }
  void unlock(Process& by) {
    word_.store(by, 0, rl::mo_release);
    holder_ = kNobody;
  }
  bool isHeld(Process& by) { return word_.add(by, 0, rl::mo_acq_rel) != 0; }

  /// After `who` has died, which no store of it follows.
  void takeBack(unsigned who) {
    Process kernel;
    if (holder_ == who) unlock(kernel);
  }

 private:
  static constexpr unsigned kNobody = ~0U;
  Word word_;
  unsigned holder_ = kNobody;  ///< for takeBack() only
};

/// One planted bug. `P` is what a model can have changed.
template <class P>
struct Mutant {
  std::string_view name;
  void (*plant)(P&);
};

template <class T>
const T* findByName(std::span<const T> all, std::string_view name) {
  for (const T& one : all) {
    if (one.name == name) return &one;
  }
  std::cerr << "there is no " << name << "; there are:";
  for (const T& one : all) std::cerr << ' ' << one.name;
  std::cerr << '\n';
  return nullptr;
}

/// Runs `Suite` with that many random schedules and says what came out: 0 when no schedule shows an
/// error, or when it is a mutant and one does.
template <class Suite>
int judge(std::string_view model, std::string_view mutant, rl::iteration_t schedules) {
  std::ostream nowhere(nullptr);
  rl::test_params params;
  params.iteration_count = schedules;
  params.progress_stream = &nowhere;
  if (!mutant.empty()) params.output_stream = &nowhere;
  const bool clean = rl::simulate<Suite>(params);
  std::cout << model << ' ' << mutant << ": " << rl::test_result_str(params.test_result)
            << " after " << params.stop_iteration << " schedules\n";
  return clean == mutant.empty() ? 0 : 1;
}

/// For a main(): plants the mutant of that name, unless it is empty, and runs `Suite`. 2 when there
/// is no such mutant.
template <class Suite, class P, std::size_t N>
int judgeWith(std::string_view model, const Mutant<P> (&mutants)[N], std::string_view mutant,
              P& protocol, rl::iteration_t schedules) {
  if (!mutant.empty()) {
    const auto* found = findByName<Mutant<P>>(mutants, mutant);
    if (found == nullptr) return 2;
    found->plant(protocol);
  }
  return judge<Suite>(model, mutant, schedules);
}

}  // namespace ringside::models
