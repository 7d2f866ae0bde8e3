// An expression and an event, brought together for a test: compile first, then read.
#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "hookline/event/reader.h"
#include "hookline/rule/expression.h"

namespace hookline::rule {

class Given {
 public:
  event::Variables& variables() { return variables_; }

  Expression compile(std::string_view text) {
    auto expression = Expression::compile(text, variables_);
    if (!expression) {
      throw std::invalid_argument(std::string(text) + ": " + expression.error().what + "; " +
                                  expression.error().remedy);
    }
    return std::move(*expression);
  }

  /// The event of this document, with all that has been compiled so far readable. Valid until the next.
  const event::Event& read(std::string_view json, event::Kind kind = event::Kind::alarm) {
    json_ = json;
    record_.value = json_;
    record_.topic = "security.alarms";
    reader_.emplace(variables_);
    auto event = reader_->read(record_, kind, scratch_);
    if (!event) throw std::invalid_argument(json_ + ": " + event.error().message);
    event_ = *event;
    return *event_;
  }

  event::RecordView& record() { return record_; }

 private:
  event::AttributeTable table_;
  event::Variables variables_{table_};
  std::optional<event::Reader> reader_;
  event::Scratch scratch_;
  event::RecordView record_;
  std::string json_;
  std::optional<event::Event> event_;
};

inline std::string show(const Outcome& outcome) {
  if (!outcome) return "error: " + std::string(outcome.error().what);
  std::string text;
  append_json(*outcome, text);
  return text;
}

/// The result as JSON text, "error: …", or "fault: …".
inline std::string evaluate(std::string_view expression, std::string_view json = "{}",
                            event::Kind kind = event::Kind::alarm) {
  Given given;
  const auto compiled = Expression::compile(expression, given.variables());
  if (!compiled) return "fault: " + compiled.error().what;
  Arena arena;
  return show(compiled->evaluate(given.read(json, kind), arena));
}

}  // namespace hookline::rule
