// Where a page of a topic's records ended, as a text of digits that a client gives back: for each partition the
// offset from which on records have been handed out. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "hookline/kafka/log_reader.h"

namespace hookline::admin {

/// "12-0-7": partitions 0, 1, 2 of one topic.
std::string cursor_of(const kafka::ReadBackTo& position);
/// nullopt: it is none.
std::optional<kafka::ReadBackTo> parse_cursor(std::string_view text, const std::string& topic);

}  // namespace hookline::admin
