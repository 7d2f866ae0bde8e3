// hookline validate: everything that `run` would load.
#include <algorithm>

#include <fmt/format.h>

#include "command.h"
#include "hookline/core/units.h"
#include "hookline/json/tree.h"

namespace hookline::cli {
namespace {

struct ValidateOptions {
  std::string config;
  bool json = false;
};

int validate(const ValidateOptions& options) {
  const auto loaded = load(options.config);
  const auto& configuration = loaded.configuration;
  const auto errors = std::count_if(configuration.problems.begin(), configuration.problems.end(),
                                    [](const config::Problem& p) { return !p.warning; });
  const auto warnings = static_cast<std::ptrdiff_t>(configuration.problems.size()) - errors;
  if (options.json) {
    json::Tree problems = json::Tree::array();
    for (const auto& p : configuration.problems) {
      problems.push_back({{"severity", p.warning ? "warning" : "error"}, {"file", p.place.file}, {"line", p.place.line},
                          {"column", p.place.column}, {"pointer", p.place.pointer}, {"what", p.what}, {"remedy", p.remedy}});
    }
    const json::Tree out{{"valid", errors == 0}, {"problems", problems}};
    fmt::print("{}\n", out.dump(2, ' ', false, json::Tree::error_handler_t::replace));
  } else {
    for (const auto& problem : configuration.problems) fmt::print(stderr, "{}\n", config::format(problem));
    fmt::print("{}: {}, {}; {}, {}\n", errors == 0 ? "valid" : "not valid", core::counted(configuration.webhooks.size(), "webhook"),
               core::counted(configuration.policies.size(), "policy", "policies"), core::counted(errors, "error"), core::counted(warnings, "warning"));
  }
  return errors == 0 ? exit_ok : exit_config;
}

}  // namespace

void add_validate(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<ValidateOptions>();
  auto* command = app.add_subcommand("validate", "Checks everything that `run` would load; exit code 3 if anything is wrong");
  add_config_option(*command, options->config);
  command->add_flag("--json", options->json, "Print JSON");
  command->callback([options, &chosen] { chosen = [options] { return validate(*options); }; });
}

}  // namespace hookline::cli
