// What the commands share: how they enter the command line, how they load the configuration, how they
// end. Exit codes: 0 done, 1 failed at run time, 2 bad command line, 3 bad configuration.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>

#include "hookline/config/load.h"
#include "hookline/engine/definitions.h"

namespace hookline::cli {

inline constexpr int exit_ok = 0;
inline constexpr int exit_failed = 1;
inline constexpr int exit_usage = 2;
inline constexpr int exit_config = 3;

/// For options that choose: an empty one (a variable of the shell that is not set) would choose everything.
inline std::string not_empty(const std::string& text) { return text.empty() ? "is empty: leave it out, or say which" : std::string(); }

/// What the chosen command does; set by its subcommand's callback, run by main().
using Action = std::function<int()>;

// One function per command, each in its own file: adds the subcommand and sets `chosen` when it is.
void add_demo(CLI::App& app, Action& chosen);
void add_run(CLI::App& app, Action& chosen);
void add_validate(CLI::App& app, Action& chosen);
void add_render(CLI::App& app, Action& chosen);
void add_test(CLI::App& app, Action& chosen);
void add_sample(CLI::App& app, Action& chosen);
void add_send(CLI::App& app, Action& chosen);
void add_dead_letters(CLI::App& app, Action& chosen);
void add_replay(CLI::App& app, Action& chosen);
void add_topics(CLI::App& app, Action& chosen);
void add_webhooks(CLI::App& app, Action& chosen);
void add_status(CLI::App& app, Action& chosen);

/// The configuration with its compiled definitions.
struct Loaded {
  config::Configuration configuration;
  std::shared_ptr<const engine::Definitions> definitions;
};

/// Loads and compiles; `problems` of both are in configuration.problems.
Loaded load(const std::string& file);

/// Loads for a command that needs all of it: prints every problem to stderr and gives nullopt if one
/// is an error (the command then ends with exit_config).
std::optional<Loaded> load_or_explain(const std::string& file);

/// Loads for a command that only talks to Kafka: faults of webhooks do not matter to it.
std::optional<config::Settings> load_settings(const std::string& file);

/// Adds the option --config FILE, required.
void add_config_option(CLI::App& command, std::string& file);

/// Prints "hookline: WHAT" to stderr; returns exit_failed.
int fail(const std::string& what);

/// Is stdout a terminal that takes colours (NO_COLOR unset)?
bool has_colour();

}  // namespace hookline::cli
