// Every way in which a receiver may mean ill, all of them at once beside healthy neighbours: each has the end
// that docs/guarantees.md says, in bounded time and memory, and the neighbours do not notice.
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "proof.h"
#include "support/figures.h"
#include "support/names.h"
#include "support/port.h"
#include "support/tls_server.h"

namespace hookline::test {
namespace {

constexpr std::int64_t mebibyte = 1 << 20;
constexpr int probes = 6;  // of each hostile receiver: too few for its circuit to open, so that attempts count

/// How a delivery ends. Where it is `delivered`, nothing lies on the dead-letter topic.
struct End {
  std::string reason;  ///< of the dead letter; "delivered"; or "egress or delivered"
  std::string error;   ///< what its text holds
};

struct Hostile {
  std::string name;
  std::string url;
  End end;
  std::string more;  ///< lines of its webhook
};

EventToPublish probe(int number) {
  auto event = test_event(number);
  event.value = fmt::format(R"({{"id": "p-{:02}", "event_type": "incident_triggered"}})", number);
  event.id = fmt::format("p-{:02}", number);
  event.partition = number;
  return event;
}

/// Listens on another address of this machine, which egress.allow does not name.
class Forbidden {
 public:
  explicit Forbidden(std::uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1);
    EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(listen(fd_, 16), 0);
  }
  ~Forbidden() { close(fd_); }
  bool was_reached() const {
    const int connection = accept(fd_, nullptr, nullptr);
    if (connection >= 0) close(connection);
    return connection >= 0;
  }

 private:
  int fd_;
};

class HostileReceivers : public Proof {
 protected:
  HostileReceivers() {
    for (const auto& [name, behaviour] : std::vector<std::pair<std::string, Behaviour>>{
             {"hang", hang()}, {"drip", drip(1s)}, {"endless-body", endless_body()}, {"endless-headers", endless_headers()},
             {"endless-1xx", endless_informational()}, {"garbage", garbage_status_line()}, {"negative", negative_length()},
             {"truncated", truncated()}, {"truncated-head", truncated_head()}, {"reset", reset_connection()},
             {"half-close", half_close()}, {"keep-alive", reset_reused_connections()},
             {"redirect", redirect(receiver.url("/elsewhere"))}, {"busy", retry_after("99999999999999999999", 429)}}) {
      receiver.on("/" + name + "/0", behaviour);
    }
  }

  std::string tls_url(const TlsServer& server, const std::string& name) const { return server.url() + name + "/0"; }
  std::string trusting() const { return fmt::format("tls: {{ca: \"{}\"}}\n", ca.file()); }

  /// The table of docs/guarantees.md.
  std::vector<Hostile> all() {
    const auto here = [&](const std::string& name) { return receiver.url("/" + name + "/0"); };
    const auto port = std::to_string(receiver.port());
    return {
        {"refuse", fmt::format("http://127.0.0.1:{}/refuse/0", fresh_port()), {"exhausted", "could not connect: Connection refused"}, ""},
        {"hang", here("hang"), {"exhausted", "no answer within 2s"}, ""},
        {"drip", here("drip"), {"exhausted", "no answer within 2s"}, ""},
        {"endless-body", here("endless-body"), {"delivered", ""}, ""},
        {"endless-headers", here("endless-headers"), {"exhausted", "protocol: "}, ""},
        {"endless-1xx", here("endless-1xx"), {"exhausted", "protocol: "}, ""},
        {"garbage", here("garbage"), {"exhausted", "protocol: "}, ""},
        {"negative", here("negative"), {"exhausted", "protocol: "}, ""},
        {"truncated", here("truncated"), {"delivered", ""}, ""},
        {"truncated-head", here("truncated-head"), {"exhausted", "reset: "}, ""},
        {"reset", here("reset"), {"exhausted", "reset: "}, ""},
        {"half-close", here("half-close"), {"exhausted", "reset: "}, ""},
        {"keep-alive", here("keep-alive"), {"delivered", ""}, "concurrency: 1\n"},
        {"redirect", here("redirect"), {"rejected", "HTTP 302"}, ""},
        {"busy", here("busy"), {"expired", "HTTP 429"}, "retry: {schedule: [1s], max_age: 5s}\n"},
        {"name-hangs", "http://hangs.test:" + port + "/name-hangs/0", {"exhausted", "hangs.test"}, ""},
        {"no-such-name", "http://does-not-exist.invalid/no-such-name/0", {"exhausted", "the name does not resolve"}, ""},
        {"rebinding", "http://moves.test:" + port + "/rebinding/0", {"egress or delivered", "127.0.0.2"}, ""},
        {"expired", tls_url(expired, "expired"), {"exhausted", "TLS: the certificate has expired"}, trusting()},
        {"wrong-host", tls_url(wrong_host, "wrong-host"), {"exhausted", "TLS: the certificate is for another host name"}, trusting()},
        {"unknown-ca", tls_url(unknown_ca, "unknown-ca"), {"exhausted", "TLS: the certificate is from an unknown CA"}, ""},
        {"handshake", "https://localhost:" + port + "/handshake/0", {"exhausted", "no end of the TLS handshake within 2s"}, ""},
    };
  }

  static std::string yaml(const Hostile& one) {
    const auto retry = one.more.find("retry:") == std::string::npos ? "retry: {schedule: [1s]}\n" : "";
    return fmt::format("name: {}\nevents: [incident]\nfilter: id.startsWith(\"p-\")\ntimeout: {{connect: 2s, request: 2s}}\n{}{}"
                       "endpoints: [{{url: \"{}\"}}]\n---\n", one.name, retry, one.more, one.url);
  }

  /// Takes every event, however it treats them, beside those that only get the probes.
  static std::string flooded(const std::string& name, const std::string& url) {
    return fmt::format("name: {}\nevents: [incident]\ntimeout: {{connect: 1s, request: 1s}}\nretry: {{schedule: [1s], max_age: 6s}}\n"
                       "endpoints: [{{url: \"{}\"}}]\n---\n", name, url);
  }

  void expect_end(const Hostile& one, const std::vector<TopicRecord>& letters) {
    SCOPED_TRACE(one.name);
    int dead = 0;
    for (const auto& letter : letters) {
      if (letter.header("hookline.webhook") != one.name) continue;
      ++dead;
      const bool egress_or_delivered = one.end.reason == "egress or delivered";
      EXPECT_EQ(letter.header("hookline.reason"), egress_or_delivered ? "egress" : one.end.reason);
      const bool tried = letter.header("hookline.attempts") != "0";
      EXPECT_TRUE(tried || one.end.reason == "expired");
      EXPECT_NE(letter.header("hookline.error").find(tried ? one.end.error : "no attempt was made"), std::string::npos)
          << letter.header("hookline.error");
      if (one.end.reason == "exhausted") {
        EXPECT_EQ(letter.header("hookline.attempts"), "2");
      }
    }
    if (one.end.reason == "delivered") {
      EXPECT_EQ(dead, 0);
    } else if (one.end.reason != "egress or delivered") {
      EXPECT_EQ(dead, probes);
    } else {
      EXPECT_GT(dead, 0);
    }
  }

  TempDir certificates{"certificates"};
  Certificate ca{certificates, {.name = "Test CA", .ca = true}};
  Certificate other_ca{certificates, {.name = "Other CA", .ca = true}};
  TlsServer expired{Certificate(certificates, {.valid_from = -2h, .valid_to = -1h}, &ca)};
  TlsServer wrong_host{Certificate(certificates, {.name = "other.example.com"}, &ca)};
  TlsServer unknown_ca{Certificate(certificates, {}, &other_ca)};
};

TEST_F(HostileReceivers, EachEndsAsTheTableSaysAndTheNeighboursDoNotNotice) {
  create_topics();
  const auto hostile = all();
  const std::vector<std::string> floods = {"all-hang", "all-refuse", "all-1xx", "all-body"};
  receiver.on("/all-hang/0", hang());
  receiver.on("/all-1xx/0", endless_informational());
  receiver.on("/all-body/0", endless_body());
  std::string webhooks = webhook("well") + "---\n" + webhook("pair", {}, 2) + "---\n";
  for (const auto& one : hostile) webhooks += yaml(one);
  for (const auto& name : floods) {
    webhooks += flooded(name, name == "all-refuse" ? fmt::format("http://127.0.0.1:{}/all-refuse/0", fresh_port()) : receiver.url("/" + name + "/0"));
  }
  auto made = options(webhooks, "workers: 2\nlimits: {memory: 64MiB}\n");
  made.environment = environment_with({{"hangs.test", {"hang"}}, {"moves.test", {"127.0.0.1", "127.0.0.2"}}});
  const Forbidden forbidden(receiver.port());
  HooklineProcess hookline(made);
  ASSERT_TRUE(hookline.wait_ready()) << hookline.log();
  const auto before = figures_of(hookline.pid());

  // Healthy traffic all the while.
  std::vector<Instant> published;
  const auto seconds = long_run() ? 60 : 9;
  const auto rate = 50;
  published.reserve(100'000);
  Load load(kafka.bootstrap(), topic, rate, [&](int number) {
    published.push_back(std::chrono::steady_clock::now());
    return test_event(number);
  });
  ASSERT_TRUE(wait_until([&] { return receiver.count("/well/0") > 50; }, 60s)) << hookline.log();
  Publisher publisher(kafka.bootstrap());
  publisher.publish_events(topic, probes, probe);
  int threads = 0, descriptors = 0;
  ASSERT_TRUE(wait_until(
      [&] {
        const auto now = figures_of(hookline.pid());
        threads = std::max(threads, now.threads);
        descriptors = std::max(descriptors, now.descriptors);
        return receiver.count("/well/0") >= static_cast<std::uint64_t>(seconds * rate);
      },
      120s, 20ms)) << hookline.log();
  EXPECT_TRUE(wait_until([&] { return hookline.get("/readyz").status == 200; }, 60s)) << hookline.get("/readyz").body;
  auto events = load.stop();
  ASSERT_TRUE(wait_until([&] { return all_committed(); }, 90s)) << lag() << " " << waiting() << "\n" << hookline.get("/api/v1/status").body << "\n" << hookline.log();

  // The account.
  Accounting account;
  account.expect(events, {"well/0", "pair/0", "pair/1"});
  for (const auto& name : floods) account.expect(events, {name + "/0"});
  for (const auto& one : hostile) account.expect(publisher.acknowledged(), {one.name + "/0"});
  for (const char* name : {"well/0", "pair/0", "pair/1", "all-hang/0", "all-refuse/0", "all-1xx/0", "all-body/0"}) {
    account.expect(publisher.acknowledged(), {name});
  }
  auto requests = receiver.requests();  // a 200 that cannot be read is no delivery
  std::erase_if(requests, [](const ReceivedRequest& request) { return request.target == "/negative/0"; });
  account.received(requests);
  const auto letters = kafka.read(dead_letters);
  account.dead_lettered(letters);
  const auto report = account.report();
  print(fmt::format("{} hostile receivers", hostile.size() + floods.size()), report, 0);
  EXPECT_TRUE(report.complete()) << report.text;
  EXPECT_EQ(report.duplicates, 0) << report.text;
  for (const auto& one : hostile) expect_end(one, letters);
  for (const auto& letter : letters) {
    const auto name = letter.header("hookline.webhook");
    EXPECT_TRUE(name != "well" && name != "pair") << letter.header("hookline.error");
  }
  EXPECT_FALSE(forbidden.was_reached());
  EXPECT_EQ(receiver.count("/elsewhere"), 0u) << "a redirect was followed";

  // The neighbours, and what it cost.
  std::vector<double> waits;
  for (const auto& request : receiver.requests("/well/0")) {
    const auto id = event_id(request.body);
    if (id.starts_with("e-")) waits.push_back(std::chrono::duration<double>(request.at - published.at(std::stoul(id.substr(2)))).count());
  }
  std::sort(waits.begin(), waits.end());
  const auto peak = hookline.peak_resident_bytes();
  fmt::print("hostile receivers: a neighbour's delivery took {:.3f} s (median), {:.3f} s (slowest); at most {} MiB resident, {} threads, "
             "{} descriptors (before: {}, {})\n", waits.at(waits.size() / 2), waits.back(), peak / mebibyte, threads, descriptors,
             before.threads, before.descriptors);
  EXPECT_LT(waits.at(waits.size() / 2), 2.0);
  EXPECT_LT(waits.back(), 15.0);
  if (memory_is_its_own) {
    EXPECT_LE(peak, (64 + 128) * mebibyte);
  }
  EXPECT_LE(threads, before.threads + 2 * 8 * 4) << "look-ups of names: four of a host and worker at most";
  EXPECT_LE(descriptors, before.descriptors + 1000);
  EXPECT_LT(hookline.log().size(), 100'000u) << "a storm of log lines";
  EXPECT_EQ(hookline.terminate()->code, 0) << hookline.log();
}

}  // namespace
}  // namespace hookline::test
