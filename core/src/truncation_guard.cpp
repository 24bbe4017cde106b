#include "ringside/truncation_guard.hpp"

#include <signal.h>
#include <sys/mman.h>

#include <cerrno>

#include "guarded_ranges.hpp"
#include "ringside/error.hpp"

namespace ringside {
namespace {

struct ::sigaction former_action = {};  ///< written once, before the handler is in place

/// Puts a page of zeros where the file has none. False when that is not what the fault is about.
bool mend(const ::siginfo_t& fault) noexcept {
  if (fault.si_code != BUS_ADRERR) return false;  // sent by somebody, or broken memory
  const auto address = reinterpret_cast<std::uintptr_t>(fault.si_addr);
  GuardedRange* const range = findGuardedRange(address);
  if (range == nullptr) return false;
  const std::size_t page = range->page_bytes.load(std::memory_order_relaxed);  // after begin
  void* const begin = reinterpret_cast<void*>(address & ~(page - 1));
  if (::mmap(begin, page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
      MAP_FAILED) {
    return false;
  }
  range->truncated.store(true, std::memory_order_release);  // SYNC: Mapping::truncated()
  if (range->mark != nullptr) range->mark->store(0, std::memory_order_release);
  return true;
}

void dieOf(int signal) noexcept {
  struct ::sigaction as_usual = {};
  as_usual.sa_handler = SIG_DFL;
  ::sigaction(signal, &as_usual, nullptr);
  ::raise(signal);  // delivered when the handler returns, unless the fault comes again first
}

void passOn(int signal, ::siginfo_t* fault, void* context) noexcept {
  if ((former_action.sa_flags & SA_SIGINFO) != 0) {
    former_action.sa_sigaction(signal, fault, context);
  } else if (former_action.sa_handler == SIG_DFL) {
    dieOf(signal);
  } else if (former_action.sa_handler != SIG_IGN) {
    former_action.sa_handler(signal);
  } else if (fault->si_code > 0) {
    dieOf(signal);  // by the kernel: a fault can't be ignored
  }
}

void onBusError(int signal, ::siginfo_t* fault, void* context) {
  const int error_before = errno;
  if (!mend(*fault)) passOn(signal, fault, context);
  errno = error_before;
}

int install() noexcept {
  struct ::sigaction ours = {};
  ours.sa_sigaction = onBusError;
  ours.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART;
  ::sigemptyset(&ours.sa_mask);
  // First what was there: a fault may come as soon as ours is in place.
  if (::sigaction(SIGBUS, nullptr, &former_action) != 0) return errno;
  return ::sigaction(SIGBUS, &ours, nullptr) == 0 ? 0 : errno;
}

}  // namespace

int guardAgainstTruncation() noexcept {
  static const int failure = install();
  return failure == 0 ? 0 : fail(std::error_code(failure, std::system_category()));
}

}  // namespace ringside
