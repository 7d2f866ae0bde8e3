// What is remembered of an answer: the id of the item that a request created, at a path that the webhook
// names, and the text of the link that stands beside it. Pure; Capture is immutable and shared.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "hookline/json/path.h"
#include "hookline/json/scan.h"

namespace hookline::deliver {

struct Captured {
  std::string id;    ///< a string as it reads, a number as it is spelled
  std::string text;  ///< `text` beside the id, as in {"link": {"url": …, "text": …}}; empty: none
};

class Capture {
 public:
  explicit Capture(const json::Path& id);

  /// nullopt: the body is no JSON object, or holds neither a number nor a text that is not empty there. An id
  /// is at most 1,024 bytes.
  std::optional<Captured> from(std::string_view body) const;

 private:
  json::PathSet paths_;
  json::SlotId id_ = 0;
  json::SlotId text_ = 0;
};

}  // namespace hookline::deliver
