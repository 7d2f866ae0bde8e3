#include "hookline/rule/expression.h"

#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "check.h"
#include "errors.h"
#include "evaluate.h"
#include "guards.h"
#include "hookline/json/write.h"
#include "lexer.h"
#include "parser.h"
#include "utf8.h"

namespace hookline::rule {
namespace {

/// Gives every variable of the tree its id.
void bind(Node& node, event::Variables& variables) {
  for (Node& child : node.children)
    bind(child, variables);
  if (node.op != Op::variable) return;
  node.variable = variables.want(node.path);
  node.source = variables[node.variable].source;
  node.reserved = variables[node.variable].reserved;
}

void append_double(double number, std::string& out) {
  fmt::format_to(std::back_inserter(out), "{}", number);
}

void append_json_value(const Value& value, std::string& out);

struct JsonWriter {
  std::string& out;

  void operator()(std::nullptr_t) const { out += "null"; }
  void operator()(bool value) const { out += value ? "true" : "false"; }
  void operator()(std::int64_t value) const { out += std::to_string(value); }
  void operator()(std::uint64_t value) const { out += std::to_string(value); }
  void operator()(double value) const {
    if (std::isfinite(value)) {
      append_double(value, out);
    } else {
      out += "null";  // JSON has no word for it
    }
  }
  void operator()(std::string_view value) const { json::append_quoted(value, out); }
  void operator()(const List* list) const {
    out += '[';
    for (std::size_t i = 0; i < list->size(); ++i) {
      if (i > 0) out += ',';
      append_json_value((*list)[i], out);
    }
    out += ']';
  }
  void operator()(const json::Value& value) const { json::append_compact(value.raw, out); }
};

void append_json_value(const Value& value, std::string& out) {
  std::visit(JsonWriter{out}, value.data);
}

}  // namespace

void Arena::clear() {
  constexpr std::size_t keep_texts = 64;
  constexpr std::size_t keep_bytes = 64 << 10;
  release({0, 0});
  if (texts_.size() > keep_texts) texts_.resize(keep_texts);
  if (lists_.size() > keep_texts) lists_.resize(keep_texts);
  for (std::string& text : texts_) {
    if (text.capacity() > keep_bytes) std::string().swap(text);
  }
  for (List& list : lists_) {
    if (list.capacity() * sizeof(Value) > keep_bytes) List().swap(list);
  }
}

void Arena::release(Mark mark) {
  texts_used_ = mark.texts;
  lists_used_ = mark.lists;
}

std::string& Arena::text() {
  if (texts_used_ == texts_.size()) texts_.emplace_back();
  std::string& text = texts_[texts_used_++];
  text.clear();
  return text;
}

List& Arena::list() {
  if (lists_used_ == lists_.size()) lists_.emplace_back();
  List& list = lists_[lists_used_++];
  list.clear();
  return list;
}

Expression::Expression(std::unique_ptr<const Program> program) : program_(std::move(program)) {}
Expression::Expression(Expression&&) noexcept = default;
Expression& Expression::operator=(Expression&&) noexcept = default;
Expression::~Expression() = default;

tl::expected<std::unique_ptr<Expression::Program>, core::Fault> Expression::read(std::string_view text) {
  using Broken = tl::unexpected<core::Fault>;
  if (text.size() > max_text) {
    return Broken(
        core::Fault{max_text, 1, "longer than 8 KiB", "split the webhook, or give the events an attribute"});
  }
  if (const std::size_t at = find_invalid_utf8(text); at != std::string_view::npos) {
    return Broken(core::Fault{at, 1, "not UTF-8", "save the file as UTF-8"});
  }
  auto program = std::make_unique<Program>();
  program->text = text;
  auto tokens = tokenize(program->text);
  if (!tokens) return Broken(tokens.error());
  auto root = Parser(std::move(*tokens), program->constants).parse();
  if (!root) return Broken(root.error());
  program->root = std::move(*root);
  if (auto fault = Checker(program->constants).check(program->root)) return Broken(*fault);
  return program;
}

tl::expected<Expression, core::Fault> Expression::compile(std::string_view text,
                                                          event::Variables& variables) {
  auto program = read(text);
  if (!program) return tl::unexpected<core::Fault>(program.error());
  bind((*program)->root, variables);
  return Expression(std::move(*program));
}

tl::expected<Expression, core::Fault> Expression::compile_filter(std::string_view text,
                                                                 event::Variables& variables) {
  auto program = read(text);
  if (!program) return tl::unexpected<core::Fault>(program.error());
  const Node& root = (*program)->root;
  if (!can_be_bool(root.type)) {
    return tl::unexpected<core::Fault>(core::Fault{
        root.at, root.length, "a filter must be true or false; this is " + std::string(describe(root.type)),
        "compare it with something: x == \"a\", size(x) > 0"});
  }
  bind((*program)->root, variables);
  return Expression(std::move(*program));
}

Outcome Expression::evaluate(const event::Event& event, Arena& arena) const {
  return Evaluation(&event, arena).value(program_->root);
}

bool Expression::matches(const event::Event& event, Arena& arena, std::optional<EvalError>* error) const {
  Evaluation evaluation(&event, arena);
  const Truth answer = evaluation.truth(program_->root);
  if (answer == Truth::error && error != nullptr) *error = evaluation.error();
  return answer == Truth::yes;
}

std::vector<Expression::Guard> Expression::guards() const {
  return guards_of(program_->root);
}

const std::string& Expression::text() const {
  return program_->text;
}

void append_json(const Value& value, std::string& out) {
  append_json_value(value, out);
}

void append_text(const Value& value, std::string& out) {
  if (const auto* text = std::get_if<std::string_view>(&value.data)) {
    out += *text;
  } else if (const auto* number = std::get_if<double>(&value.data)) {
    append_double(*number, out);
  } else {
    append_json_value(value, out);
  }
}

}  // namespace hookline::rule
