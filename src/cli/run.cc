// hookline run: the service.
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <utility>

#include <fmt/format.h>

#include "command.h"
#include "create_topics.h"
#include "hookline/admin/server.h"
#include "hookline/core/log.h"
#include "hookline/engine/engine.h"

namespace hookline::cli {
namespace {

struct RunOptions {
  std::string config;
  bool create_topics = false;
  std::string log_level = "info";
};

/// The signals that the service answers to, taken one at a time by the main thread: blocked before any
/// other thread starts, so that no handler ever runs.
class Signals {
 public:
  Signals() {
    sigemptyset(&set_);
    for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&set_, signal);
    pthread_sigmask(SIG_BLOCK, &set_, nullptr);
  }
  /// The next one, or 0 after the wait.
  int next(long milliseconds) const {
    const timespec wait{milliseconds / 1000, milliseconds % 1000 * 1'000'000};
    const int signal = sigtimedwait(&set_, nullptr, &wait);
    return signal > 0 ? signal : 0;
  }

 private:
  sigset_t set_;
};

bool ends(int signal) { return signal == SIGTERM || signal == SIGINT; }

/// SIGHUP: a good new configuration takes effect, a bad one changes nothing.
void reload(const RunOptions& options, engine::Engine& engine) {
  auto loaded = load(options.config);
  const auto& problems = loaded.configuration.problems;
  for (const auto& problem : problems) {
    problem.warning ? core::log::warn("{}", config::format(problem)) : core::log::error("{}", config::format(problem));
  }
  if (config::has_errors(problems)) {
    return core::log::error("reload: the configuration has errors; the one in force stays");
  }
  engine.adopt(std::move(loaded.configuration));
  core::log::info("reload: {} webhooks in force (settings outside of webhooks, policies, templates and attributes need a restart)",
                  engine.definitions()->webhooks().size());
}

int serve(const RunOptions& options) {
  core::log::set_level(options.log_level);
  const Signals signals;
  auto loaded = load_or_explain(options.config);
  if (!loaded) return exit_config;
  const auto& settings = loaded->configuration.settings;

  engine::Engine engine(loaded->configuration);
  auto server = admin::Server::listen(settings.admin, engine);
  if (!server) return fail(server.error().message);
  core::log::info("hookline " HOOKLINE_VERSION ": admin API on http://{}:{}", settings.admin.address, (*server)->port());

  int signal = 0;
  bool reload_asked = false;
  const auto keep_trying = [&] {
    signal = signals.next(1);
    reload_asked = reload_asked || signal == SIGHUP;
    return !ends(signal);
  };
  if (options.create_topics) {
    if (auto made = create_topics(settings, {}); !made) return fail(made.error().message);
  }
  if (auto started = engine.start(keep_trying); !started) {
    return ends(signal) ? exit_ok : fail(started.error().message);
  }
  std::string failure;
  while (!ends(signal) && failure.empty()) {
    signal = signals.next(200);
    if (signal == SIGHUP || std::exchange(reload_asked, false)) reload(options, engine);
    engine.watch();
    failure = engine.failure();
  }
  core::log::info("stopping: finishing what is in flight, at most {} s", settings.shutdown_grace / std::chrono::seconds(1));
  if (!engine.stop()) {
    core::log::error("a worker did not come to an end in time; leaving. What was not committed is delivered again");
    std::_Exit(exit_failed);
  }
  core::log::info("stopped");
  return failure.empty() ? exit_ok : fail(failure);
}

}  // namespace

void add_run(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<RunOptions>();
  auto* command = app.add_subcommand("run", "The service: consumes, matches, delivers, commits");
  command->footer("SIGTERM or SIGINT: finish what is in flight, commit, leave, exit 0. SIGHUP: reload the files.");
  add_config_option(*command, options->config);
  command->add_flag("--create-topics", options->create_topics, "First create what is missing of Hookline's own topics");
  command->add_option("--log-level", options->log_level, "debug, info, warn or error")
      ->check(CLI::IsMember({"debug", "info", "warn", "error"}));
  command->callback([options, &chosen] { chosen = [options] { return serve(*options); }; });
}

}  // namespace hookline::cli
