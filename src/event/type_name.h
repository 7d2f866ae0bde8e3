// The spelling of types. No state.
#pragma once

#include <string>
#include <string_view>

namespace hookline::event {

/// normalise_type into a buffer that is used again: `spelled` itself where it is normal already.
/// Empty if nothing is left.
std::string_view normalise_type(std::string_view spelled, std::string& buffer);

}  // namespace hookline::event
