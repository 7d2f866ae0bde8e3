#include "hookline/render/template.h"

#include <algorithm>

#include "builder.h"
#include "program.h"
#include "renderer.h"

namespace hookline::render {
namespace {

bool holds(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

}  // namespace

Template::Template() = default;
Template::Template(Template&&) noexcept = default;
Template& Template::operator=(Template&&) noexcept = default;
Template::~Template() = default;

tl::expected<Template, core::Fault> Template::compile(std::string_view text, Context context,
                                                      const Names& names, event::Variables& variables,
                                                      std::vector<core::Fault>& warnings,
                                                      const Options& options) {
  Builder builder(names, variables, warnings);
  std::size_t path_begin = 0;
  Compiled compiled;
  switch (context) {
    case Context::json_body:
      compiled = compile_body(text, builder);
      break;
    case Context::url:
      if (auto path = compile_url(text, options.literal, builder)) {
        path_begin = *path;
      } else {
        compiled = tl::unexpected(std::move(path.error()));
      }
      break;
    case Context::header:
      compiled = compile_header(text, options.literal, builder);
      break;
  }
  if (!compiled) return tl::unexpected(std::move(compiled.error()));
  auto program = builder.finish(context, options);
  program.path_begin = path_begin;
  Template result;
  result.program_ = std::make_unique<const Program>(std::move(program));
  return result;
}

core::Result<void> Template::render(const Scope& scope, std::string& out) const {
  return Renderer(*program_, scope, out).run();
}

bool Template::uses(std::string_view name) const {
  return holds(program_->used, name);
}
bool Template::needs(std::string_view name) const {
  return holds(program_->used_bare, name);
}
bool Template::uses_as_value(std::string_view name) const {
  return holds(program_->used_as_value, name);
}
bool Template::constant() const {
  return program_->ops.empty();
}

}  // namespace hookline::render
