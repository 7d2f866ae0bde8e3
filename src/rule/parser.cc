#include "parser.h"

#include <algorithm>
#include <utility>

#include "advice.h"

namespace hookline::rule {
namespace {

std::string quoted(std::string_view text) {
  return "'" + std::string(text) + "'";
}

void place(Tree& tree, std::size_t at, const Token& last) {
  tree.at = static_cast<std::uint32_t>(at);
  tree.length = static_cast<std::uint32_t>(last.at + last.length - at);
}

std::optional<Op> relational(const Token& token) {
  switch (token.kind) {
    case Tok::equal:
      return Op::equal;
    case Tok::not_equal:
      return Op::not_equal;
    case Tok::less:
      return Op::less;
    case Tok::less_equal:
      return Op::less_equal;
    case Tok::greater:
      return Op::greater;
    case Tok::greater_equal:
      return Op::greater_equal;
    case Tok::name:
      return token.text == "in" ? std::optional(Op::in) : std::nullopt;
    default:
      return std::nullopt;
  }
}

}  // namespace

struct Parser::Level {
  explicit Level(Parser& parser) : parser_(parser) {
    if (++parser_.level_ > max_nesting) {
      parser_.fail(parser_.peek(), "nested too deeply", "at most 100 levels: split the filter");
    }
  }
  ~Level() { --parser_.level_; }
  Level(const Level&) = delete;
  Level& operator=(const Level&) = delete;

 private:
  Parser& parser_;
};

tl::expected<Tree, core::Fault> Parser::parse() {
  if (peek().kind == Tok::end) {
    fail(peek(), "an empty expression", "leave the filter out, or write true");
  }
  Tree root = expression();
  if (!fault_ && peek().kind != Tok::end) trailing();
  if (fault_) return tl::unexpected<core::Fault>(*fault_);
  return root;
}

Tree Parser::expression() {
  const Level level(*this);
  if (fault_) return {};
  const std::size_t at = peek().at;
  Tree condition = disjunction();
  if (!take(Tok::question)) return condition;
  Tree yes = disjunction();
  if (!fault_ && !take(Tok::colon)) {
    return fail(peek(), "a '?' without ':'", "write condition ? a : b");
  }
  Tree no = expression();
  std::vector<Tree> children;
  children.push_back(std::move(condition));
  children.push_back(std::move(yes));
  children.push_back(std::move(no));
  return make(Op::conditional, at, std::move(children));
}

Tree Parser::chain(Op op, Tree (Parser::*next)(), Tok between) {
  const std::size_t at = peek().at;
  Tree first = (this->*next)();
  if (peek().kind != between) return first;
  std::vector<Tree> children;
  children.push_back(std::move(first));
  while (take(between))
    children.push_back((this->*next)());
  return make(op, at, std::move(children));
}

Tree Parser::disjunction() {
  return chain(Op::disjunction, &Parser::conjunction, Tok::either);
}

Tree Parser::conjunction() {
  return chain(Op::conjunction, &Parser::relation, Tok::both);
}

Tree Parser::relation() {
  const std::size_t at = peek().at;
  Tree left = addition();
  for (auto op = relational(peek()); op && !fault_; op = relational(peek())) {
    ++cursor_;
    std::vector<Tree> children;
    children.push_back(std::move(left));
    children.push_back(addition());
    left = make(*op, at, std::move(children));
  }
  return left;
}

Tree Parser::addition() {
  Tree sum = chain(Op::add, &Parser::unary, Tok::plus);
  if (peek().kind == Tok::minus) {
    return fail(peek(), "'-' is not an operator here",
                "the language adds (+) and compares; a field with such a name is written document[\"a-b\"]");
  }
  return sum;
}

Tree Parser::unary() {
  if (peek().kind != Tok::bang && peek().kind != Tok::minus) return member();
  const Level level(*this);
  if (fault_) return {};
  const Token& first = tokens_[cursor_++];
  if (first.kind == Tok::minus) return negative(first);
  std::vector<Tree> children;
  children.push_back(unary());
  return make(Op::negation, first.at, std::move(children));
}

Tree Parser::negative(const Token& minus) {
  const Token& token = peek();
  Value value;
  if (token.kind == Tok::floating) {
    value.data = -token.number;
  } else if (token.kind == Tok::integer && token.magnitude <= std::uint64_t{1} << 63) {
    value.data = static_cast<std::int64_t>(~token.magnitude + 1);
  } else if (token.kind == Tok::integer) {
    return fail(token, "a number out of range", "whole numbers go down to -9223372036854775808");
  } else {
    return fail(minus, "'-' in front of something that is no number", "the language has no subtraction");
  }
  ++cursor_;
  Tree tree = constant(token, value);
  place(tree, minus.at, token);
  return tree;
}

Tree Parser::member() {
  const std::size_t at = peek().at;
  Tree tree = primary();
  for (;;) {
    if (fault_) return tree;
    if (take(Tok::dot)) {
      tree = dot(std::move(tree), at);
    } else if (take(Tok::left_bracket)) {
      tree = bracket(std::move(tree), at);
    } else {
      return tree;
    }
  }
}

Tree Parser::dot(Tree base, std::size_t at) {
  const Token& token = peek();
  if (token.kind != Tok::name) {
    return fail(token, "no field name behind '.'", "write a.b, or a[\"b\"] for a name with other characters");
  }
  ++cursor_;
  if (peek().kind == Tok::left_paren) return method(std::move(base), at, token);
  if (token.text == "in" || token.text == "true" || token.text == "false" || token.text == "null") {
    return fail(token, quoted(token.text) + " is a word of the language", "write [\"" + token.text + "\"]");
  }
  if (base.op == Op::variable) {
    base.path.segments.push_back(token.text);
    place(base, at, token);
    return base;
  }
  std::vector<Tree> children;
  children.push_back(std::move(base));
  Tree tree = make(Op::select, at, std::move(children));
  tree.path.segments.push_back(token.text);
  return tree;
}

Tree Parser::bracket(Tree base, std::size_t at) {
  const Token opened = tokens_[cursor_ - 1];
  Tree key = expression();
  if (!expect(Tok::right_bracket, "]", opened)) return {};
  const Token& closed = tokens_[cursor_ - 1];
  if (base.op == Op::variable && key.op == Op::constant) {
    std::optional<std::string> segment;
    if (key.is_text()) segment = key.text();
    if (const auto* i = std::get_if<std::int64_t>(&key.constant.data); i && *i >= 0)
      segment = std::to_string(*i);
    if (const auto* u = std::get_if<std::uint64_t>(&key.constant.data)) segment = std::to_string(*u);
    if (segment) {
      base.path.segments.push_back(std::move(*segment));
      place(base, at, closed);
      return base;
    }
  }
  read_document(base);
  std::vector<Tree> children;
  children.push_back(std::move(base));
  children.push_back(std::move(key));
  return make(Op::index, at, std::move(children));
}

void Parser::read_document(Tree& base) const {
  if (base.op != Op::variable || base.path.segments.size() != 1) return;
  const std::string& name = base.path.segments[0];
  if (name != "document" && name != "headers")
    base.path.segments.insert(base.path.segments.begin(), "document");
}

Tree Parser::primary() {
  const Token& token = peek();
  switch (token.kind) {
    case Tok::name:
      return name();
    case Tok::left_bracket:
      return list();
    case Tok::left_paren: {
      ++cursor_;
      Tree inner = expression();
      expect(Tok::right_paren, ")", token);
      return inner;
    }
    case Tok::integer:
    case Tok::unsigned_integer:
    case Tok::floating:
    case Tok::text:
      return literal();
    default:
      return unexpected();
  }
}

Tree Parser::literal() {
  const Token& token = tokens_[cursor_++];
  switch (token.kind) {
    case Tok::text: {
      std::string& kept = constants_.text();
      kept = token.text;
      return constant(token, {std::string_view(kept)});
    }
    case Tok::unsigned_integer:
      return constant(token, {token.magnitude});
    case Tok::floating:
      return constant(token, {token.number});
    default:
      break;
  }
  if (token.magnitude > static_cast<std::uint64_t>(INT64_MAX)) {
    return fail(token, "a number out of range", "whole numbers go up to 9223372036854775807");
  }
  return constant(token, {static_cast<std::int64_t>(token.magnitude)});
}

Tree Parser::name() {
  const Token& token = tokens_[cursor_++];
  if (token.text == "true" || token.text == "false") return constant(token, {token.text == "true"});
  if (token.text == "null") return constant(token, {nullptr});
  if (token.text == "in") return fail(token, "'in' without a value before it", "write x in [\"a\", \"b\"]");

  if (peek().kind == Tok::left_paren) return global(token);
  Tree tree = make(Op::variable, token.at, {});
  const auto local = std::find(locals_.rbegin(), locals_.rend(), token.text);
  if (local != locals_.rend()) {
    tree.op = Op::local;
    tree.slot = static_cast<std::uint32_t>(locals_.rend() - local - 1);
    return tree;
  }
  if (const Mistake* mistake = foreign_value(token.text)) {
    return fail(token, quoted(token.text) + " is not part of the language",
                std::string(mistake->remedy) + "; a field of that name is document." + token.text);
  }
  if (is_reserved_word(token.text)) {
    return fail(token, quoted(token.text) + " is a reserved word",
                "a field of that name is written document." + token.text);
  }
  tree.path.segments.push_back(token.text);
  return tree;
}

Tree Parser::list() {
  const Token& opened = tokens_[cursor_++];
  std::vector<Tree> elements;
  while (!fault_ && peek().kind != Tok::right_bracket) {
    elements.push_back(expression());
    if (!take(Tok::comma)) break;
  }
  if (!expect(Tok::right_bracket, "]", opened)) return {};
  if (elements.size() > max_elements) {
    return fail(opened, "a list of more than 1000 elements",
                "put the values into the event, or split the webhook");
  }
  return make(Op::list, opened.at, std::move(elements));
}

Tree Parser::make(Op op, std::size_t at, std::vector<Tree> children) {
  Tree tree;
  tree.op = op;
  if (!fault_ && cursor_ > 0) place(tree, at, tokens_[cursor_ - 1]);
  for (const Tree& child : children)
    tree.height = std::max(tree.height, child.height + 1);
  tree.children = std::move(children);
  if (tree.height > max_nesting) {
    return fail_span(tree.at, tree.length, "nested too deeply", "at most 100 levels: split the filter");
  }
  return tree;
}

Tree Parser::constant(const Token& token, Value value) {
  Tree tree = make(Op::constant, token.at, {});
  place(tree, token.at, token);
  tree.constant = value;
  return tree;
}

bool Parser::take(Tok kind) {
  if (fault_ || peek().kind != kind) return false;
  ++cursor_;
  return true;
}

bool Parser::expect(Tok kind, std::string_view spelled, const Token& opened) {
  if (take(kind)) return true;
  if (fault_) return false;
  if (peek().kind == Tok::end) {
    fail(opened, "a bracket that is never closed", "close it with " + quoted(spelled));
  } else {
    trailing();
  }
  return false;
}

Tree Parser::fail(const Token& token, std::string what, std::string remedy) {
  return fail_span(token.at, token.length, std::move(what), std::move(remedy));
}

Tree Parser::fail_span(std::size_t at, std::size_t length, std::string what, std::string remedy) {
  if (!fault_) fault_ = core::Fault{at, std::max<std::size_t>(length, 1), std::move(what), std::move(remedy)};
  cursor_ = tokens_.size() - 1;
  return {};
}

}  // namespace hookline::rule
