// The query of a request's target, checked: only names that the route knows, each once, each in its bounds.
// Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hookline/core/result.h"
#include "hookline/core/time.h"

namespace hookline::admin {

/// Percent-encoding undone; nullopt: it is broken.
std::optional<std::string> percent_decoded(std::string_view text, bool plus_is_space);

class Query {
 public:
  /// Error: invalid, a name that is not one of `known`, or stands twice, or broken encoding.
  [[nodiscard]] static core::Result<Query> parse(std::string_view text, const std::vector<std::string_view>& known);

  /// nullopt: it is not there. Error: invalid, it is empty or has more than `most` characters.
  [[nodiscard]] core::Result<std::optional<std::string>> text(std::string_view name, std::size_t most) const;
  /// Errors: invalid, with the bounds.
  [[nodiscard]] core::Result<std::optional<std::int64_t>> number(std::string_view name, std::int64_t least, std::int64_t most) const;
  /// One of `words`. Error: invalid.
  [[nodiscard]] core::Result<std::optional<std::string>> word(std::string_view name, const std::vector<std::string_view>& words) const;
  /// RFC 3339, or an age. Error: invalid.
  [[nodiscard]] core::Result<std::optional<core::WallTime>> moment(std::string_view name, core::WallTime now) const;

 private:
  std::optional<std::string> raw(std::string_view name) const;

  std::map<std::string, std::string, std::less<>> values_;
};

}  // namespace hookline::admin
