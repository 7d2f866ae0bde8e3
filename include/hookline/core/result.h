// Errors as values. Every fallible function of Hookline returns Result<T> and is [[nodiscard]];
// exceptions do not cross a room. Any thread; no state.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

namespace hookline::core {

/// What went wrong, from a closed set: code decides, text explains.
enum class ErrorCode {
  invalid,      ///< input that breaks its grammar or its schema
  not_found,    ///< a name, file or topic that does not exist
  unavailable,  ///< a peer that cannot be reached or does not answer; worth trying again
  timeout,      ///< a deadline passed
  refused,      ///< a policy or a permission says no
  too_large,    ///< over a stated limit
  internal,     ///< a library failed in a way that should not happen
};

/// Lower-case name of a code, for logs and JSON.
std::string_view name(ErrorCode code);

struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string message;  ///< one line for the operator: what, where, and the remedy if there is one
  std::string at = {};  ///< JSON pointer to what is wrong in the request that was made; empty: not in one member of it
};

template <class T>
using Result = tl::expected<T, Error>;

inline tl::unexpected<Error> fail(ErrorCode code, std::string message, std::string at = {}) {
  return tl::unexpected<Error>(Error{code, std::move(message), std::move(at)});
}

/// A mistake in a text that a user wrote (a filter, a template): where, what, and what would be right.
struct Fault {
  std::size_t at = 0;      ///< byte offset into the text
  std::size_t length = 1;  ///< bytes concerned, at least 1
  std::string what;        ///< e.g. "unknown function 'sizeof'"
  std::string remedy;      ///< e.g. "use size(x)"; may be empty
  bool warning = false;    ///< legal, but probably not what was meant
};

}  // namespace hookline::core
