// What is wrong with a configuration, said once and with its remedy: file, line, column, what is
// wrong, what would be right. `validate` prints all of them, `run` refuses to start with the same
// words, the admin API turns them into problem documents. Any thread; no state.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "hookline/core/result.h"

namespace hookline::config {

/// A place in a file. Lines and columns count from 1; 0 means "not known".
struct Place {
  std::string file;     ///< as the user named it, relative to where the command ran if it was
  std::size_t line = 0;
  std::size_t column = 0;
  std::string pointer;  ///< JSON pointer within the document, e.g. "/endpoints/0/url"

  bool operator==(const Place&) const = default;
};

struct Problem {
  Place place;
  std::string what;
  std::string remedy;
  bool warning = false;
};

using Problems = std::vector<Problem>;

bool has_errors(const Problems& problems);

/// "webhooks/pay.yaml:12:9: error: unknown key 'urls'; did you mean 'url'?"
std::string format(const Problem& problem);

/// A text that is compiled later (a filter, a payload), with the place where it was written, so that
/// a fault inside it can be told by line and column of the file.
struct Text {
  std::string value;
  Place place;  ///< where the first character of `value` stands, as far as the file's style tells
  std::size_t indent = 0;      ///< columns before each further line (block scalars)
  bool verbatim = false;       ///< false: escapes or folding; only the start is exact

  bool operator==(const Text& other) const { return value == other.value; }
};

/// The problem that a fault within `text` is.
Problem problem_in(const Text& text, const core::Fault& fault);

}  // namespace hookline::config
