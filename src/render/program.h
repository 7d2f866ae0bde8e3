// What a template is compiled to: literal text and operations in the order of the output. Immutable
// once compiled; shared between threads.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hookline/event/names.h"
#include "hookline/render/template.h"
#include "placeholder.h"
#include "summary.h"

namespace hookline::render {

/// Where a placeholder's value comes from.
struct Source {
  enum class Of : std::uint8_t {
    variable,  ///< of the event: Source::variable
    field,     ///< computed: Source::field
    title,
    event,
    content_text,
    content_markdown,
    content_html,
    correlation_id,
    webhook,
    delivery_id,
    attempt,
    now,
    occurred_at,
    policy,
    count,
    window,
  };
  /// Hookline's names are variables too where the event's own field may stand in for them.
  static constexpr event::VariableId no_variable = ~event::VariableId{0};

  Of of = Of::variable;
  event::VariableId variable = no_variable;
  std::uint32_t field = 0;
  bool marked = false;  ///< title or message: what "[Test message] " goes before
  bool timed = false;   ///< the attribute `time`: the record's where the event has none
  /// The field of the document that has an attribute's name: tells a null from a missing one.
  event::VariableId shadow = no_variable;
};

/// A piece of the program's literals.
struct Piece {
  std::uint32_t at = 0;
  std::uint32_t size = 0;
};

struct Op {
  Piece before;  ///< literal text that goes out first
  Slot slot = Slot::text;
  Source source;
  std::optional<Piece> fallback;  ///< the default, spelled for its slot
};

struct Template::Program {
  Context context = Context::json_body;
  Options options;
  std::string literals;
  std::vector<Op> ops;
  Piece after;                 ///< literal text that goes out last
  std::size_t path_begin = 0;  ///< URL: offset of the path in the output (nothing before it is a placeholder)
  GeneratedReads reads;        ///< what $Title, $Event and the summaries read of the event
  std::vector<std::string> used;
  std::vector<std::string> used_bare;  ///< without a default
  std::vector<std::string> used_as_value;

  std::string_view text(Piece piece) const { return std::string_view(literals).substr(piece.at, piece.size); }
};

}  // namespace hookline::render
