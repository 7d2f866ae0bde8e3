// The command line: finds the command, runs it, turns its end into an exit code.
#include <csignal>
#include <cstdio>

#include "command.h"

namespace {

using namespace hookline::cli;

// Every command, in the order of --help.
constexpr void (*commands[])(CLI::App&, Action&) = {
    add_demo, add_run, add_validate, add_render, add_test, add_sample, add_send, add_dead_letters, add_topics,
};

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
    return app.exit(error) == 0 ? exit_ok : exit_usage;
  }
  return chosen();
}
