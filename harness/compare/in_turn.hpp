// Work on many things by as many threads as there are CPUs, of which the results are taken in
// order.
#pragma once

#include <algorithm>
#include <cstddef>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

namespace ringside::harness {

/// Calls `work(i)` for 0..count-1, several at once, and `take(i, result)` for one after the other,
/// in order. What work or take throws first, in that order, ends it and is thrown.
template <class Work, class Take>
void inTurn(std::size_t count, Work&& work, Take&& take) {
  using Result = decltype(work(std::size_t{0}));
  struct Done {
    std::optional<Result> result = {};
    std::exception_ptr failure = {};
  };
  std::mutex mutex;
  std::size_t begun = 0;
  std::size_t taken = 0;
  std::map<std::size_t, Done> waiting;
  std::exception_ptr failure;

  const auto takeAll = [&] {
    for (auto one = waiting.find(taken); one != waiting.end() && !failure;
         one = waiting.find(++taken)) {
      failure = one->second.failure;
      if (!failure) take(one->first, std::move(*one->second.result));
      waiting.erase(one);
    }
  };
  const auto workOnAll = [&] {
    std::unique_lock lock(mutex);
    while (begun < count && !failure) {
      const std::size_t place = begun++;
      lock.unlock();
      Done done;
      try {
        done.result.emplace(work(place));
      } catch (...) {
        done.failure = std::current_exception();
      }
      lock.lock();
      waiting.emplace(place, std::move(done));
      try {
        takeAll();
      } catch (...) {
        failure = std::current_exception();
      }
    }
  };
  const std::size_t cpus = std::max(1U, std::thread::hardware_concurrency());
  std::vector<std::jthread> threads;
  for (std::size_t i = 1; i < std::min(cpus, count); ++i) threads.emplace_back(workOnAll);
  workOnAll();
  threads.clear();
  if (failure) std::rethrow_exception(failure);
}

}  // namespace ringside::harness
