// Headers of a record as users see them: Hookline's own (`hookline.*`) on a source record are not
// there, and of several with one name the first counts. No state.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "hookline/event/record.h"

namespace hookline::event {

/// nullptr if there is no such header, or it is not visible.
const Header* find_header(std::span<const Header> headers, std::string_view name);

/// Appends all visible headers as a JSON object; a header without value is null.
void append_headers(std::span<const Header> headers, std::string& out);

}  // namespace hookline::event
