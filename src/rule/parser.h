// Tokens -> tree, by CEL's grammar. Knows names and macros, but neither types nor events. After the
// first fault it stands on the end of the text, so that every loop and recursion ends by itself.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "functions.h"
#include "lexer.h"
#include "node.h"

namespace hookline::rule {

class Parser {
 public:
  /// `constants` takes the texts of literals and must outlive the tree.
  Parser(std::vector<Token> tokens, Arena& constants) : tokens_(std::move(tokens)), constants_(constants) {}

  /// The whole text as one tree; variables carry their path as written, not yet an id.
  [[nodiscard]] tl::expected<Node, core::Fault> parse();

 private:
  struct Level;  // one step down into the text, counted

  Node expression();
  Node disjunction();
  Node conjunction();
  Node relation();
  Node addition();
  Node unary();
  Node negative(const Token& minus);
  Node member();
  Node primary();
  Node literal();
  Node name();
  Node list();

  // `at`: where the whole member begins, brackets around its base included.
  Node dot(Node base, std::size_t at);
  Node bracket(Node base, std::size_t at);
  Node method(Node receiver, std::size_t at, const Token& name);
  Node global(const Token& name);
  Node has(const Token& name);
  Node macro(const Function& function, Node range, std::size_t at, const Token& name);
  Node network(const Token& name);
  std::vector<Node> arguments();

  Node make(Op op, std::size_t at, std::vector<Node> children);
  Node chain(Op op, Node (Parser::*next)(), Tok between);
  Node constant(const Token& token, Value value);
  /// The base of a select or index that is not part of a static path: an attribute's name would
  /// yield its text, where the field of that name is meant.
  void read_document(Node& base) const;

  const Token& peek() const { return tokens_[cursor_]; }
  bool take(Tok kind);
  bool expect(Tok kind, std::string_view spelled, const Token& opened);
  Node fail(const Token& token, std::string what, std::string remedy);
  Node fail_span(std::size_t at, std::size_t length, std::string what, std::string remedy);
  Node unexpected();
  void trailing();

  std::vector<Token> tokens_;
  Arena& constants_;
  std::size_t cursor_ = 0;
  std::size_t level_ = 0;
  std::vector<std::string> locals_;  // iteration variables in scope, the innermost last
  std::optional<core::Fault> fault_;
};

}  // namespace hookline::rule
