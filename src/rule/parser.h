// Tokens -> tree, by CEL's grammar. Knows names and macros, but neither types nor events. After the
// first fault it stands on the end of the text, so that every loop and recursion ends by itself.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "functions.h"
#include "lexer.h"
#include "tree.h"

namespace hookline::rule {

class Parser {
 public:
  /// `constants` takes the texts of literals and must outlive the tree.
  Parser(std::vector<Token> tokens, Arena& constants) : tokens_(std::move(tokens)), constants_(constants) {}

  /// The whole text as one tree; variables carry their path as written, not yet an id.
  [[nodiscard]] tl::expected<Tree, core::Fault> parse();

 private:
  struct Level;  // one step down into the text, counted

  Tree expression();
  Tree disjunction();
  Tree conjunction();
  Tree relation();
  Tree addition();
  Tree unary();
  Tree negative(const Token& minus);
  Tree member();
  Tree primary();
  Tree literal();
  Tree name();
  Tree list();

  // `at`: where the whole member begins, brackets around its base included.
  Tree dot(Tree base, std::size_t at);
  Tree bracket(Tree base, std::size_t at);
  Tree method(Tree receiver, std::size_t at, const Token& name);
  Tree global(const Token& name);
  Tree has(const Token& name);
  Tree macro(const Function& function, Tree range, std::size_t at, const Token& name);
  Tree network(const Token& name);
  std::vector<Tree> arguments();

  Tree make(Op op, std::size_t at, std::vector<Tree> children);
  Tree chain(Op op, Tree (Parser::*next)(), Tok between);
  Tree constant(const Token& token, Value value);
  /// The base of a select or index that is not part of a static path: an attribute's name would
  /// yield its text, where the field of that name is meant.
  void read_document(Tree& base) const;

  const Token& peek() const { return tokens_[cursor_]; }
  bool take(Tok kind);
  bool expect(Tok kind, std::string_view spelled, const Token& opened);
  Tree fail(const Token& token, std::string what, std::string remedy);
  Tree fail_span(std::size_t at, std::size_t length, std::string what, std::string remedy);
  Tree unexpected();
  void trailing();

  std::vector<Token> tokens_;
  Arena& constants_;
  std::size_t cursor_ = 0;
  std::size_t level_ = 0;
  std::vector<std::string> locals_;  // iteration variables in scope, the innermost last
  std::optional<core::Fault> fault_;
};

}  // namespace hookline::rule
