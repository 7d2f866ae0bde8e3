// Secret references in a text: `${env:NAME}` and `${file:PATH}`, each replaced once by what it names.
// No state.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hookline/config/load.h"
#include "node.h"

namespace hookline::config {

inline constexpr std::size_t max_secret_bytes = 64 << 10;

/// Does `text` hold the beginning of a reference?
bool has_reference(std::string_view text);

/// Is `text` nothing else than references, behind a word as in "Bearer ${env:TOKEN}"?
bool only_references(std::string_view text);

/// The JSON Schema pattern of a text that holds one.
inline constexpr std::string_view reference_pattern = R"(\$\{(env|file):[^}]+\})";

/// What a text with references stands for. `literal` tells where in `value` they were replaced.
struct Expanded {
  std::string value;
  std::vector<Text::Literal> literal;
};

/// Replaces the references of a scalar; paths are relative to the file of `node`. Everything that is
/// missing is reported at `node`'s place by name, and then there is no value.
std::optional<Expanded> expand(const Node& node, const SecretSource& secrets, Problems& problems);

/// `path` against the folder of the file that `node` stands in, absolute.
std::filesystem::path absolute_path(const Node& node, const std::string& path);

}  // namespace hookline::config
