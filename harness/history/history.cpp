#include "harness/history/history.hpp"

#include <fmt/format.h>

namespace ringside::harness {
namespace {

std::string_view participle(Action action) {
  switch (action) {
    case Action::Push:
      return "pushed";
    case Action::Pop:
      return "popped";
    case Action::SawEmpty:
      break;
  }
  return "found empty";
}

}  // namespace

std::string_view toString(Action action) {
  switch (action) {
    case Action::Push:
      return "push";
    case Action::Pop:
      return "pop";
    case Action::SawEmpty:
      break;
  }
  return "saw_empty";
}

std::string_view toString(Delivery delivery) {
  return delivery == Delivery::AtMostOnce ? "at_most_once" : "at_least_once";
}

std::string describe(const Operation& operation) {
  if (operation.returned()) {
    return fmt::format("{} by process {}, {}..{} ns", participle(operation.action),
                       operation.process, operation.began_ns, operation.ended_ns);
  }
  return fmt::format("{} of process {} that never returned, from {} ns", toString(operation.action),
                     operation.process, operation.began_ns);
}

}  // namespace ringside::harness
