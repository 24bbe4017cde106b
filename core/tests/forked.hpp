// Child processes for tests, and memory that they share with their parent.
#pragma once

#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <functional>

namespace ringside {

/// Runs `work` in a child, which ends with what it returns, or with its parent.
inline ::pid_t inChild(const std::function<int()>& work) {
  const ::pid_t child = ::fork();
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::_exit(work());
  }
  return child;
}

/// The exit code of a child, or 1000 + the signal that killed it.
inline int resultOf(::pid_t child) {
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

inline void killAndWait(::pid_t child) {
  ::kill(child, SIGKILL);
  resultOf(child);
}

/// Anonymous memory that children write their findings to.
template <class T>
class SharedArray {
 public:
  explicit SharedArray(std::size_t count)
      : bytes_(count * sizeof(T)),
        data_(static_cast<T*>(
            ::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))) {}
  SharedArray(const SharedArray&) = delete;
  SharedArray& operator=(const SharedArray&) = delete;
  ~SharedArray() { ::munmap(data_, bytes_); }
  T& operator[](std::size_t i) { return data_[i]; }
  T* begin() { return data_; }

 private:
  std::size_t bytes_;
  T* data_;
};

}  // namespace ringside
