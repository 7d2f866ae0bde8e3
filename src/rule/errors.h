// The closed set of evaluation errors: what `failed` filters, `render --explain` and the handbook
// call them. One table, so that a text is never spelled twice.
#pragma once

#include <string_view>

namespace hookline::rule::error {

inline constexpr std::string_view no_such_field = "no such field";
inline constexpr std::string_view no_overload = "no matching overload";
inline constexpr std::string_view overflow = "integer overflow";
inline constexpr std::string_view out_of_bounds = "index out of bounds";
inline constexpr std::string_view no_address = "not an IP address";
inline constexpr std::string_view no_network = "not a CIDR";
inline constexpr std::string_view bad_pattern = "invalid regular expression";
inline constexpr std::string_view malformed = "malformed document";
inline constexpr std::string_view too_deep = "document nested too deeply";
inline constexpr std::string_view limit = "evaluation limit exceeded";
inline constexpr std::string_view not_bool = "not a bool";

}  // namespace hookline::rule::error
