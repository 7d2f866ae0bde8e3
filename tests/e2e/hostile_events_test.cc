// A publisher that sends poison of every kind as fast as it can, beside good events in the same partitions: the good
// ones are delivered, each poisoned one becomes a dead letter with its bytes and headers as they were.
#include "proof.h"
#include "support/figures.h"

namespace hookline::test {
namespace {

constexpr std::int64_t mebibyte = 1 << 20;

/// A kind of poison: the number-th of it, and the reason under which it has to end.
struct Poison {
  const char* what;
  std::function<std::string(int)> value;
  std::string reason = "decode";
  Headers headers = {};
};

std::string whole(int number, const std::string& more = {}) {
  return fmt::format(R"({{"id": "bad-{}", "event_type": "incident_triggered"{}}})", number, more);
}

/// The same bytes at every run.
std::string noise(int number, std::size_t size) {
  std::string bytes;
  std::uint32_t state = static_cast<std::uint32_t>(number) * 2654435761u + 1;
  while (bytes.size() < size) {
    state = state * 1664525u + 1013904223u;
    bytes += static_cast<char>(state >> 24);
  }
  return bytes;
}

std::vector<Poison> poisons() {
  const auto fixed = [](std::string value) { return [value](int) { return value; }; };
  return {
      {"cut off in a key", [](int n) { return whole(n).substr(0, 20); }},
      {"cut off before its end", [](int n) { auto text = whole(n); text.pop_back(); return text; }},
      {"nothing", fixed("")},
      {"blanks", fixed(" \t\r\n ")},
      {"no JSON", fixed("BANANA")},
      {"XML", fixed("<event><type>incident</type></event>")},
      {"a text", fixed(R"("incident_triggered")")},
      {"a number", fixed("42")},
      {"null", fixed("null")},
      {"an empty array", fixed("[]")},
      {"two events", [](int n) { return "[" + whole(n) + "," + whole(n) + "]"; }},
      {"two documents", [](int n) { return whole(n) + whole(n); }},
      {"text behind it", [](int n) { return whole(n) + " and more"; }},
      {"no type", fixed(R"({"title": "of no type"})")},
      {"bytes that are not UTF-8", [](int n) { return whole(n, ", \"title\": \"\xff\xfe\""); }},
      {"a control character", [](int n) { return whole(n, ", \"title\": \"a\x01z\""); }},
      {"NUL bytes", fixed(std::string(64, '\0'))},
      {"a schema prefix and noise", [](int n) { return std::string("\0\0\0\0\7", 5) + noise(n, 50); }},
      {"noise", [](int n) { return noise(n, 200); }},
      {"a hundred thousand levels", fixed(R"({"event_type": "incident_triggered", "x": )" + std::string(100'000, '['))},
      {"a hundred levels", [](int n) { return whole(n, ", \"x\": " + std::string(100, '[') + std::string(100, ']')); }},
      {"a comma too many", [](int n) { return whole(n, ", \"x\": [1,,2]"); }},
      {"a CloudEvent whose data is a text", fixed(R"({"specversion": "1.0", "type": "incident_triggered", "data": "BANANA"})"), "decode",
       {{"content-type", "application/cloudevents+json"}}},
      {"a line break for a header", [](int n) { return whole(n, R"(, "title": "a\r\nX-Injected: 1")"); }, "render"},
  };
}

class HostileEvents : public Proof {};

TEST_F(HostileEvents, PoisonOfEveryKindAtFullSpeedHurtsNobodyElse) {
  kafka.create_topic(topic, 4, {{"max.message.bytes", std::to_string(4 * mebibyte)}});
  create_own_topics(kafka, prefix, {{"max.message.bytes", std::to_string(4 * mebibyte)}});
  const auto kinds = poisons();
  const int rounds = long_run() ? 5'000 : 200;
  HooklineProcess hookline(options(webhook("w", "headers: {X-Title: \"${title}\"}\n"), "limits: {memory: 64MiB}\n"));
  ASSERT_TRUE(hookline.wait_ready()) << hookline.log();

  // One good event behind each round of poison; now and then one that is too large.
  struct Sent {
    std::string value, reason;
    Headers headers;
  };
  std::map<std::string, Sent> bad;  // by its id in the account
  std::vector<std::string> good;
  Publisher publisher(kafka.bootstrap(), {{"message.max.bytes", std::to_string(4 * mebibyte)}});
  const auto publish_bad = [&](int number, std::string value, const std::string& reason, const Headers& headers) {
    EventToPublish event{.id = fmt::format("bad-{}", number), .key = fmt::format("key-{}", number % 7), .value = std::move(value), .headers = headers};
    bad[event.id] = {event.value, reason, headers};
    publisher.publish(topic, event);
  };
  int number = 0;
  for (int round = 0; round < rounds; ++round) {
    for (const auto& kind : kinds) {
      publish_bad(number, kind.value(number), kind.reason, kind.headers);
      ++number;
    }
    // Over limits.event_size, and not yet too large for the dead-letter topic (then it would be a pointer).
    if (round % 50 == 0) publish_bad(number++, whole(round, ", \"pad\": \"" + std::string(mebibyte + 100'000, 'x') + "\""), "too_large", {});
    auto event = test_event(round);
    event.headers = {{"X-Odd", std::string("\xff\r\n\0", 4)}, {"", "no name"}, {"ce_odd", ""}};  // no reason to refuse it
    good.push_back(event.id);
    publisher.publish(topic, event);
  }
  ASSERT_TRUE(publisher.flush(120s));
  ASSERT_TRUE(publisher.failed().empty()) << publisher.failed().begin()->second;
  ASSERT_TRUE(wait_until([&] { return all_committed(); }, 180s)) << lag() << "\n" << hookline.log();

  // Where each came from says what it was.
  std::map<std::pair<std::string, std::string>, std::string> by_place;
  for (const auto& event : publisher.acknowledged()) by_place[{std::to_string(event.partition), std::to_string(event.offset)}] = event.id;
  std::map<std::string, int> letters;
  for (const auto& letter : kafka.read(dead_letters)) {
    const auto id = by_place[{letter.header("hookline.origin.partition"), letter.header("hookline.origin.offset")}];
    ASSERT_TRUE(bad.contains(id)) << id << ": " << letter.header("hookline.error");
    const auto& sent = bad[id];
    ++letters[id];
    EXPECT_EQ(letter.header("hookline.reason"), sent.reason) << sent.value.substr(0, 80) << ": " << letter.header("hookline.error");
    ASSERT_TRUE(letter.value == sent.value) << "not the bytes that were published: " << sent.value.substr(0, 80);
    for (const auto& [name, value] : sent.headers) EXPECT_EQ(letter.header(name), value);
  }
  EXPECT_EQ(letters.size(), bad.size());
  std::map<std::string, int> received;
  for (const auto& request : receiver.requests("/w/0")) {
    ++received[event_id(request.body)];
    EXPECT_EQ(request.header("x-injected"), "");
  }
  for (const auto& id : good) EXPECT_EQ(received[id], 1) << id;
  EXPECT_EQ(received.size(), good.size());
  const auto peak = hookline.peak_resident_bytes();
  fmt::print("hostile events: {} of {} kinds dead-lettered as they were, {} good ones between them delivered once, lost {}; at most {} MiB resident\n",
             letters.size(), kinds.size() + 1, good.size(), bad.size() - letters.size() + good.size() - received.size(), peak / mebibyte);
  if (memory_is_its_own) {
    EXPECT_LE(peak, (64 + 128) * mebibyte);
  }
  EXPECT_LT(hookline.log().size(), 200'000u) << "a storm of log lines";
  EXPECT_TRUE(wait_until([&] { return hookline.get("/readyz").status == 200; }, 60s)) << hookline.get("/readyz").body;
  EXPECT_EQ(hookline.terminate()->code, 0) << hookline.log();
}

}  // namespace
}  // namespace hookline::test
