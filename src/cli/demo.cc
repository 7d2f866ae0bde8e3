// hookline demo: the main job with nothing installed. An embedded Kafka, a local receiver, sample
// events of all four kinds, deliveries shown live; one endpoint is sick, its delivery ends in the
// dead-letter topic and goes out again when the endpoint is well.
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <thread>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "command.h"
#include "demo_receiver.h"
#include "event_input.h"
#include "hookline/admin/server.h"
#include "hookline/core/crypto.h"
#include "hookline/core/log.h"
#include "hookline/engine/engine.h"
#include "hookline/engine/replay.h"
#include "hookline/engine/replay_journal.h"
#include "hookline/engine/trial.h"
#include "hookline/event/catalogue.h"
#include "hookline/kafka/admin.h"
#include "hookline/kafka/embedded_cluster.h"
#include "hookline/kafka/producer.h"
#include "hookline/settle/dead_letter.h"

namespace hookline::cli {
namespace {

using namespace std::chrono_literals;

struct DemoOptions {
  bool exit = false;
  int port = 8080;
};

constexpr auto patience = 30s;
constexpr int partitions = 4;
constexpr std::string_view sick_path = "/pager";

// What the show publishes, in this order.
constexpr const char* show_types[] = {"high_severity_alarm", "processing_finished", "audit_event_login", "user_locked",
                                      "detection_created",   "story_created",       "incident_triggered", "incident_resolved"};

std::string configuration_of(const std::string& brokers, int admin) {
  return fmt::format(R"(# What `hookline demo` runs with.
kafka:
  bootstrap.servers: "{0}"
  group.id: hookline-demo
  session.timeout.ms: 6000
workers: 1                     # the embedded cluster is slow to seat a second member of a group
topics:
  alarm: [security.alarms]
  audit: [security.audit]
  detection: [security.detections]
  incident: [ops.incidents]
webhooks: [webhooks.yaml]
admin:
  listen: 127.0.0.1:{1}
egress:
  allow: [public, 127.0.0.0/8]   # a real chat, and receivers on this machine
shutdown: {{grace: 5s}}
)", brokers, admin);
}

std::string webhooks_of(std::uint16_t receiver) {
  return fmt::format(R"(name: team-chat
description: What the team should see, in its chat
events: [alarm, incident]
filter: severity in ["high", "critical"] || kind == "incident"
template: slack
endpoints: [{{url: "http://127.0.0.1:{0}/chat"}}]
---
name: audit-trail
description: Every audit event, as it came
events: [audit]
endpoints: [{{url: "http://127.0.0.1:{0}/audit"}}]
---
name: detections
description: Detections, not stories
events: ["detection_*"]
template: basic
endpoints: [{{url: "http://127.0.0.1:{0}/detections"}}]
---
name: payments-pager
description: Wakes somebody when payments are down. Its endpoint is sick at first
events: [incident_triggered]
filter: service == "card-payments"
payload: '{{"title": "$Title", "text": "$Event", "incident": "$id"}}'
endpoints: [{{url: "http://127.0.0.1:{0}{1}"}}]
retry: {{schedule: [200ms, 400ms], on: transient}}
)", receiver, sick_path);
}

/// Secrets of webhooks that are made in the demo are sealed as they would be; its key goes with the process.
void make_secret_key() {
  if (std::getenv("HOOKLINE_SECRET_KEY_FILE") != nullptr) return;
  std::string key;
  std::random_device random;
  while (key.size() < 32) key += static_cast<char>(random() & 0xff);
  ::setenv("HOOKLINE_SECRET_KEY", core::base64(key).c_str(), 0);
}

/// Aligned lines, in colour on a terminal. Any thread.
class Screen {
 public:
  void line(std::string_view label, std::string_view colour, std::string_view text) {
    const std::lock_guard lock(mutex_);
    const auto now = core::format_rfc3339(core::read_clock().wall).substr(11, 12);
    fmt::print("{}{}{}  {}{:<9}{} {}\n", code("2"), now, code("0"), code(colour), label, code("0"), text);
    std::fflush(stdout);
  }
  void heading(std::string_view text) {
    const std::lock_guard lock(mutex_);
    fmt::print("\n{}{}{}\n", code("1"), text, code("0"));
    std::fflush(stdout);
  }
  void plain(std::string_view text) {
    const std::lock_guard lock(mutex_);
    fmt::print("{}\n", text);
    std::fflush(stdout);
  }

 private:
  std::string code(std::string_view number) const { return colour_ ? fmt::format("\x1b[{}m", number) : std::string(); }
  const bool colour_ = has_colour();
  std::mutex mutex_;
};

constexpr std::string_view green = "32", red = "31", yellow = "33", blue = "36";

/// What the receiver got, by delivery id.
class Received {
 public:
  void add(const ReceivedRequest& request) {
    const std::lock_guard lock(mutex_);
    if (request.answered == 200) ++accepted_[request.delivery_id];
  }
  std::size_t accepted() const {
    const std::lock_guard lock(mutex_);
    return accepted_.size();
  }
  bool each_once() const {
    const std::lock_guard lock(mutex_);
    return std::all_of(accepted_.begin(), accepted_.end(), [](const auto& entry) { return entry.second == 1; });
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, int> accepted_;
};

/// A folder that goes when the demo goes.
class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "hookline-demo-XXXXXX").string();
    if (const char* made = ::mkdtemp(pattern.data())) path_ = made;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

bool wait_until(const std::function<bool()>& fact) {
  const auto deadline = core::read_clock().mono + patience;
  while (!fact()) {
    if (core::read_clock().mono > deadline) return false;
    std::this_thread::sleep_for(10ms);
  }
  return true;
}

class Demo {
 public:
  explicit Demo(const DemoOptions& options) : options_(options) {}

  int run() {
    core::log::set_level("error");
    if (auto done = set_up(); !done) return fail(done.error().message);
    const bool good = show();
    if (!options_.exit) stay();
    server_.reset();
    const bool stopped = engine_->stop();
    if (!stopped) std::_Exit(exit_failed);
    if (options_.exit) screen_.line(good ? "done" : "FAILED", good ? green : red, good ? "every step did what it should" : "see above");
    return good || !options_.exit ? exit_ok : exit_failed;
  }

 private:
  core::Result<void> set_up() {
    auto cluster = kafka::EmbeddedCluster::start();
    if (!cluster) return tl::unexpected(cluster.error());
    cluster_ = std::move(*cluster);
    for (const char* topic : {"security.alarms", "security.audit", "security.detections", "ops.incidents"}) {
      if (auto made = cluster_->create_topic(topic, partitions); !made) return made;
    }
    auto receiver = DemoReceiver::start([this](const ReceivedRequest& request) { on_request(request); });
    if (!receiver) return tl::unexpected(receiver.error());
    receiver_ = std::move(*receiver);
    receiver_->set_sick(std::string(sick_path), true);
    return start_engine();
  }

  core::Result<void> start_engine() {
    make_secret_key();
    file_ = (folder_.path() / "hookline.yaml").string();
    std::ofstream(folder_.path() / "webhooks.yaml") << webhooks_of(receiver_->port());
    std::ofstream(file_) << configuration_of(cluster_->bootstrap_servers(), options_.port);
    loaded_ = load(file_);
    for (const auto& problem : loaded_.configuration.problems) {
      if (!problem.warning) return core::fail(core::ErrorCode::internal, config::format(problem));
    }
    config::Settings& settings = loaded_.configuration.settings;
    if (auto made = cluster_->create_topics(kafka::own_topics(settings, partitions, 1)); !made) return made;
    engine_ = std::make_unique<engine::Engine>(loaded_.configuration);
    auto server = admin::Server::listen(settings.admin, *engine_);
    if (!server) {  // the usual port is taken: any other does
      settings.admin.port = 0;
      server = admin::Server::listen(settings.admin, *engine_);
    }
    if (!server) return tl::unexpected(server.error());
    server_ = std::move(*server);
    return engine_->start([] { return true; });
  }

  void on_request(const ReceivedRequest& request) {
    received_.add(request);
    const bool good = request.answered == 200;
    screen_.line(good ? "delivered" : "refused", good ? green : yellow,
                 fmt::format("{:<22} {}  {:>5} bytes  {}", request.path, request.answered, request.body.size(), request.delivery_id));
  }

  bool show() {
    screen_.heading("Hookline demo: an embedded Kafka, four webhooks, one sick receiver");
    screen_.plain(fmt::format("  Kafka      {}   (any client can publish to it)", cluster_->bootstrap_servers()));
    screen_.plain(fmt::format("  web UI     http://127.0.0.1:{}/", server_->port()));
    screen_.plain(fmt::format("  receiver   http://127.0.0.1:{}/   (takes whatever is sent there)", receiver_->port()));
    screen_.plain(fmt::format("  config     {}", file_));
    return step("Ready: the group has answered", [this] { return wait_until([this] { return engine_->readiness().ready; }); }) &&
           step("Events come in, and what they match goes out", [this] { return publish_and_deliver(); }) &&
           step("What the sick receiver refused ends on the dead-letter topic", [this] { return find_dead_letter(); }) &&
           step("The receiver is well again: its dead letter goes out, with the same id", [this] { return replay(); }) &&
           step("Everything is committed", [this] { return wait_until([this] { return all_committed(); }); });
  }

  bool step(std::string_view title, const std::function<bool()>& action) {
    screen_.heading(title);
    const bool good = action();
    if (!good) screen_.line("FAILED", red, title);
    return good;
  }

  bool publish_and_deliver() {
    auto producer = kafka::Producer::open(kafka::producer_properties(engine_->settings()));
    if (!producer) return false;
    const auto acknowledged = std::make_shared<std::atomic<std::size_t>>(0);
    const auto sink = std::make_shared<const kafka::ReportSink>([acknowledged](std::vector<kafka::ProduceReport>&& reports) {
      for (const auto& report : reports) *acknowledged += report.error ? 0 : 1;
    });
    std::size_t expected = 0;
    for (const char* type : show_types) {
      const auto text = event::sample(type);
      const auto* info = event::find_type(type);
      if (!text || !info) return false;
      std::vector<std::string> matched;
      for (const auto& webhook : loaded_.definitions->webhooks()) {
        const auto match = engine::try_match(*loaded_.definitions, webhook, record_of("demo", *text, core::read_clock().wall), info->kind);
        if (match && match->matched()) matched.push_back(webhook.name);
      }
      // The sick receiver's share arrives later, by replay.
      expected += matched.size() - static_cast<std::size_t>(std::count(matched.begin(), matched.end(), "payments-pager"));
      screen_.line("event", blue, fmt::format("{:<9} {:<22} matches {}", event::name(info->kind), type,
                                              matched.empty() ? "nothing" : fmt::format("{}", fmt::join(matched, ", "))));
      const auto& topic = engine_->settings().topics.sources[static_cast<std::size_t>(info->kind)].front();
      (*producer)->produce({.topic = topic, .key = type, .value = *text}, 0, sink);
      std::this_thread::sleep_for(120ms);  // for the eye: deliveries show between their events
    }
    expected_ = expected;
    return wait_until([&] { return *acknowledged == std::size(show_types) && received_.accepted() == expected; });
  }

  bool find_dead_letter() {
    return wait_until([this] {
      const auto done = kafka::read_topic(kafka::client_properties(engine_->settings()), "hookline.dead-letters", std::nullopt, 2s,
                                          [this](kafka::OwnedRecord&& record) {
                                            letter_ = settle::parse_dead_letter(record.headers);
                                            return !letter_;
                                          });
      if (!done || !letter_) return false;
      screen_.line("dead", red, fmt::format("{:<22} {}  {}  {}", letter_->webhook, settle::name(letter_->reason), letter_->error, letter_->delivery_id));
      return true;
    });
  }

  /// As `dead-letters replay` does it: back into the pipeline, with the same id; and no second time.
  bool replay() {
    receiver_->set_sick(std::string(sick_path), false);
    auto producer = kafka::Producer::open(kafka::producer_properties(engine_->settings()));
    if (!producer) return false;
    const auto ground = [&] {
      return engine::ReplayGround{engine_->settings(), engine_->status().cluster_id, engine_->definitions(), producer->get(),
                                  engine::new_replay_id(), core::read_clock().wall};
    };
    engine::Replay replay({}, ground());
    const auto survey = replay.survey();
    if (!survey || survey->chosen != 1) return false;
    const auto outcome = replay.run({.watch = {}, .say = {}, .dry = {}});
    if (!outcome || outcome->counts.sent != 1) return false;
    screen_.line("replayed", blue, fmt::format("{:<22} {}", letter_->webhook, letter_->delivery_id));
    if (!wait_until([this] { return received_.accepted() == expected_ + 1; }) || !received_.each_once()) return false;
    const auto again = engine::Replay({}, ground()).survey();
    return again && again->chosen == 0 && again->replayed == 1;
  }

  bool all_committed() {
    const auto status = engine_->status();
    std::int64_t records = 0;
    for (const auto& worker : status.workers) {
      for (const auto& p : worker.partitions) {
        if (p.open > 0 || (p.end && p.committed < *p.end)) return false;
        records += p.committed;
      }
    }
    if (records < static_cast<std::int64_t>(std::size(show_types))) return false;
    screen_.line("committed", green, fmt::format("{} records: {} delivered, 1 dead-lettered and replayed, the rest matched nothing", records, expected_));
    return true;
  }

  void stay() {
    screen_.heading("Still running: open the web UI, make a webhook, and publish something");
    screen_.plain(fmt::format("  http://127.0.0.1:{}/    New webhook, Slack, URL http://127.0.0.1:{}/my-channel, or one of a Slack of yours", server_->port(), receiver_->port()));
    screen_.plain(fmt::format("  hookline sample incident_triggered --json | hookline send --config {} --kind incident", file_));
    screen_.plain("  Ctrl-C ends it.");
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    int signal = 0;
    sigwait(&set, &signal);
    screen_.plain("");
  }

  const DemoOptions options_;
  Screen screen_;
  Received received_;
  TemporaryFolder folder_;
  std::string file_;
  std::unique_ptr<kafka::EmbeddedCluster> cluster_;
  std::unique_ptr<DemoReceiver> receiver_;
  Loaded loaded_;
  std::unique_ptr<engine::Engine> engine_;
  std::unique_ptr<admin::Server> server_;
  std::size_t expected_ = 0;
  std::optional<settle::ParsedDeadLetter> letter_;
};

int demo(const DemoOptions& options) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  if (!options.exit) {
    sigaddset(&set, SIGINT);
    pthread_sigmask(SIG_BLOCK, &set, nullptr);
  }
  return Demo(options).run();
}

}  // namespace

void add_demo(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<DemoOptions>();
  auto* command = app.add_subcommand("demo", "The main job with nothing installed: embedded Kafka, receiver, sample events, a dead letter replayed");
  command->add_flag("--exit", options->exit, "End after the show; exit code 0 only if every step did what it should");
  command->add_option("--port", options->port, "Of the admin API (another free one if it is taken)")->check(CLI::Range(0, 65535));
  command->callback([options, &chosen] { chosen = [options] { return demo(*options); }; });
}

}  // namespace hookline::cli
