// What is wrong with a configuration, said once and with its remedy: file, line, column, what is
// wrong, what would be right. `validate` prints all of them, `run` refuses to start with the same
// words, the admin API turns them into problem documents. Any thread; no state.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "hookline/core/result.h"

namespace hookline::config {

/// A place in a file. Lines and columns count from 1; 0 means "not known".
struct Place {
  std::string file;  ///< as the user named it, relative to where the command ran if it was
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

/// Puts problems into the order of `files`, then of lines and columns. Those of one place keep theirs,
/// and those of other files come last.
void sort_problems(Problems& problems, const std::vector<std::string>& files);

/// "webhooks/pay.yaml:12:9: error: unknown key 'urls'; did you mean 'url'?"
std::string format(const Problem& problem);

/// A text that is compiled later (a filter, a payload), with the place where it was written, so that
/// a fault inside it can be told by line and column of the file.
///
/// Where a secret reference (`${env:NAME}`, `${file:PATH}`) stood, `value` holds what it stands for
/// and `literal` says where. Those bytes are data, whatever they look like: a compiler of
/// placeholders must copy them and never expand a `$` or `${` within, and nothing may print them.
/// Only texts that take references have any (URLs, headers, patterns); payloads, fields, filters and
/// criteria never do.
struct Text {
  /// `value[at, at + length)` was inserted; `written` columns of the file stand for it.
  struct Literal {
    std::size_t at = 0;
    std::size_t length = 0;
    std::size_t written = 0;

    bool operator==(const Literal&) const = default;
  };

  std::string value;
  Place place;             ///< where the first character of `value` stands, as far as the file's style tells
  std::size_t indent = 0;  ///< columns before each further line (block scalars)
  bool verbatim = false;   ///< false: escapes or folding; only the start is exact
  std::vector<Literal> literal;  ///< in ascending order, disjoint

  bool operator==(const Text& other) const { return value == other.value && literal == other.literal; }
};

/// The text with `***` where a secret reference inserted something: what may be shown.
std::string masked(const Text& text);

/// The problem that a fault within `text` is: `fault.at` counts bytes of `text.value`. What a
/// secret reference inserted is masked, should the fault's words repeat it.
Problem problem_in(const Text& text, const core::Fault& fault);

}  // namespace hookline::config
