// The body of a request that asks for something to be done: a JSON object with keys that the route knows,
// all that is wrong with it told at once. One request each.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hookline/config/problem.h"
#include "hookline/json/tree.h"
#include "http.h"

namespace hookline::admin {

/// 422 with the errors of `problems`, each with its pointer (behind `below`) and remedy.
HttpAnswer mistakes(const config::Problems& problems, std::string_view below = {});
/// The same for one that is told as an error; without a place its text is all.
HttpAnswer mistake(const core::Error& error);

class Order {
 public:
  /// An empty body is an empty object.
  Order(const std::string& body, const std::vector<std::string_view>& known);

  bool has(const char* key) const { return tree_.contains(key); }
  const json::Tree& operator[](const char* key) const { return tree_.at(key); }
  /// Empty if it is not there.
  std::string text(const char* key);
  std::optional<std::int64_t> number(const char* key, std::int64_t least, std::int64_t most, const json::Tree* in = nullptr,
                                     const std::string& at = {});
  void mistake(std::string pointer, std::string what, std::string remedy);

  /// What is wrong; nullopt: nothing so far.
  std::optional<HttpAnswer> refusal() const;

 private:
  json::Tree tree_ = json::Tree::object();
  std::optional<HttpAnswer> unreadable_;
  config::Problems problems_;
};

}  // namespace hookline::admin
