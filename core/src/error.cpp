#include "ringside/error.hpp"

#include <cerrno>
#include <span>

namespace ringside {
namespace {

/// One row an Errc: its words, and the errno values that mean the same (0 ends the list).
struct Meaning {
  Errc code;
  const char* words;
  int errnos[8];
};

constexpr Meaning kMeanings[] = {
    {Errc::InUse, "in use", {EBUSY, EEXIST, EADDRINUSE, EALREADY, 0}},
    {Errc::InvalidParam,
     "invalid parameter",
     {EINVAL, ENAMETOOLONG, EFAULT, EISDIR, ENOTDIR, EOVERFLOW, 0}},
    {Errc::NotFound, "not found", {ENOENT, ENXIO, ENODEV, 0}},
    {Errc::PermissionDenied, "permission denied", {EACCES, EPERM, EROFS, ELOOP, 0}},
    {Errc::OutOfMemory,
     "out of memory",
     {ENOMEM, ENOSPC, EMFILE, ENFILE, EFBIG, EDQUOT, ENOLCK, 0}},
    {Errc::TemporaryError, "full, empty or busy: try again", {EAGAIN, EINTR, 0}},
    {Errc::TimedOut, "timed out", {ETIMEDOUT, 0}},
    {Errc::OperationFailed, "operation failed", {EIO, EBADF, EPROTO, ENOSYS, EOPNOTSUPP, 0}},
};

const Meaning* meaningOf(int code) {
  for (const Meaning& meaning : kMeanings) {
    if (static_cast<int>(meaning.code) == code) return &meaning;
  }
  return nullptr;
}

class Category final : public std::error_category {
 public:
  const char* name() const noexcept override { return "ringside"; }

  std::string message(int code) const override {
    const Meaning* meaning = meaningOf(code);
    return meaning != nullptr ? meaning->words : "unknown error";
  }

  bool equivalent(const std::error_code& seen, int code) const noexcept override {
    if (seen.category() == *this) return seen.value() == code;
    const bool is_errno =
        seen.category() == std::system_category() || seen.category() == std::generic_category();
    const Meaning* meaning = meaningOf(code);
    if (!is_errno || meaning == nullptr) return false;
    for (const int value : meaning->errnos) {
      if (value != 0 && value == seen.value()) return true;
    }
    return false;
  }
};

}  // namespace

const std::error_category& errorCategory() noexcept {
  static const Category category;
  return category;
}

std::error_code make_error_code(Errc code) noexcept {
  return {static_cast<int>(code), errorCategory()};
}

std::error_condition make_error_condition(Errc code) noexcept {
  return {static_cast<int>(code), errorCategory()};
}

int fail(std::error_code cause) noexcept {
  lastError = cause;
  return -1;
}

void throwErrno(const std::string& what) {
  const int cause = errno;
  throw std::system_error(cause, std::system_category(), what);
}

void throwError(Errc cause, const std::string& what) {
  throw std::system_error(make_error_code(cause), what);
}

}  // namespace ringside
