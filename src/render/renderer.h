// One rendering of a program: fetches the value of each placeholder and writes it as its slot wants
// it. Lives for one call of Template::render().
#pragma once

#include <string>
#include <string_view>

#include "hookline/core/result.h"
#include "hookline/json/scan.h"
#include "hookline/render/template.h"
#include "program.h"

namespace hookline::render {

class Renderer {
 public:
  Renderer(const Template::Program& program, const Scope& scope, std::string& out)
      : program_(program), scope_(scope), out_(out) {}

  [[nodiscard]] core::Result<void> run();

 private:
  /// The rules of a receiver that a text follows already.
  using Escaped = std::optional<config::TextEscape>;

  /// What a placeholder stands for. Texts of the event keep their JSON spelling, so that they can be
  /// copied; texts of Hookline's own are plain.
  struct Found {
    json::Value value;
    bool plain = false;    ///< a string whose `raw` is the text itself, without JSON escapes
    bool compact = false;  ///< white space goes out of an object even where it stands alone
    Escaped escaped = std::nullopt;
  };

  // Fetching: from a source to a value. Views live in the event, the scope, or text_.
  Found fetch(const Source& source);
  Found fetch_own(const Source& source);
  Found fetch_variable(const Source& source);
  Found fetch_field(std::uint32_t field);
  Found fetch_event();
  Found fetch_content(const Source& source, Markup markup, Escaped escaped);
  Found fetch_summary(Markup markup, Escaped escaped);
  Found text(std::string_view plain) const;
  Found number(std::uint64_t number);

  // Writing: from a value to the output.
  [[nodiscard]] core::Result<void> write(const Op& op);
  void write_text(const Found& found, bool marked);
  void write_value(const Found& found, bool marked);
  [[nodiscard]] core::Result<void> write_line(const Found& found, Slot slot, bool marked);
  void append_content(const Found& found);
  std::string_view plain(const Found& found);
  bool is_plain_copy(const Found& found) const;
  [[nodiscard]] core::Result<void> check_path(std::size_t begin) const;

  const Template::Program& program_;
  const Scope& scope_;
  std::string& out_;
  std::string text_;   ///< what a fetch had to write
  std::string plain_;  ///< what a write had to decode
};

}  // namespace hookline::render
