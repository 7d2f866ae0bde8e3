// Builds a Program front to back: literal text, then placeholders, in the order of the output. One
// per compilation.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "names.h"
#include "program.h"

namespace hookline::render {

class Builder {
 public:
  Builder(const Names& names, event::Variables& variables, std::vector<core::Fault>& warnings)
      : names_(names), variables_(variables), warnings_(warnings) {}

  void literal(std::string_view text) {
    program_.literals += text;
    pending_.size += static_cast<std::uint32_t>(text.size());
  }

  /// `fallback`: the default, spelled for `slot`. `in_member`: as (part of) a value of an object.
  void placeholder(const json::Path& path, Slot slot, std::optional<std::string_view> fallback,
                   bool in_member) {
    Op op{.before = pending_, .slot = slot, .source = {}, .fallback = std::nullopt};
    op.source = resolve(path, slot, names_, variables_, program_.reads);
    if (fallback) {
      op.fallback = Piece{static_cast<std::uint32_t>(program_.literals.size()),
                          static_cast<std::uint32_t>(fallback->size())};
      program_.literals += *fallback;
    }
    program_.ops.push_back(op);
    pending_ = Piece{static_cast<std::uint32_t>(program_.literals.size()), 0};
    if (path.segments.size() == 1) {
      program_.used.push_back(path.segments.front());
      if (!fallback) program_.used_bare.push_back(path.segments.front());
      if (in_member) program_.used_as_value.push_back(path.segments.front());
    }
  }

  void warn(std::size_t at, std::size_t length, std::string what, std::string remedy) {
    warnings_.push_back(core::Fault{at, length, std::move(what), std::move(remedy), true});
  }

  bool knows(std::string_view name) const { return is_known_name(name, names_, variables_); }

  /// Nothing but literal text so far.
  bool constant() const { return program_.ops.empty(); }

  Template::Program finish(Context context, const Options& options) {
    program_.context = context;
    program_.options = options;
    program_.options.literal = {};  // belongs to the text
    program_.after = pending_;
    return std::move(program_);
  }

 private:
  const Names& names_;
  event::Variables& variables_;
  std::vector<core::Fault>& warnings_;
  Template::Program program_;
  Piece pending_;
};

using Compiled = tl::expected<void, core::Fault>;

inline tl::unexpected<core::Fault> fault(std::size_t at, std::size_t length, std::string what,
                                         std::string remedy) {
  return tl::unexpected(core::Fault{at, length, std::move(what), std::move(remedy)});
}

// The three contexts: each reads its template text into the builder.
[[nodiscard]] Compiled compile_body(std::string_view text, Builder& builder);
/// Where secrets were inserted into a text.
using Literals = std::span<const config::Text::Literal>;
/// Returns where the path begins.
[[nodiscard]] tl::expected<std::size_t, core::Fault> compile_url(std::string_view text, Literals inserted,
                                                                 Builder& builder);
[[nodiscard]] Compiled compile_header(std::string_view text, Literals inserted, Builder& builder);

}  // namespace hookline::render
