// Waiting for facts, never for time: tests ask until something is so, with a deadline that only a
// failure reaches. Any thread.
#pragma once

#include <chrono>
#include <thread>
#include <utility>

namespace hookline::test {

/// Polls `fact` every `pause` until it is true; false when it was still not so at the deadline.
/// Use it as ASSERT_TRUE(wait_until([&] { return receiver.count() == 1000; }, 30s)) << receiver.count();
template <class Fact>
[[nodiscard]] bool wait_until(Fact fact, std::chrono::milliseconds deadline,
                              std::chrono::milliseconds pause = std::chrono::milliseconds(5)) {
  auto const end = std::chrono::steady_clock::now() + deadline;
  while (true) {
    if (fact()) return true;
    if (std::chrono::steady_clock::now() >= end) return false;
    std::this_thread::sleep_for(pause);
  }
}

/// True when `fact` stays true for all of `span`: for what must not happen. Costs that time, so keep it
/// short.
template <class Fact>
[[nodiscard]] bool holds_for(Fact fact, std::chrono::milliseconds span) {
  return !wait_until([&] { return !fact(); }, span);
}

}  // namespace hookline::test
