// What the proofs of replays share: an endpoint that is down for a while, and the command. Main thread of the test.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "proof.h"
#include "support/process.h"

namespace hookline::test {

class Replays : public Proof {
 protected:
  /// A receiver that answers 404 as a proxy does whose backend is gone, until it is mended.
  void break_endpoint() { receiver.otherwise(answer(404, "no such backend")); }
  void mend_endpoint() { receiver.otherwise(answer()); }

  std::vector<TopicRecord> letters() { return kafka.read(dead_letters); }

  /// Publishes events that all become dead letters.
  std::vector<PublishedEvent> outage(HooklineProcess& hookline, int events, int first = 0) {
    break_endpoint();
    const auto before = kafka.admin().size(dead_letters);
    Publisher publisher(kafka.bootstrap());
    publisher.publish_events(topic, events, first);
    EXPECT_TRUE(wait_until([&] { return kafka.admin().size(dead_letters) >= before + events; }, 300s)) << hookline.log();
    EXPECT_TRUE(wait_until([&] { return all_committed(); }, 60s));
    mend_endpoint();
    receiver.forget();
    return publisher.acknowledged();
  }

  static CommandResult replay(const HooklineProcess& hookline, std::vector<std::string> arguments, std::chrono::milliseconds deadline = 300s) {
    arguments.insert(arguments.begin(), {"dead-letters", "replay", "--config", hookline.config_path()});
    return run_hookline(std::move(arguments), {}, {}, deadline);
  }
  static CommandResult list(const HooklineProcess& hookline, std::vector<std::string> arguments = {}) {
    arguments.insert(arguments.begin(), {"dead-letters", "list", "--config", hookline.config_path()});
    return run_hookline(std::move(arguments));
  }
  /// The command on its own, to be killed.
  std::unique_ptr<Process> start_replay(const HooklineProcess& hookline, const std::filesystem::path& output, std::vector<std::string> arguments = {}) const {
    std::vector<std::string> all{hookline_binary(), "dead-letters", "replay", "--config", hookline.config_path()};
    all.insert(all.end(), arguments.begin(), arguments.end());
    return std::make_unique<Process>(ProcessOptions{.arguments = all, .environment = {}, .directory = {}, .input = {}, .output = output, .errors = output});
  }

  /// How often each delivery was received with a 2xx.
  std::map<std::string, int> receipts() const {
    std::map<std::string, int> seen;
    for (const auto& request : receiver.requests()) {
      if (request.status / 100 == 2) ++seen[request.header("webhook-id")];
    }
    return seen;
  }
  std::set<std::string> events_received() const {
    std::set<std::string> seen;
    for (const auto& request : receiver.requests()) seen.insert(event_id(request.body));
    return seen;
  }
};

}  // namespace hookline::test
