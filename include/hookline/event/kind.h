// The four kinds of events: which topic family a record came from.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace hookline::event {

enum class Kind : std::uint8_t { alarm, audit, detection, incident };

inline constexpr std::array<Kind, 4> kinds{Kind::alarm, Kind::audit, Kind::detection, Kind::incident};

std::string_view name(Kind kind);
std::optional<Kind> parse_kind(std::string_view name);

}  // namespace hookline::event
