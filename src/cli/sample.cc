// hookline sample: what events look like.
#include <fmt/format.h>

#include "command.h"
#include "hookline/event/catalogue.h"
#include "hookline/json/tree.h"

namespace hookline::cli {
namespace {

struct SampleOptions {
  std::string type;
  bool json = false;
};

int list(bool as_json) {
  json::Tree out = json::Tree::array();
  std::optional<event::Kind> kind;
  for (const auto& type : event::catalogue()) {
    if (as_json) {
      out.push_back({{"type", type.name}, {"kind", event::name(type.kind)}, {"title", event::title_of(type.name)}, {"about", type.about}});
      continue;
    }
    if (kind != type.kind) fmt::print("{}{}:\n", kind ? "\n" : "", event::name(type.kind));
    kind = type.kind;
    fmt::print("  {:<44} {}\n", type.name, type.about);
  }
  if (as_json) fmt::print("{}\n", out.dump(2));
  return exit_ok;
}

int sample(const SampleOptions& options) {
  if (options.type.empty()) return list(options.json);
  const auto text = event::sample(options.type);
  if (!text) return fail(fmt::format("no sample of '{}': `hookline sample` lists the types", options.type));
  const auto tree = json::parse_tree(*text);
  fmt::print("{}\n", options.json || !tree ? *text : tree->dump(2));
  return exit_ok;
}

}  // namespace

void add_sample(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<SampleOptions>();
  auto* command = app.add_subcommand("sample", "Lists event types, or prints a sample event of one");
  command->add_option("type", options->type, "An event type, e.g. incident_triggered");
  command->add_flag("--json", options->json, "The list as JSON; a sample on one line, as `send` takes it");
  command->callback([options, &chosen] { chosen = [options] { return sample(*options); }; });
}

}  // namespace hookline::cli
