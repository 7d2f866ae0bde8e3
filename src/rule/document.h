// Looking into an object or array of the event's document without parsing it whole: a Cursor steps
// over its members and elements as views of the source. What lies deeper is only skipped, so the
// text may turn out broken there; nothing here reads outside of it. One thread; stepping allocates nothing.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "hookline/json/scan.h"
#include "hookline/rule/expression.h"

namespace hookline::rule {

class Cursor {
 public:
  /// Over the object or array `container`.
  explicit Cursor(const json::Value& container);

  /// Steps to the next member or element. False: there is none, or the text is broken there.
  bool next();
  bool malformed() const { return malformed_; }

  /// The present member's key, escapes untouched; objects only.
  std::string_view key() const { return key_; }
  const json::Value& value() const { return value_; }
  /// Bytes that the last step walked over.
  std::size_t walked() const { return walked_; }

 private:
  bool finish();
  bool broken();
  void skip_blanks();
  bool take_string(std::string_view& raw);
  bool take_value();
  bool take_container();

  std::string_view text_;
  std::size_t at_ = 0;
  bool object_ = false;
  bool started_ = false;
  bool malformed_ = false;
  std::size_t walked_ = 0;
  std::string_view key_;
  json::Value value_;
};

struct Member {
  std::string_view key;  ///< escapes resolved
  json::Value value;
};

/// The members of an object sorted by key, of duplicate keys the first alone; keys with escapes go
/// to the arena. nullopt: malformed.
std::optional<std::vector<Member>> members_of(const json::Value& object, Arena& arena);

/// Does the raw JSON string (escapes untouched) spell `text`? Allocates only if it has escapes and
/// could.
bool spells(std::string_view raw, std::string_view text);

/// A JSON number: int where it is spelled as a whole number and fits 64 bits, else double (infinite
/// where no double is that large). nullopt: not a number by JSON's grammar.
std::optional<Value> parse_number(std::string_view raw);

}  // namespace hookline::rule
