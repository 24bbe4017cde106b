// How the core reports what went wrong: 0 or -1 with `lastError`, and std::system_error from
// constructors. Full, empty and timed out are results, not faults; they too are told by an Errc.
#pragma once

#include <string>
#include <system_error>

namespace ringside {

/// What went wrong, independent of the operating system. An Errc is an error *condition*: it
/// compares equal to the errno values that mean the same, so `lastError == Errc::NotFound` holds
/// for ENOENT as well as for an error that this library made itself.
enum class Errc : int {
  InUse = 1,         ///< already open, or an exclusive role is held by a living process
  InvalidParam,      ///< null pointer, impossible value, or a segment of another geometry
  NotFound,          ///< no segment of that name
  PermissionDenied,  ///< the kernel refuses, or the segment belongs to somebody else
  OutOfMemory,       ///< no space for the segment, or no participant entry left in it
  TemporaryError,    ///< full, empty or busy: try again
  TimedOut,          ///< the deadline passed
  OperationFailed,   ///< not open, or the system cannot do it
};

const std::error_category& errorCategory() noexcept;
std::error_code make_error_code(Errc code) noexcept;
std::error_condition make_error_condition(Errc code) noexcept;

/// The cause of the last -1 in this thread. A success leaves it as it was.
inline thread_local std::error_code lastError;

/// Sets `lastError` and returns -1.
int fail(std::error_code cause) noexcept;
inline int fail(Errc cause) noexcept { return fail(make_error_code(cause)); }

/// Throws std::system_error for errno, with `what` in front of the system's own words.
[[noreturn]] void throwErrno(const std::string& what);
/// Throws std::system_error for `cause`, with `what` in front of its words.
[[noreturn]] void throwError(Errc cause, const std::string& what);

}  // namespace ringside

template <>
struct std::is_error_condition_enum<ringside::Errc> : std::true_type {};
