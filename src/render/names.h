// What a placeholder's name means. In this order: `Title` and `Event`; the webhook's computed fields;
// Hookline's other names; then event::Variables (reserved names, attributes, top-level fields). A path
// of several segments always reads the event. No state.
#pragma once

#include <string_view>

#include "program.h"

namespace hookline::render {

/// Resolves `path` for `slot`; what it reads of the event is added to `variables` and `reads`.
Source resolve(const json::Path& path, Slot slot, const Names& names, event::Variables& variables,
               GeneratedReads& reads);

/// Is this a name that means something by itself, whatever fields an event has?
bool is_known_name(std::string_view name, const Names& names, const event::Variables& variables);

}  // namespace hookline::render
