// The catalogue of event types: what each is called, which kind publishes it, and a sample of its
// shape. Open: any other name is accepted, this table only knows more about its own.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "hookline/event/kind.h"

namespace hookline::event {

struct TypeInfo {
  std::string_view name;  ///< snake case
  Kind kind;
  std::string_view title;  ///< `$Title`; what the words of the name say, or what the product calls it
  std::string_view about;  ///< one line for people
};

/// All types of the catalogue, grouped by kind.
std::span<const TypeInfo> catalogue();
const TypeInfo* find_type(std::string_view name);

/// `$Title`: the catalogue's, else the words of the type in upper case.
std::string title_of(std::string_view type);

/// A sample event of a type of the catalogue, as JSON text on one line. nullopt: not in the catalogue.
std::optional<std::string> sample(std::string_view type);

/// Does `pattern` (a type, a glob with `*`, or a kind's name) take this type of this kind?
bool pattern_matches(std::string_view pattern, Kind kind, std::string_view type);

}  // namespace hookline::event
