// The texts that Hookline makes of an event: `contentText`, `contentMarkdown`, `contentHTML`, and the
// Jira description behind `$Event`. Pure: event in, text out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "hookline/event/names.h"
#include "hookline/render/template.h"

namespace hookline::render {

/// `slack` is Slack's own dialect of markdown.
enum class Markup : std::uint8_t { text, markdown, slack, html };

/// What the generated texts read, wanted at compile time.
struct GeneratedReads {
  struct Event {
    event::VariableId message, document;
    std::vector<event::VariableId> jira;  ///< by rows of the Jira table
  };
  struct Summary {
    event::VariableId title, message, description, or_description;
    std::vector<event::VariableId> facts;  ///< by rows of the facts table, each with its alternatives
  };
  std::optional<Event> event;
  std::optional<Summary> summary;

  void want_event(event::Variables& variables);
  void want_summary(event::Variables& variables);
};

/// `$Title`, without the mark of a test message. A view of the catalogue or of `buffer`.
std::string_view title_of(const event::Event& event, std::string& buffer);

/// Title, headline, message, description and the facts that the event has, in the given markup; event data is
/// escaped for it.
void append_summary(const GeneratedReads::Summary& reads, const Scope& scope, Markup markup,
                    std::string& out);

/// A markdown description with the metadata of a detection or a detection group.
void append_jira_description(const GeneratedReads::Event& reads, const Scope& scope, std::string& out);

/// The text of a value of the event: strings decoded, anything else as compact JSON. Absent and null:
/// nothing.
void append_plain(const json::Value& value, std::string& out);

/// What marks a test message before its title and its message.
inline constexpr std::string_view test_mark = "[Test message] ";

}  // namespace hookline::render
