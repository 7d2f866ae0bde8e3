// The command line: finds the command, runs it, turns its end into an exit code.
#include <csignal>
#include <cstdio>

#include <fmt/format.h>

#include "command.h"

namespace {

using namespace hookline::cli;

// Every command, in the order of --help.
constexpr void (*commands[])(CLI::App&, Action&) = {
    add_demo, add_run, add_validate, add_render, add_test, add_sample, add_send, add_dead_letters, add_replay, add_topics, add_webhooks,
    add_status,
};

/// What the parser says; a word that it does not know comes first, because what it then misses is
/// only what that word was meant to be.
int explain(const CLI::App& app, const CLI::ParseError& error) {
  const auto unknown = app.remaining(true);
  if (error.get_exit_code() == 0 || unknown.empty()) return app.exit(error) == 0 ? exit_ok : exit_usage;
  std::string command = "hookline";
  for (const auto* at = &app; !at->get_subcommands().empty();) {
    at = at->get_subcommands().front();
    command += " " + at->get_name();
  }
  fmt::print(stderr, "{}: unknown {} '{}'; `{} --help` lists what there is\n", command,
             unknown.front().starts_with('-') ? "option" : "command or argument", unknown.front(), command);
  return exit_usage;
}

}  // namespace

int main(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a peer that hangs up is an error code, not the end
  CLI::App app("Hookline delivers Kafka events as webhooks and loses none.", "hookline");
  app.set_version_flag("--version", "hookline " HOOKLINE_VERSION);
  app.require_subcommand(1);
  Action chosen;
  for (const auto add : commands) add(app, chosen);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return explain(app, error);
  }
  return chosen();
}
