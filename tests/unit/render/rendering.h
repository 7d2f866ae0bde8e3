// Renders templates in tests: one call from template text and event text to the result.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "hookline/event/reader.h"
#include "hookline/render/template.h"
#include "hookline/rule/expression.h"

namespace hookline::render::testing {

/// What a rendering starts from; every test changes what it is about.
struct Given {
  std::string event = R"({"event_type":"incident_triggered"})";
  event::Kind kind = event::Kind::incident;
  Context context = Context::json_body;
  Options options;
  std::vector<std::pair<std::string, std::string>> fields;  ///< computed: name, expression
  std::optional<std::string> key;
  std::vector<event::Header> headers;
  Scope scope{.webhook = "example",
              .delivery_id = "msg_example",
              .attempt = 1,
              .now = core::from_unix_ms(1772445847000)};
};

inline const event::AttributeTable& attributes() {
  static const event::AttributeTable table;
  return table;
}

/// The rendered text; "fault at N: …" if the template does not compile, "error: …" if it does not
/// render, "event: …" if the event is none.
inline std::string render(std::string_view text, const Given& given = {}) {
  event::Variables variables(attributes());
  Names names;
  std::vector<rule::Expression> expressions;
  for (const auto& [name, expression] : given.fields) {
    auto compiled = rule::Expression::compile(expression, variables);
    if (!compiled) return fmt::format("field {}: {}", name, compiled.error().what);
    names.fields.push_back(name);
    expressions.push_back(std::move(*compiled));
  }
  std::vector<core::Fault> warnings;
  auto program = Template::compile(text, given.context, names, variables, warnings, given.options);
  if (!program) return fmt::format("fault at {}: {}", program.error().at, program.error().what);

  const event::Reader reader(variables);
  event::Scratch scratch;
  const event::RecordView record{.topic = "events",
                                 .partition = 0,
                                 .offset = 1,
                                 .timestamp = core::from_unix_ms(1772445845000),
                                 .key = given.key,
                                 .value = given.event,
                                 .headers = given.headers,
                                 .padded = false};
  const auto event = reader.read(record, given.kind, scratch);
  if (!event) return "event: " + event.error().message;
  if (const auto valid = event::validate(*event, scratch); !valid) return "event: " + valid.error().message;
  rule::Arena arena;
  std::vector<rule::Outcome> outcomes;
  for (const auto& expression : expressions)
    outcomes.push_back(expression.evaluate(*event, arena));

  Scope scope = given.scope;
  scope.event = &*event;
  scope.fields = outcomes;
  std::string out;
  if (const auto done = program->render(scope, out); !done) return "error: " + done.error().message;
  return out;
}

/// The fault of a template that must not compile; `what` is empty if it does.
inline core::Fault fault_of(std::string_view text, Context context = Context::json_body) {
  event::Variables variables(attributes());
  std::vector<core::Fault> warnings;
  auto program = Template::compile(text, context, {}, variables, warnings);
  return program ? core::Fault{} : program.error();
}

/// The warnings of a template that must compile.
inline std::vector<core::Fault> warnings_of(std::string_view text, std::vector<std::string> fields = {}) {
  event::Variables variables(attributes());
  std::vector<core::Fault> warnings;
  const auto program = Template::compile(text, Context::json_body, {std::move(fields)}, variables, warnings);
  if (!program) return {core::Fault{0, 1, "does not compile: " + program.error().what, ""}};
  return warnings;
}

}  // namespace hookline::render::testing
