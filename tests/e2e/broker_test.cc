// Kafka goes wrong under a running Hookline, in every way that a broker, its disk, its rights and its network can:
// nothing is lost, the process stays calm, /readyz names the cause, and it goes on by itself when Kafka is well.
#include <cerrno>
#include <cstring>
#include <fstream>

#include <sys/mount.h>

#include "proof.h"
#include "support/figures.h"
#include "support/port.h"
#include "support/tcp_proxy.h"

namespace hookline::test {
namespace {

/// Watches a process over a fault: it must neither spin nor fill the log.
class Calm {
 public:
  explicit Calm(const HooklineProcess& hookline)
      : hookline_(hookline), began_(std::chrono::steady_clock::now()), processor_(figures_of(hookline.pid()).processor), lines_(lines()) {}

  void expect(const std::string& what) const {
    const auto wall = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began_);
    const auto used = figures_of(hookline_.pid()).processor - processor_;
    const auto written = lines() - lines_;
    fmt::print("{}: {:.1f} s, {:.2f} s of processor time, {} log lines\n", what, wall.count() / 1e3, used.count() / 1e3, written);
    EXPECT_LE(used, wall / 4 + 1s) << "it spins";
    EXPECT_LE(written, 60 + wall / 1s) << "a storm of log lines\n" << hookline_.log();
  }

 private:
  int lines() const { return occurrences(hookline_.log(), "\n"); }

  const HooklineProcess& hookline_;
  const Instant began_;
  const std::chrono::milliseconds processor_;
  const int lines_;
};

std::chrono::seconds length_of_a_fault() { return long_run() ? 60s : 3s; }

class Broker : public Proof {
 protected:
  using Proof::Proof;

  /// Waits until /readyz says 503 with that text.
  static ::testing::AssertionResult names(const HooklineProcess& hookline, const std::string& cause) {
    HttpAnswer answer;
    const bool told = wait_until(
        [&] {
          answer = hookline.get("/readyz");
          return answer.status == 503 && answer.body.find(cause) != std::string::npos;
        },
        60s, 50ms);
    if (told) return ::testing::AssertionSuccess() << answer.body;
    return ::testing::AssertionFailure() << "no '" << cause << "' in " << answer.body << "\n" << hookline.log();
  }

  void expect_all(const std::string& what, const std::vector<PublishedEvent>& events, const std::vector<std::string>& endpoints) {
    const auto report = account_of(events, endpoints);
    print(what, report, 0);
    EXPECT_TRUE(report.complete()) << report.text;
  }

  /// Goes on, under load, over a time in which the whole broker is gone.
  void outlive(const std::string& what, const std::function<void()>& take_away, const std::function<void()>& give_back,
               const Load::Make& make = test_event) {
    session_timeout = 20s;
    create_topics();
    HooklineProcess hookline(options(webhook("w"), "workers: 2\n"));
    ASSERT_TRUE(hookline.wait_ready()) << hookline.log();
    Load load(kafka.bootstrap(), topic, 100, make);
    ASSERT_TRUE(wait_until([&] { return receiver.count() > 200; }, 60s)) << hookline.log();
    const Calm calm(hookline);
    ASSERT_NO_FATAL_FAILURE(take_away());
    EXPECT_TRUE(names(hookline, "Kafka does not answer"));
    std::this_thread::sleep_for(length_of_a_fault());
    calm.expect(what);
    give_back();
    ASSERT_TRUE(hookline.wait_ready(120s)) << hookline.get("/readyz").body << hookline.log();
    const auto seen = receiver.count();
    ASSERT_TRUE(wait_until([&] { return receiver.count() > seen + 200; }, 60s)) << hookline.log();
    const auto events = load.stop();
    ASSERT_TRUE(wait_until([&] { return all_committed(); }, 60s)) << lag() << hookline.log();
    expect_all(what, events, {"w/0"});
    EXPECT_EQ(hookline.terminate()->code, 0) << hookline.log();
  }

  /// Some of its own topics cannot be written for a while: what has to go there is held until they can.
  void hold_everything(const std::string& what, const std::string& named, const std::function<void(const std::string&)>& take_away,
                       const std::function<void(const std::string&)>& give_back) {
    create_topics(4);
    receiver.on("/rejecting/0", answer(404));
    std::atomic<bool> healthy = false;
    receiver.on("/ill/0", [&](const ReceivedRequest&, int) { return Reaction{.status = healthy ? 200 : 503}; });
    HooklineProcess hookline(options(webhook("w") + "---\n" + webhook("rejecting") + "---\n" + webhook("ill", "retry: {schedule: [2s, 2s, 2s, 2s, 2s, 2s, 2s, 2s]}\n"),
                                     "workers: 2\n"));
    ASSERT_TRUE(hookline.wait_ready()) << hookline.log();
    const std::vector<std::string> topics = {dead_letters, prefix + ".retry.10s", prefix + ".retry.1m"};
    for (const auto& name : topics) take_away(name);
    const Calm calm(hookline);
    Publisher publisher(kafka.bootstrap());
    publisher.publish_events(topic, 200);
    EXPECT_TRUE(names(hookline, named + dead_letters));
    ASSERT_TRUE(wait_until([&] { return receiver.count("/w/0") >= 200; }, 60s)) << hookline.log();
    EXPECT_GT(lag(), 0) << "what is not written is not committed";
    std::this_thread::sleep_for(length_of_a_fault());
    calm.expect(what);
    for (const auto& name : topics) give_back(name);
    healthy = true;
    ASSERT_TRUE(hookline.wait_ready(90s)) << hookline.get("/readyz").body << hookline.log();
    const std::vector<std::string> endpoints = {"w/0", "rejecting/0", "ill/0"};
    ASSERT_TRUE(wait_until([&] { return account_of(publisher.acknowledged(), endpoints).lost == 0; }, 90s, 200ms)) << hookline.log();
    ASSERT_TRUE(wait_until([&] { return all_committed(); }, 90s)) << lag() << " " << waiting() << hookline.log();
    expect_all(what, publisher.acknowledged(), endpoints);
    EXPECT_EQ(kafka.read(dead_letters).size(), 200u);
    EXPECT_EQ(hookline.terminate()->code, 0) << hookline.log();
  }
};

TEST_F(Broker, KilledAndStartedAgainItIsNamedWaitedForAndUsedAgain) {
  outlive("a broker that is killed", [this] { kafka.kill9(); }, [this] { kafka.start(); });
}

TEST_F(Broker, FrozenItIsNamedAndWaitedFor) {
  outlive("a broker that is frozen", [this] { kafka.freeze(); }, [this] { kafka.thaw(); });
}

// Twice: with fewer records than the topic had before, and with more, so that its old positions are in the new log.
TEST_F(Broker, ASourceTopicThatIsDeletedAndMadeAgainIsReadFromItsBeginning) {
  create_topics(4);
  HooklineProcess hookline(options(webhook("w"), "workers: 2\n"));
  ASSERT_TRUE(hookline.wait_ready()) << hookline.log();
  std::vector<PublishedEvent> events;
  const auto publish = [&](int count) {  // by a client that ends: librdkafka 2.8 may break in one that lives to see the topic go
    Publisher publisher(kafka.bootstrap());
    publisher.publish_events(topic, count, static_cast<int>(events.size()));
    events.insert(events.end(), publisher.acknowledged().begin(), publisher.acknowledged().end());
  };
  publish(400);
  ASSERT_TRUE(wait_until([&] { return all_committed(); }, 60s)) << hookline.log();
  // Leaders have changed in its life: what a client knows of them is younger than what the new topic says.
  kafka.kill9();
  kafka.start();
  ASSERT_TRUE(hookline.wait_ready()) << hookline.log();
  publish(4);
  ASSERT_TRUE(wait_until([&] { return all_committed(); }, 120s)) << hookline.log();
  const Calm calm(hookline);
  for (const int count : {100, 1000}) {
    kafka.admin().delete_topic(topic);
    EXPECT_TRUE(names(hookline, "missing topics: " + topic));
    kafka.create_topic(topic, 4);
    publish(count);
    ASSERT_TRUE(wait_until([&] { return account_of(events, {"w/0"}).lost == 0; }, 120s, 200ms))
        << account_of(events, {"w/0"}).text << hookline.get("/readyz").body << hookline.log();
    ASSERT_TRUE(wait_until([&] { return all_committed(); }, 90s)) << lag() << hookline.log();
    ASSERT_TRUE(hookline.wait_ready(60s)) << hookline.get("/readyz").body << hookline.log();
  }
  calm.expect("a topic that is deleted and made again");
  expect_all("a topic that is deleted and made again", events, {"w/0"});
  EXPECT_EQ(hookline.terminate()->code, 0) << hookline.log();
}

TEST_F(Broker, DeadLetterAndRetryTopicsThatAreMissingHoldEverythingUntilTheyAreBack) {
  hold_everything("own topics that are missing", "missing topics: ", [this](const auto& name) { kafka.admin().delete_topic(name); },
                  [this](const auto& name) { kafka.create_topic(name, 2, {{"message.timestamp.type", "LogAppendTime"}}); });
}

// Brokers of their own, for what would disturb the other tests.

struct OwnCluster {
  explicit OwnCluster(const KafkaOptions& options) : cluster(options) {}
  KafkaCluster cluster;
};

class GuardedBroker : private OwnCluster, public Broker {
 protected:
  GuardedBroker()
      : OwnCluster({.settings = {{"authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer"},
                                 {"allow.everyone.if.no.acl.found", "true"}},
                    .data = {}}),
        Broker(cluster) {}
};

TEST_F(GuardedBroker, TopicsThatMayNotBeWrittenHoldEverythingUntilTheyMay) {
  hold_everything("topics that may not be written", "cannot write to ", [this](const auto& name) { kafka.admin().forbid_writing(name); },
                  [this](const auto& name) { kafka.admin().allow_writing(name); });
}

/// A broker with a second listener, which clients reach through a bad network only.
struct ClusterBehindProxy {
  ClusterBehindProxy() : behind(fresh_port()), proxy(behind), cluster(settings()) {}
  KafkaOptions settings() const {
    return {.settings = {{"listeners", fmt::format("PLAINTEXT://127.0.0.1:@PORT@,CONTROLLER://127.0.0.1:@CONTROLLER_PORT@,FAR://127.0.0.1:{}", behind)},
                         {"advertised.listeners", fmt::format("PLAINTEXT://127.0.0.1:@PORT@,FAR://127.0.0.1:{}", proxy.port())},
                         {"listener.security.protocol.map", "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,FAR:PLAINTEXT"}},
            .data = {}};
  }
  const std::uint16_t behind;
  TcpProxy proxy;
  KafkaCluster cluster;
};

class FarBroker : private ClusterBehindProxy, public Broker {
 protected:
  FarBroker() : Broker(cluster) {}
  using ClusterBehindProxy::proxy;

  HooklineOptions far(HooklineOptions made) const {
    const auto& near = kafka.bootstrap();
    made.config.replace(made.config.find(near), near.size(), fmt::format("127.0.0.1:{}", proxy.port()));
    return made;
  }
};

TEST_F(FarBroker, ABadNetworkCostsTimeAndNothingElse) {
  session_timeout = 20s;
  create_topics();
  receiver.on("/rejecting/0", answer(404));
  HooklineProcess hookline(far(options(webhook("w") + "---\n" + webhook("rejecting"), "workers: 2\n")));
  ASSERT_TRUE(hookline.wait_ready()) << hookline.log();
  Load load(kafka.bootstrap(), topic, 100);
  const auto goes_on = [&](std::uint64_t more) {
    const auto seen = receiver.count("/w/0");
    return wait_until([&] { return receiver.count("/w/0") > seen + more; }, 90s);
  };
  ASSERT_TRUE(goes_on(100)) << hookline.log();
  const Calm calm(hookline);

  proxy.delay(300ms);
  ASSERT_TRUE(goes_on(100)) << hookline.log();
  proxy.throttle(50'000);
  ASSERT_TRUE(goes_on(100)) << hookline.log();
  for (int i = 0; i < (long_run() ? 20 : 3); ++i) {
    proxy.reset();
    proxy.pass();
    ASSERT_TRUE(goes_on(50)) << hookline.log();
  }
  proxy.reset();
  EXPECT_TRUE(names(hookline, "Kafka does not answer"));
  proxy.swallow();
  std::this_thread::sleep_for(length_of_a_fault());
  EXPECT_TRUE(names(hookline, "Kafka does not answer"));
  calm.expect("a bad network");
  proxy.pass();
  ASSERT_TRUE(hookline.wait_ready(120s)) << hookline.get("/readyz").body << hookline.log();
  ASSERT_TRUE(goes_on(200)) << hookline.log();
  const auto events = load.stop();
  ASSERT_TRUE(wait_until([&] { return all_committed(); }, 90s)) << lag() << hookline.log();
  expect_all("a bad network", events, {"w/0", "rejecting/0"});
  EXPECT_EQ(hookline.terminate()->code, 0) << hookline.log();
}

/// A small file system of its own in memory, where mounting is allowed.
class SmallDisk {
 public:
  SmallDisk() : folder_("disk") {
    mounted_ = mount("tmpfs", folder_.path().c_str(), "tmpfs", 0, "size=160m") == 0;
    if (!mounted_) why_ = std::strerror(errno);
  }
  ~SmallDisk() {
    if (mounted_) umount2(folder_.path().c_str(), MNT_DETACH);
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;

  bool mounted() const { return mounted_; }
  const std::string& why_not() const { return why_; }
  std::filesystem::path data() const { return folder_.path() / "data"; }
  void fill() const {
    std::ofstream file(folder_.path() / "filler", std::ios::binary);
    const std::string block(1 << 20, 'x');
    while (file.write(block.data(), static_cast<std::streamsize>(block.size())).flush()) {
    }
    std::ofstream last(folder_.path() / "filler-of-the-rest", std::ios::binary);
    while (last.put('x').flush()) {
    }
  }
  void make_room() const {
    std::filesystem::remove(folder_.path() / "filler");
    std::filesystem::remove(folder_.path() / "filler-of-the-rest");
  }

 private:
  TempDir folder_;
  bool mounted_ = false;
  std::string why_;
};

TEST(BrokerDisk, ThatIsFullIsWaitedFor) {
  if (!long_run()) {
    fmt::print("skipped: half a minute long; HOOKLINE_LONG=1 runs it\n");
    GTEST_SKIP() << "half a minute long; HOOKLINE_LONG=1 runs it";
  }
  const SmallDisk disk;
  if (!disk.mounted()) {
    fmt::print("skipped: a small disk cannot be mounted here: {}\n", disk.why_not());
    GTEST_SKIP() << "a small disk cannot be mounted here: " << disk.why_not();
  }
  struct OnSmallDisk : Broker {
    explicit OnSmallDisk(KafkaCluster& cluster) : Broker(cluster) {}
    void TestBody() override {}
    void run(const SmallDisk& disk) {
      const auto fill = [&] {
        disk.fill();
        ASSERT_TRUE(wait_until([&] { return !kafka.running(); }, 60s)) << "a broker whose only disk is full gives up\n" << kafka.log();
      };
      const auto make_room = [&] {
        disk.make_room();
        kafka.start();
      };
      outlive("a full disk", fill, make_room, [](int number) {
        auto event = test_event(number);
        event.value.insert(event.value.rfind('}'), R"(, "pad": ")" + std::string(2000, 'x') + "\"");
        return event;
      });
    }
  };
  KafkaCluster cluster({.settings = {}, .data = disk.data()});
  OnSmallDisk(cluster).run(disk);
}

}  // namespace
}  // namespace hookline::test
