#include "hookline/rule/expression.h"

#include <algorithm>
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
#include "program.h"
#include "utf8.h"

namespace hookline::rule {
namespace {

/// Gives every variable of the tree its id.
void bind(Tree& tree, event::Variables& variables) {
  for (Tree& child : tree.children)
    bind(child, variables);
  if (tree.op != Op::variable) return;
  tree.slot = variables.want(tree.path);
  tree.source = variables[tree.slot].source;
  tree.reserved = variables[tree.slot].reserved;
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
  constexpr std::size_t keep_count = 64;
  constexpr std::size_t keep_bytes = 64 << 10;
  for (std::size_t i = 0; i < most_used_.texts; ++i) {
    if (texts_[i]->capacity() > keep_bytes) std::string().swap(*texts_[i]);
  }
  for (std::size_t i = 0; i < most_used_.lists; ++i) {
    if (lists_[i]->capacity() * sizeof(Value) > keep_bytes) List().swap(*lists_[i]);
  }
  if (texts_.size() > keep_count) texts_.resize(keep_count);
  if (lists_.size() > keep_count) lists_.resize(keep_count);
  most_used_ = {0, 0};
  release(most_used_);
}

void Arena::release(Mark mark) {
  texts_used_ = mark.texts;
  lists_used_ = mark.lists;
}

std::string& Arena::text() {
  if (texts_used_ == texts_.size()) texts_.push_back(std::make_unique<std::string>());
  std::string& text = *texts_[texts_used_++];
  most_used_.texts = std::max(most_used_.texts, texts_used_);
  text.clear();
  return text;
}

List& Arena::list() {
  if (lists_used_ == lists_.size()) lists_.push_back(std::make_unique<List>());
  List& list = *lists_[lists_used_++];
  most_used_.lists = std::max(most_used_.lists, lists_used_);
  list.clear();
  return list;
}

Expression::Expression(std::unique_ptr<const Program> program) : program_(std::move(program)) {}
Expression::Expression(Expression&&) noexcept = default;
Expression& Expression::operator=(Expression&&) noexcept = default;
Expression::~Expression() = default;

tl::expected<Expression, core::Fault> Expression::read(std::string_view text, event::Variables& variables,
                                                       bool filter) {
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
  auto tree = Parser(std::move(*tokens), program->constants).parse();
  if (!tree) return Broken(tree.error());
  if (auto fault = Checker(program->constants).check(*tree)) return Broken(*fault);
  if (filter && !can_be_bool(tree->type)) {
    return Broken(core::Fault{tree->at, tree->length,
                              "a filter must be true or false; this is " + std::string(describe(tree->type)),
                              "compare it with something: x == \"a\", size(x) > 0"});
  }
  bind(*tree, variables);
  program->code.emplace(std::move(*tree));
  return Expression(std::move(program));
}

tl::expected<Expression, core::Fault> Expression::compile(std::string_view text,
                                                          event::Variables& variables) {
  return read(text, variables, false);
}

tl::expected<Expression, core::Fault> Expression::compile_filter(std::string_view text,
                                                                 event::Variables& variables) {
  return read(text, variables, true);
}

Outcome Expression::evaluate(const event::Event& event, Arena& arena) const {
  return Evaluation(&event, arena).value(program_->root());
}

bool Expression::matches(const event::Event& event, Arena& arena, std::optional<EvalError>* error) const {
  Evaluation evaluation(&event, arena);
  const Truth answer = evaluation.truth(program_->root());
  if (answer == Truth::error && error != nullptr) *error = evaluation.error();
  return answer == Truth::yes;
}

std::vector<Expression::Guard> Expression::guards() const {
  return guards_of(program_->root());
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
