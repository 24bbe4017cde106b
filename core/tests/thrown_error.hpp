// What a constructor throws, for tests of failures.
#pragma once

#include <string>
#include <system_error>

namespace ringside {

/// The code of the std::system_error that `make` throws, and its message in `message`; no error
/// when it throws nothing.
template <class Make>
std::error_code thrownBy(Make&& make, std::string& message) {
  try {
    make();
  } catch (const std::system_error& error) {
    message = error.what();
    return error.code();
  }
  return {};
}

template <class Make>
std::error_code thrownBy(Make&& make) {
  std::string ignored;
  return thrownBy(make, ignored);
}

}  // namespace ringside
