// What the kernel says of a process: for tests that bound processor time, memory, threads and descriptors.
// Values; any thread. All zero for a process that is gone.
#pragma once

#include <chrono>
#include <cstdint>

#include <sys/types.h>

namespace hookline::test {

/// A sanitizer has memory of its own and keeps what is freed: what a process that is built with one holds says nothing.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool memory_is_its_own = false;
#else
inline constexpr bool memory_is_its_own = true;
#endif

struct ProcessFigures {
  std::chrono::milliseconds processor{0};  ///< used since it started, by all its threads, in user and kernel
  std::int64_t resident = 0;               ///< bytes
  int threads = 0;
  int descriptors = 0;
};

ProcessFigures figures_of(pid_t process);

}  // namespace hookline::test
