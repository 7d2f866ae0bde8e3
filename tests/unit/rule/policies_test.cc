// Policies in the index: what asking every policy and every webhook one after the other would answer.
#include <random>

#include <fmt/format.h>
#include <gmock/gmock.h>

#include "hookline/event/catalogue.h"
#include "hookline/rule/index.h"

namespace hookline::rule {
namespace {

using Of = config::SourceMatch::Of;
using Reached = Index::Reached;
using testing::ElementsAre;
using testing::IsEmpty;

struct Webhook {
  std::vector<std::string> events;
  std::string filter;
};
struct Policy {
  std::vector<std::string> on;
  config::SourceMatch source;
  std::string criteria;
  std::vector<std::uint32_t> notify;
  bool counts = false;
};

class World {
 public:
  World(std::vector<Webhook> webhooks, std::vector<Policy> policies)
      : webhooks_(std::move(webhooks)), policies_(std::move(policies)) {
    event::Variables variables(table_);
    const auto compiled = [&](const std::string& text) {
      return text.empty() ? std::optional<Expression>() : std::optional(*Expression::compile_filter(text, variables));
    };
    std::vector<Subscription> subscriptions;
    for (const auto& webhook : webhooks_) {
      subscriptions.push_back({webhook.events, compiled(webhook.filter)});
      filters_.push_back(compiled(webhook.filter));
    }
    std::vector<Notification> notifications;
    for (const auto& policy : policies_) {
      notifications.push_back({policy.on, Source(policy.source, variables), compiled(policy.criteria), policy.notify, policy.counts});
      criteria_.push_back(compiled(policy.criteria));
      sources_.emplace_back(policy.source, variables);
    }
    index_.emplace(std::move(subscriptions), std::move(notifications), std::move(variables));
  }

  const event::Event& read(std::string json, event::Kind kind = event::Kind::alarm) {
    json_ = std::move(json);
    record_.topic = "t";
    record_.value = json_;
    event_ = index_->reader().read(record_, kind, scratch_).value();
    return *event_;
  }
  Index::Scratch match(std::string json, event::Kind kind = event::Kind::alarm) {
    Index::Scratch scratch;
    index_->match(read(std::move(json), kind), scratch);
    return scratch;
  }
  const Index& index() const { return *index_; }

  static bool named(const std::vector<std::string>& patterns, const event::Event& event) {
    return std::any_of(patterns.begin(), patterns.end(),
                       [&](const auto& pattern) { return event::pattern_matches(pattern, event.kind(), event.type()); });
  }
  bool takes(std::size_t policy, const event::Event& event) const {
    Arena arena;
    return named(policies_[policy].on, event) && sources_[policy].holds(event, arena) &&
           (!criteria_[policy] || criteria_[policy]->matches(event, arena));
  }
  bool passes(std::uint32_t webhook, const event::Event& event) const {
    Arena arena;
    return !filters_[webhook] || filters_[webhook]->matches(event, arena);
  }
  std::pair<std::vector<Reached>, std::vector<std::uint32_t>> naive(const event::Event& event) const {
    std::pair<std::vector<Reached>, std::vector<std::uint32_t>> answer;
    for (std::uint32_t p = 0; p < policies_.size(); ++p) {
      if (policies_[p].counts && takes(p, event)) answer.second.push_back(p);
    }
    for (std::uint32_t w = 0; w < webhooks_.size(); ++w) {
      if (!passes(w, event)) continue;
      Reached reached{w};
      for (std::uint32_t p = 0; p < policies_.size() && reached.policy == Reached::by_itself; ++p) {
        const bool names = std::ranges::find(policies_[p].notify, w) != policies_[p].notify.end();
        if (!policies_[p].counts && names && takes(p, event)) reached.policy = p;
      }
      if (reached.policy != Reached::by_itself || named(webhooks_[w].events, event)) answer.first.push_back(reached);
    }
    return answer;
  }

 private:
  event::AttributeTable table_;
  std::vector<Webhook> webhooks_;
  std::vector<Policy> policies_;
  std::vector<std::optional<Expression>> filters_, criteria_;
  std::vector<Source> sources_;
  std::optional<Index> index_;
  event::Scratch scratch_;
  event::RecordView record_;
  std::string json_;
  std::optional<event::Event> event_;
};

TEST(Policies, ReachAWebhookOnceAndTheFirstOfThemIsNamed) {
  World world({{{}, ""}, {{"alarm"}, ""}},
              {{{"alarm"}, {}, "severity == \"low\"", {0}}, {{"alarm"}, {}, "", {0, 1}}, {{"alarm"}, {}, "", {0}}});
  EXPECT_THAT(world.match(R"({"severity":"high"})").reached, ElementsAre(Reached{0, 1}, Reached{1, 1}));
  EXPECT_THAT(world.match(R"({"severity":"low"})").reached, ElementsAre(Reached{0, 0}, Reached{1, 1}));
  EXPECT_THAT(world.match(R"({"event_type":"story_created"})", event::Kind::detection).reached, IsEmpty());
}

TEST(Policies, TheWebhooksOwnFilterStillApplies) {
  World world({{{}, "severity == \"high\""}, {{}, "no.such == 1"}}, {{{"alarm"}, {}, "", {0, 1}}});
  const auto high = world.match(R"({"severity":"high"})");
  EXPECT_THAT(high.reached, ElementsAre(Reached{0, 0}));
  EXPECT_THAT(high.matched, ElementsAre(0));
  EXPECT_THAT(high.failed, ElementsAre(1));
  EXPECT_THAT(world.match(R"({"severity":"low"})").reached, IsEmpty());
}

TEST(Policies, CriteriaWithoutAnswerAreToldOfTheWebhooksThatTheyKeepFromTheEvent) {
  World world({{{}, ""}, {{}, ""}, {{}, ""}}, {{{"alarm"}, {}, "no.such == 1", {2, 0}}});
  const auto scratch = world.match("{\"a\":1}");
  EXPECT_THAT(scratch.reached, IsEmpty());
  EXPECT_THAT(scratch.failed, ElementsAre(0, 2));
}

TEST(Policies, OneWithAThresholdCountsAndReachesNobodyBeforeItFires) {
  World world({{{}, ""}, {{"alarm"}, ""}, {{}, "severity == \"high\""}}, {{{"alarm"}, {}, "", {0, 1, 2}, true}});
  const auto scratch = world.match(R"({"severity":"low"})");
  EXPECT_THAT(scratch.reached, ElementsAre(Reached{1}));
  EXPECT_THAT(scratch.counting, ElementsAre(0));

  Index::Scratch fired;
  world.index().fire(0, world.read(R"({"severity":"low"})"), fired);
  EXPECT_THAT(fired.reached, ElementsAre(Reached{0, 0})) << "1 has got the event by itself, 2 does not want it";
}

bool from(config::SourceMatch source, const std::string& json) {
  World world({{{}, ""}}, {{{"alarm"}, std::move(source), "", {0}}});
  return !world.match(json).reached.empty();
}

TEST(PolicySource, ComparesHostsAndSitesAsTexts) {
  EXPECT_TRUE(from({Of::host, {"web-3", "web-4"}}, R"({"host":"web-4"})"));
  EXPECT_TRUE(from({Of::host, {"a\"b"}}, R"({"host":"a\u0022b"})"));
  EXPECT_FALSE(from({Of::host, {"web-3"}}, R"({"host":"web-33"})"));
  EXPECT_FALSE(from({Of::host, {"web-3"}}, R"({"site":"web-3"})"));
  EXPECT_TRUE(from({Of::site, {"Berlin"}}, R"({"siteName":"Berlin"})"));
  EXPECT_TRUE(from({Of::any, {}}, "{\"a\":1}"));
}

TEST(PolicySource, ComparesAddressesAsAddresses) {
  EXPECT_TRUE(from({Of::ip, {"10.1.2.3"}}, R"({"source_ip":"10.1.2.3"})"));
  EXPECT_TRUE(from({Of::ip, {"10.1.2.3"}}, R"({"source_ip":"::ffff:10.1.2.3"})"));
  EXPECT_TRUE(from({Of::ip, {"::ffff:a01:203"}}, R"({"source_ip":"10.1.2.3"})"));
  EXPECT_TRUE(from({Of::ip, {"2001:db8:0:0::1"}}, R"({"source_ip":"2001:DB8::1"})"));
  EXPECT_FALSE(from({Of::ip, {"10.1.2.3"}}, R"({"source_ip":"10.1.2.30"})"));
  EXPECT_FALSE(from({Of::ip, {"10.1.2.3"}}, R"({"source_ip":"web-3"})"));
  EXPECT_FALSE(from({Of::ip, {"10.1.2.3"}}, R"({"source_ip":null})"));
  EXPECT_FALSE(from({Of::ip, {"10.1.2.3"}}, R"({"source_ip":10})"));
  EXPECT_TRUE(from({Of::ip_range, {"192.168.0.0/16", "10.0.0.0/8"}}, R"({"srcIp":"10.255.0.1"})"));
  EXPECT_TRUE(from({Of::ip_range, {"10.0.0.0/8"}}, R"({"source_ip":"::ffff:10.0.0.1"})"));
  EXPECT_TRUE(from({Of::ip_range, {"2001:db8::/32"}}, R"({"source_ip":"2001:db8:1::1"})"));
  EXPECT_FALSE(from({Of::ip_range, {"10.0.0.0/8"}}, R"({"source_ip":"11.0.0.1"})"));
  EXPECT_FALSE(from({Of::ip_range, {"::/0"}}, R"({"source_ip":"10.0.0.1"})"));
}

TEST(Policies, AnswerWhatAskingEachOfThemWould) {
  std::mt19937 random(20260302);
  const auto pick = [&](const auto& list) { return list[random() % std::size(list)]; };
  const std::vector<std::vector<std::string>> patterns{{"story_created"}, {"story_*"}, {"detection"}, {"story_created", "story_updated"}, {"*"}};
  const std::vector<std::string> filters{"", "", "severity == \"high\"", "host in [\"a\", \"b\"]", "n.m > 3", "host == \"a\" || severity == \"low\""};
  const std::vector<config::SourceMatch> sources{{}, {Of::host, {"a"}}, {Of::host, {"b", "c"}}, {Of::ip, {"10.0.0.1"}}, {Of::ip_range, {"10.0.0.0/31"}}, {Of::site, {"x"}}};
  for (int round = 0; round < 60; ++round) {
    std::vector<Webhook> webhooks(1 + random() % 6);
    for (auto& webhook : webhooks) webhook = {random() % 2 == 0 ? std::vector<std::string>() : pick(patterns), pick(filters)};
    std::vector<Policy> policies(random() % 8);
    for (auto& policy : policies) {
      policy = {pick(patterns), pick(sources), pick(filters), {}, random() % 4 == 0};
      for (std::uint32_t w = 0; w < webhooks.size(); ++w) {
        if (random() % 2 == 0) policy.notify.push_back(w);
      }
    }
    World world(webhooks, policies);
    for (int i = 0; i < 40; ++i) {
      const std::string json =
          fmt::format(R"({{"event_type":"{}","severity":"{}","host":"{}","source_ip":"10.0.0.{}","site":"{}","n":{{"m":{}}}}})",
                      pick(std::vector<std::string>{"story_created", "story_updated", "detection_created"}),
                      pick(std::vector<std::string>{"high", "low"}), pick(std::vector<std::string>{"a", "b", "d"}), random() % 3,
                      pick(std::vector<std::string>{"x", "y"}), random() % 6);
      const auto scratch = world.match(json, event::Kind::detection);
      const auto [reached, counting] = world.naive(world.read(json, event::Kind::detection));
      ASSERT_EQ(scratch.reached, reached) << json << " in round " << round;
      ASSERT_EQ(scratch.counting, counting) << json << " in round " << round;
    }
  }
}

}  // namespace
}  // namespace hookline::rule
