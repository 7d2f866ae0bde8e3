// The parser's second half: calls and macros, and what to say where the grammar breaks.
#include <utility>

#include "advice.h"
#include "parser.h"

namespace hookline::rule {
namespace {

using Form = Function::Form;

std::string quoted(std::string_view text) {
  return "'" + std::string(text) + "'";
}

}  // namespace

std::vector<Tree> Parser::arguments() {
  const Token opened = tokens_[cursor_++];
  std::vector<Tree> list;
  while (!fault_ && peek().kind != Tok::right_paren) {
    list.push_back(expression());
    if (!take(Tok::comma)) break;
  }
  expect(Tok::right_paren, ")", opened);
  return list;
}

Tree Parser::method(Tree receiver, std::size_t at, const Token& name) {
  const Function* function = find_function(name.text);
  if (function == nullptr)
    return fail(name, "unknown function " + quoted(name.text), function_remedy(name.text));
  if (function->form == Form::macro) return macro(*function, std::move(receiver), at, name);
  if (function->form == Form::has || function->form == Form::network || function->op == Op::contains_ip) {
    return fail(name, quoted(name.text) + " is not called on a value",
                "write " + std::string(function->usage));
  }
  std::vector<Tree> operands;
  operands.push_back(std::move(receiver));
  for (Tree& argument : arguments())
    operands.push_back(std::move(argument));
  if (!fault_ && operands.size() != function->operands) {
    return fail(name, "wrong number of arguments for " + quoted(name.text),
                "write " + std::string(function->usage));
  }
  return make(function->op, at, std::move(operands));
}

Tree Parser::global(const Token& name) {
  const Function* function = find_function(name.text);
  if (function == nullptr)
    return fail(name, "unknown function " + quoted(name.text), function_remedy(name.text));
  if (function->form == Form::has) return has(name);
  if (function->form == Form::network) return network(name);
  if (function->form != Form::method_or_global) {
    return fail(name, quoted(name.text) + " is called on a value", "write " + std::string(function->usage));
  }
  std::vector<Tree> operands = arguments();
  if (!fault_ && operands.size() != function->operands) {
    return fail(name, "wrong number of arguments for " + quoted(name.text),
                "write " + std::string(function->usage));
  }
  return make(function->op, name.at, std::move(operands));
}

Tree Parser::has(const Token& name) {
  std::vector<Tree> operands = arguments();
  if (fault_) return {};
  const bool field =
      operands.size() == 1 && (operands[0].op == Op::select || operands[0].op == Op::index ||
                               (operands[0].op == Op::variable && operands[0].path.segments.size() > 1));
  if (!field) {
    return fail(name, "has() asks for a field of something",
                "write has(a.b), has(document.x) for a top-level field, x != null for an attribute");
  }
  return make(Op::has, name.at, std::move(operands));
}

Tree Parser::macro(const Function& function, Tree range, std::size_t at, const Token& name) {
  const Token opened = tokens_[cursor_++];
  const std::string usage = "write " + std::string(function.usage);
  const Token& variable = peek();
  const bool word = variable.kind == Tok::name && variable.text != "in" && variable.text != "true" &&
                    variable.text != "false" && variable.text != "null";
  if (!word) return fail(name, quoted(name.text) + " needs a name for the element", usage);
  ++cursor_;
  if (!take(Tok::comma)) return fail(name, quoted(name.text) + " needs a condition on the element", usage);
  if (locals_.size() == max_macros) {
    return fail(name, "macros nested too deeply", "at most 8 exists() and all() within each other");
  }

  const auto slot = static_cast<std::uint32_t>(locals_.size());
  locals_.push_back(variable.text);
  Tree predicate = expression();
  locals_.pop_back();
  if (!expect(Tok::right_paren, ")", opened)) return {};

  std::vector<Tree> children;
  children.push_back(std::move(range));
  children.push_back(std::move(predicate));
  Tree tree = make(function.op, at, std::move(children));
  tree.slot = slot;
  return tree;
}

Tree Parser::network(const Token& name) {
  const std::string usage = "write " + std::string(find_function(name.text)->usage);
  std::vector<Tree> operands = arguments();
  if (fault_) return {};
  if (operands.size() != 1) return fail(name, "wrong number of arguments for 'cidr'", usage);
  if (!take(Tok::dot) || peek().kind != Tok::name || peek().text != "containsIP" ||
      tokens_[cursor_ + 1].kind != Tok::left_paren) {
    return fail(name, "'cidr' is no value of its own", usage);
  }
  ++cursor_;
  for (Tree& argument : arguments())
    operands.push_back(std::move(argument));
  if (!fault_ && operands.size() != 2) return fail(name, "wrong number of arguments for 'containsIP'", usage);
  return make(Op::contains_ip, name.at, std::move(operands));
}

/// Where a value should begin and something else stands.
Tree Parser::unexpected() {
  const Token& token = peek();
  switch (token.kind) {
    case Tok::end:
      return fail(cursor_ > 0 ? tokens_[cursor_ - 1] : token, "the expression ends where a value is missing",
                  "complete it, or remove the last operator");
    case Tok::dot:
      return fail(token, "a name cannot begin with '.'", "a top-level field is written document.x");
    case Tok::right_paren:
    case Tok::right_bracket:
      return fail(token, "a closing bracket where a value is missing", "");
    default:
      return fail(token, "an operator where a value is missing", "each operator stands between two values");
  }
}

/// Where an operator or the end should stand and something else does.
void Parser::trailing() {
  const Token& token = peek();
  switch (token.kind) {
    case Tok::name:
      if (const Mistake* mistake = foreign_infix(token.text)) {
        fail(token, quoted(token.text) + " is not an operator", std::string(mistake->remedy));
      } else {
        fail(token, quoted(token.text) + " follows without an operator", "join conditions with && or ||");
      }
      return;
    case Tok::text:
      fail(token, "a text follows without an operator", "compare with ==, join with &&");
      return;
    case Tok::integer:
    case Tok::unsigned_integer:
    case Tok::floating:
      fail(token, "a number follows without an operator", "compare with ==, join with &&");
      return;
    case Tok::bang:
      fail(token, "'!' behind a value", "write !(x in [\"a\"]), or x != y");
      return;
    case Tok::right_paren:
    case Tok::right_bracket:
      fail(token, "a closing bracket that was never opened", "");
      return;
    case Tok::comma:
      fail(token, "a comma outside of a list or call", "join conditions with && or ||");
      return;
    case Tok::colon:
      fail(token, "a ':' without '?'", "write condition ? a : b");
      return;
    default:
      fail(token, "an operator that does not belong here", "");
      return;
  }
}

}  // namespace hookline::rule
