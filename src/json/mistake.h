// What is wrong with a text, as this room's files tell each other: a constant and a place, so that
// hostile input costs no allocation until an error leaves the room. No state.
#pragma once

#include <cstddef>
#include <string_view>

#include "hookline/core/result.h"

namespace hookline::json {

struct [[nodiscard]] Mistake {
  std::string_view what;  ///< empty: all is well
  std::size_t at = 0;     ///< byte offset into the text
  core::ErrorCode code = core::ErrorCode::invalid;
  std::string_view verdict = "not JSON";

  explicit operator bool() const { return !what.empty(); }
};

/// "VERDICT: WHAT at byte AT".
core::Error to_error(const Mistake& mistake);

}  // namespace hookline::json
