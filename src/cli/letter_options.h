// The options by which people choose among dead letters: the same in `dead-letters list` and `replay`, in words
// and effect those of a replay's JSON.
#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "command.h"
#include "hookline/json/tree.h"

namespace hookline::cli {

struct LetterOptions {
  std::string webhook, endpoint, failure, key, since, until, where;
  std::vector<std::string> reasons, ids;
  int status = 0;
  CLI::Option* key_option = nullptr;  ///< the empty key is one, too

  /// Members of a replay request (engine::parse_replay).
  json::Tree to_json() const;
};

void add_letter_options(CLI::App& command, LetterOptions& options);

/// `dead-letters replay`.
void add_dead_letters_replay(CLI::App& group, Action& chosen);

}  // namespace hookline::cli
