// What a user did wrong: the program says it and ends with exit code 2, and nothing has run.
#pragma once

#include <stdexcept>

namespace ringside::harness {

/// The message says where (file:line or flag), which value, what is allowed and what to do.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace ringside::harness
