// The rules of check.hpp, a function each: the first violation of its kind, or nothing; and the
// numbers of those that are counted.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "harness/history/check.hpp"
#include "harness/history/evidence.hpp"

namespace ringside::harness {

std::optional<Violation> findTorn(const Evidence& evidence);
std::optional<Violation> findInvented(const Evidence& evidence);
std::optional<Violation> findDuplicated(const Evidence& evidence);
std::optional<Violation> findReordered(const Evidence& evidence);
std::optional<Violation> findOvertaken(const Evidence& evidence);
std::optional<Violation> findLost(const Evidence& evidence);
std::optional<Violation> findFalselyEmpty(const Evidence& evidence);
std::optional<Violation> findOverfull(const Evidence& evidence);

std::uint64_t countInvented(const Evidence& evidence);
std::uint64_t countDuplicated(const Evidence& evidence);
std::uint64_t countReordered(const Evidence& evidence);
std::uint64_t countOvertaken(const Evidence& evidence);
std::uint64_t countOverfull(const Evidence& evidence);
std::uint64_t countLost(const Evidence& evidence);
std::uint64_t countFalselyEmpty(const Evidence& evidence);

/// Puts a violation together; operations may be named in any order, twice, and as null.
class Finding {
 public:
  Finding(const Evidence& evidence, ViolationKind kind);

  void add(const Operation* operation);
  /// The value, its push and its pops.
  void add(const Life& life);
  /// The pops that never returned and began at `until_ns` or before: they explain nothing more.
  void addUnreturnedPops(std::int64_t until_ns);
  Violation saying(std::string sentence);

 private:
  const Evidence& evidence_;
  Violation violation_;
};

/// "value 17 (pushed by process 2, 10..20 ns)".
std::string describePushed(const Life& life);

}  // namespace ringside::harness
