// The floor: the simplest program that joins raw librdkafka, simdjson and raw libcurl on one thread.
// It consumes, parses three fields, posts the bytes as they are, and commits when all is done. No
// filter language, no templates, no signatures, no retries: what Hookline's figures are held against.
#pragma once

#include <cstdint>
#include <string>

namespace hookline::bench {

struct FloorOptions {
  std::string bootstrap, group, topic;
  std::string url;             ///< empty: scan only
  std::uint64_t events = 0;    ///< ends after so many
  int concurrency = 64;
};

/// Runs to the end; false if something failed.
bool run_floor(const FloorOptions& options);

}  // namespace hookline::bench
