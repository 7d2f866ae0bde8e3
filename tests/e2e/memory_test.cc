// What the process holds stays within limits.memory and 128 MiB for everything else, whatever waits in
// the topics and whatever the receivers do; and it is delivered in the end.
#include <cstdlib>

#include "proof.h"
#include "support/figures.h"

namespace hookline::test {
namespace {

constexpr std::int64_t mebibyte = 1 << 20;
constexpr std::int64_t configured = 64 * mebibyte;
constexpr std::int64_t allowed = configured + 128 * mebibyte;

class Memory : public Proof {
 protected:
  const bool thorough = std::getenv("HOOKLINE_LONG") != nullptr;
  Receiver sink{ReceiverOptions{.record = Record::ids}};

  void create_large_topics() {
    const std::map<std::string, std::string> settings{{"max.message.bytes", std::to_string(4 * mebibyte)}};
    kafka.create_topic(topic, 8, settings);
    create_own_topics(kafka, prefix, settings);
  }

  HooklineOptions limited(const std::string& webhooks) const {
    return options(webhooks, "workers: 2\nlimits: {memory: 64MiB, event_size: 2MiB}\n");
  }

  std::string hook(const std::string& name, const std::string& url, const std::string& more = {}) const {
    return fmt::format("name: {}\nevents: [incident]\nendpoints: [{{url: \"{}\"}}]\n{}---\n", name, url, more);
  }

  static EventToPublish large_event(int number) {
    auto event = test_event(number);
    event.value = fmt::format(R"({{"id": "{}", "event_type": "incident_triggered", "pad": "{}"}})", event.id,
                              std::string(mebibyte, 'x'));
    return event;
  }

  void expect_within_bounds(const std::string& what, const HooklineProcess& hookline) {
    const auto peak = hookline.peak_resident_bytes();
    fmt::print("{}: at most {} MiB resident, {} MiB allowed\n", what, peak / mebibyte, allowed / mebibyte);
    RecordProperty(what, std::to_string(peak));
    EXPECT_GT(peak, 0);
    if (memory_is_its_own) {
      EXPECT_LE(peak, allowed);
    }
  }
};

TEST_F(Memory, ALongLagOfSmallEvents) {
  create_topics();
  const int events = thorough ? 1'000'000 : 100'000;
  Publisher publisher(kafka.bootstrap());
  publisher.publish_events(topic, events, 0, 300s);
  HooklineProcess hookline(limited(hook("small", sink.url("/small"))));
  ASSERT_TRUE(hookline.wait_ready()) << hookline.log();
  ASSERT_TRUE(wait_until([&] { return all_committed(); }, 600s)) << hookline.log();
  EXPECT_EQ(sink.count(), static_cast<std::size_t>(events));
  expect_within_bounds("a lag of small events", hookline);
  EXPECT_EQ(hookline.terminate()->code, 0);
}

TEST_F(Memory, LargeEventsDeliveredAndDeadLettered) {
  create_large_topics();
  const int events = thorough ? 1'000 : 300;
  sink.on("/refusing", answer(404));
  Publisher publisher(kafka.bootstrap(), {{"message.max.bytes", std::to_string(4 * mebibyte)}});
  publisher.publish_events(topic, events, large_event, 0, 300s);
  HooklineProcess hookline(limited(hook("taking", sink.url("/taking")) + hook("refusing", sink.url("/refusing"))));
  ASSERT_TRUE(hookline.wait_ready()) << hookline.log();
  ASSERT_TRUE(wait_until([&] { return all_committed(); }, 300s)) << hookline.log();
  EXPECT_EQ(sink.count(), static_cast<std::size_t>(events) * 2);
  EXPECT_EQ(hookline.metric(R"(hookline_dead_letters_total{reason="rejected"})"), events);
  expect_within_bounds("large events", hookline);
  EXPECT_EQ(hookline.terminate()->code, 0);
}

TEST_F(Memory, LargeEventsWhileEveryEndpointIsDead) {
  create_large_topics();
  const int events = thorough ? 1'000 : 300;
  Publisher publisher(kafka.bootstrap(), {{"message.max.bytes", std::to_string(4 * mebibyte)}});
  publisher.publish_events(topic, events, large_event, 0, 300s);
  const std::string retry = "timeout: {connect: 1s, request: 2s}\nretry: {schedule: [1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s, 1s], "
                            "on: any_failure, max_age: 1h}\n";
  sink.on("/hanging", hang());
  sink.on("/closing", close_connection());
  HooklineProcess hookline(limited(hook("hanging", sink.url("/hanging"), retry) + hook("closing", sink.url("/closing"), retry)));
  ASSERT_TRUE(hookline.wait_ready()) << hookline.log();
  // Everything has passed through once: it waits in retry topics, of which a part is held at any time.
  ASSERT_TRUE(wait_until([&] { return lag() == 0 && waiting() > 0; }, 600s)) << hookline.log();
  expect_within_bounds("large events, dead endpoints", hookline);
  sink.on("/hanging", answer());
  sink.on("/closing", answer());
  ASSERT_TRUE(wait_until([&] { return all_committed(); }, 300s)) << hookline.log();
  EXPECT_EQ(hookline.metric("hookline_deliveries_total"), events * 2);
  expect_within_bounds("and after it", hookline);
  EXPECT_EQ(hookline.terminate()->code, 0);
}

}  // namespace
}  // namespace hookline::test
