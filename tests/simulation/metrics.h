// One set of metrics for all worlds of a process: making it costs more than a small world. One thread.
#pragma once

#include "hookline/core/metrics.h"

namespace hookline::test {

core::Metrics& shared_metrics();
/// What the cores reported as lost so far.
inline std::uint64_t lost_records() {
  return static_cast<std::uint64_t>(shared_metrics().lost_records("ops.incidents").value());
}

}  // namespace hookline::test
