// Runs a test with each of simdjson's instruction sets that this machine has.
#pragma once

#include <gtest/gtest.h>
#include <simdjson.h>

namespace hookline::json {

template <class Test>
void with_every_implementation(Test test) {
  const simdjson::implementation* best = simdjson::get_active_implementation();
  for (const simdjson::implementation* implementation : simdjson::get_available_implementations()) {
    if (!implementation->supported_by_runtime_system()) continue;
    SCOPED_TRACE(implementation->name());
    simdjson::get_active_implementation() = implementation;
    test();
  }
  simdjson::get_active_implementation() = best;
}

}  // namespace hookline::json
