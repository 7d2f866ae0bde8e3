// Splits an HTTP/1.1 message head: for the receiver's requests and the test client's answers. Pure, on
// bytes that the caller keeps; any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "support/kafka_admin.h"

namespace hookline::test {

/// What every request is asked for, without copying anything.
struct HeadScan {
  std::size_t size = 0;            ///< bytes of the head, its empty line included
  std::size_t content_length = 0;  ///< 0 when there is none
  std::string_view webhook_id;     ///< empty when there is none
  bool chunked = false;
  bool close = false;  ///< Connection: close
};

/// Nothing when the head is not complete yet.
std::optional<HeadScan> scan_head(std::string_view bytes);

struct Head {
  std::string first, second,
      third;        ///< of the first line: method, target, version or version, status, reason
  Headers headers;  ///< names in lower case
};

/// The whole head; `bytes` is one, as scan_head() measured it.
Head parse_head(std::string_view bytes);

/// The body of a chunked message; nothing when it is not complete yet or not well formed.
std::optional<std::string> decode_chunks(std::string_view bytes);

}  // namespace hookline::test
