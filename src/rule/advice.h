// What people write who come from SQL, Python, JavaScript, shell or full CEL, and what to write
// instead. Tables only: parser and lexer ask, nothing else decides on them.
#pragma once

#include <string>
#include <string_view>

namespace hookline::rule {

struct Mistake {
  std::string_view written;
  std::string_view remedy;
};

/// An operator of another language at the front of `rest`; nullptr if there is none.
const Mistake* foreign_operator(std::string_view rest);

/// A word that stands where an operator belongs (`and`, `like`, `is` …); nullptr if unknown.
const Mistake* foreign_infix(std::string_view word);

/// A word that stands where a value belongs (`True`, `nil`, `not` …); nullptr if unknown.
const Mistake* foreign_value(std::string_view word);

/// Words that CEL keeps for itself: fields of that name are reached by `document.`.
bool is_reserved_word(std::string_view word);

/// What to write instead of an unknown function.
std::string function_remedy(std::string_view name);

}  // namespace hookline::rule
