#include "harness/history/check.hpp"

#include "harness/history/rules.hpp"

namespace ringside::harness {
namespace {

struct Rule {
  ViolationKind kind;
  std::string_view name;
  std::optional<Violation> (*find)(const Evidence&);
};

constexpr Rule kRules[] = {
    {ViolationKind::Torn, "torn", findTorn},
    {ViolationKind::Invented, "invented", findInvented},
    {ViolationKind::Duplicated, "duplicated", findDuplicated},
    {ViolationKind::Reordered, "reordered", findReordered},
    {ViolationKind::Overtaken, "overtaken", findOvertaken},
    {ViolationKind::Lost, "lost", findLost},
    {ViolationKind::FalselyEmpty, "falsely_empty", findFalselyEmpty},
    {ViolationKind::Overfull, "overfull", findOverfull},
};

}  // namespace

std::string_view toString(ViolationKind kind) {
  for (const Rule& rule : kRules) {
    if (rule.kind == kind) return rule.name;
  }
  return "unknown";
}

std::optional<Violation> firstViolation(const History& history) {
  const Evidence evidence(history);
  for (const Rule& rule : kRules) {
    if (std::optional<Violation> violation = rule.find(evidence)) return violation;
  }
  return std::nullopt;
}

Counts countAll(const History& history) {
  const Evidence evidence(history);
  Counts counts;
  for (const Operation& operation : history.operations) {
    const bool returned = operation.returned();
    counts.pushed += operation.action == Action::Push && returned;
    counts.popped += operation.action == Action::Pop && returned;
    counts.unreturned += !returned;
    counts.redelivered += operation.action == Action::Pop && operation.redelivered;
    counts.torn += operation.action == Action::Pop && operation.torn;
  }
  counts.lost = countLost(evidence);
  counts.duplicated = countDuplicated(evidence);
  counts.reordered = countReordered(evidence);
  counts.invented = countInvented(evidence);
  counts.overtaken = countOvertaken(evidence);
  counts.overfull = countOverfull(evidence);
  counts.falsely_empty = countFalselyEmpty(evidence);
  return counts;
}

}  // namespace ringside::harness
