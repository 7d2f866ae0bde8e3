#include "hookline/event/kind.h"

namespace hookline::event {

std::string_view name(Kind kind) {
  switch (kind) {
    case Kind::alarm:
      return "alarm";
    case Kind::audit:
      return "audit";
    case Kind::detection:
      return "detection";
    case Kind::incident:
      return "incident";
  }
  return "alarm";
}

std::optional<Kind> parse_kind(std::string_view text) {
  for (const Kind kind : kinds) {
    if (name(kind) == text) return kind;
  }
  return std::nullopt;
}

}  // namespace hookline::event
