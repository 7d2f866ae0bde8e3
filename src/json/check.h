// The full grammar of a document, in one walk over its tokens. No state.
#pragma once

#include <string_view>

#include "structure.h"

namespace hookline::json {

/// Is `text`, whose tokens are these, one JSON value (RFC 8259) of at most max_depth levels? Numbers
/// of any size pass, and so do escaped lone surrogates: both are grammatical.
Mistake check(std::string_view text, const Structure& tokens);

}  // namespace hookline::json
