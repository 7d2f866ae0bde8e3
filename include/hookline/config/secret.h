// A value that goes in and never comes out: every way of printing it gives "***". Any thread.
#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

namespace hookline::config {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string value) : value_(std::move(value)) {}

  /// The value itself, for the one place that needs it (a header on the wire, a key).
  const std::string& reveal() const { return value_; }
  bool empty() const { return value_.empty(); }
  bool operator==(const Secret&) const = default;

 private:
  std::string value_;
};

inline constexpr std::string_view mask = "***";

}  // namespace hookline::config

template <>
struct fmt::formatter<hookline::config::Secret> : fmt::formatter<std::string_view> {
  auto format(const hookline::config::Secret&, fmt::format_context& context) const {
    return fmt::formatter<std::string_view>::format(hookline::config::mask, context);
  }
};
