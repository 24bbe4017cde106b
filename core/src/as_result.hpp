// What throws, as the calls that report 0 or -1 with lastError.
#pragma once

#include <new>
#include <system_error>

#include "ringside/error.hpp"

namespace ringside {

/// 0 once `work` is done; -1 with lastError when it throws std::system_error or std::bad_alloc.
template <class Work>
int asResult(Work&& work) noexcept {
  try {
    work();
    return 0;
  } catch (const std::system_error& error) {
    return fail(error.code());
  } catch (const std::bad_alloc&) {
    return fail(Errc::OutOfMemory);
  }
}

}  // namespace ringside
