// Payload templates: JSON text, URLs and header values with placeholders, compiled once and rendered
// per attempt. docs/templates.md is the handbook. Rendering cannot produce invalid JSON, a second
// header or another host: that is decided by where a placeholder stands, not by what it holds.
//
// Template is immutable and shared between threads. No I/O, no clock: time and attempt come in the
// Scope. Rendering costs what it writes: text of the event is copied as it is spelled there.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hookline/config/webhook.h"
#include "hookline/core/result.h"
#include "hookline/core/time.h"
#include "hookline/event/reader.h"
#include "hookline/rule/expression.h"

namespace hookline::render {

/// Where the text goes, which decides how values are escaped.
enum class Context : std::uint8_t { json_body, url, header };

/// What a rendering may use besides the event.
struct Scope {
  /// Has passed event::validate(): its values are copied, not checked again.
  const event::Event* event = nullptr;
  /// Values of the webhook's `fields`, in their order; an error counts as a missing value.
  std::span<const rule::Outcome> fields;
  std::string_view webhook;
  std::string_view delivery_id;
  std::uint32_t attempt = 1;
  core::WallTime now{};
  config::EventFormatting formatting = config::EventFormatting::none;
  bool test_message = false;  ///< puts "[Test message] " before title and message
  std::optional<std::string_view> correlation_id;
  std::optional<std::string_view> policy;
  std::optional<std::uint64_t> count;
  std::optional<core::Duration> window;
};

/// Names that a template may use beside those of events.
struct Names {
  std::vector<std::string> fields;  ///< the webhook's computed names, in order; they hide those of events
};

/// How a text is compiled, beside what it says itself.
struct Options {
  /// What the receiver of a body asks of the texts in it. URLs and headers take no notice.
  config::TextEscape escape = config::TextEscape::none;
  std::uint32_t max_text = 0;  ///< characters per inserted text, after escaping; 0: no limit
  /// Where secrets were inserted (config::Text::literal): nothing there is a placeholder.
  std::span<const config::Text::Literal> literal = {};
};

class Template {
 public:
  /// Compiles `text`. What it reads of events is added to `variables`. Faults that are warnings are
  /// appended to `warnings`. Error: the first fault (an unclosed `${`, payload text that is not JSON
  /// around its placeholders, a placeholder in a URL's scheme, host or port, …).
  [[nodiscard]] static tl::expected<Template, core::Fault> compile(std::string_view text, Context context,
                                                                   const Names& names,
                                                                   event::Variables& variables,
                                                                   std::vector<core::Fault>& warnings,
                                                                   const Options& options = {});
  Template(Template&&) noexcept;
  Template& operator=(Template&&) noexcept;
  ~Template();

  /// Appends the rendered text to `out`. Error: invalid, when a value may not stand there (a control
  /// character in a header, `..` as a segment of a URL's path); `out` then holds what came before.
  /// The delivery's dead letter has reason `render`.
  [[nodiscard]] core::Result<void> render(const Scope& scope, std::string& out) const;

  /// Uses `name` (e.g. "Title", "correlationId", "attempt") anywhere, outside or inside a text.
  bool uses(std::string_view name) const;
  /// Uses `name` at a place that gives it no default.
  bool needs(std::string_view name) const;
  /// Uses `name` as (part of) a value of a top-level or nested member of a JSON object payload.
  bool uses_as_value(std::string_view name) const;
  /// Holds no placeholder at all: render() always gives the same text.
  bool constant() const;

  struct Program;

 private:
  Template();
  std::unique_ptr<const Program> program_;
};

}  // namespace hookline::render
