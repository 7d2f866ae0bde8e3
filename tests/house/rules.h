// The rules of the house (docs/architecture.md) as functions: each takes the tree and returns one line for
// every breach, "path:line: what". Pure; any thread.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "house/tree.h"

namespace hookline::house {

using Breaches = std::vector<std::string>;

/// Which rooms' public headers a room may include, besides its own. The one place where this is written in
/// code.
const std::map<std::string, std::set<std::string>>& include_table();

/// Arrows between rooms only as in the table; src/ROOM/*.h only within ROOM; core's Asio header only where
/// an event loop is.
Breaches check_rooms(const Tree& tree);

/// An outside library is included by the room that owns it, and by no other.
Breaches check_libraries(const Tree& tree);

/// event, rule, render and settle do no I/O, start no thread, read no clock.
Breaches check_pure_rooms(const Tree& tree);

/// The rooms that CMakeLists.txt links a room to are those of the table.
Breaches check_link_table(const Tree& tree);

/// Every header opens with a comment and has #pragma once.
Breaches check_headers(const Tree& tree);

/// No source file has more than `limit` lines.
Breaches check_sizes(const Tree& tree, std::size_t limit);

/// No file holds a path of somebody's machine, or a note to do something later.
Breaches check_leftovers(const Tree& tree);

}  // namespace hookline::house
