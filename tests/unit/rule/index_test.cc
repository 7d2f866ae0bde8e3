// The index answers what asking every webhook would, whatever shape filters and events have.
#include "hookline/rule/index.h"

#include <random>
#include <thread>

#include <gmock/gmock.h>

#include "hookline/event/catalogue.h"
#include "unit/rule/given.h"

namespace hookline::rule {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

struct Webhook {
  std::vector<std::string> events;
  std::string filter;
};

class World {
 public:
  explicit World(std::vector<Webhook> webhooks) : webhooks_(std::move(webhooks)) {
    event::Variables variables(table_);
    std::vector<Subscription> subscriptions;
    for (const Webhook& webhook : webhooks_) {
      Subscription subscription{webhook.events, std::nullopt};
      std::optional<Expression> naive;
      if (!webhook.filter.empty()) {
        subscription.filter = *Expression::compile_filter(webhook.filter, variables);
        naive = *Expression::compile_filter(webhook.filter, variables);
      }
      subscriptions.push_back(std::move(subscription));
      filters_.push_back(std::move(naive));
    }
    index_.emplace(std::move(subscriptions), std::move(variables));
  }

  const Index& index() const { return *index_; }

  const event::Event& read(std::string_view json, event::Kind kind, std::string_view key = "") {
    json_ = json;
    key_ = key;
    record_.topic = "t";
    record_.value = json_;
    record_.key = key_.empty() ? std::optional<std::string_view>() : key_;
    auto event = index_->reader().read(record_, kind, scratch_);
    EXPECT_TRUE(event) << json;
    event_ = *event;
    return *event_;
  }

  Index::Scratch match(std::string_view json, event::Kind kind) {
    Index::Scratch scratch;
    index_->match(read(json, kind), scratch);
    return scratch;
  }

  /// Every webhook asked one after the other.
  std::pair<std::vector<std::uint32_t>, std::vector<std::uint32_t>> naive(const event::Event& event) const {
    std::pair<std::vector<std::uint32_t>, std::vector<std::uint32_t>> answer;
    Arena arena;
    for (std::uint32_t i = 0; i < webhooks_.size(); ++i) {
      bool named = false;
      for (const auto& pattern : webhooks_[i].events) {
        named = named || event::pattern_matches(pattern, event.kind(), event.type());
      }
      if (!named) continue;
      std::optional<EvalError> error;
      if (!filters_[i] || filters_[i]->matches(event, arena, &error)) {
        answer.first.push_back(i);
      } else if (error) {
        answer.second.push_back(i);
      }
    }
    return answer;
  }

 private:
  event::AttributeTable table_;
  std::vector<Webhook> webhooks_;
  std::vector<std::optional<Expression>> filters_;
  std::optional<Index> index_;
  event::Scratch scratch_;
  event::RecordView record_;
  std::string json_;
  std::string key_;
  std::optional<event::Event> event_;
};

TEST(Index, FindsByTypeGlobAndKind) {
  World world({{{"incident_triggered"}, ""},
               {{"incident_*"}, ""},
               {{"incident"}, ""},
               {{"alarm", "incident_resolved"}, ""},
               {{"*"}, ""},
               {{}, ""}});
  EXPECT_THAT(world.match(R"({"event_type":"incident_triggered"})", event::Kind::incident).matched,
              ElementsAre(0, 1, 2, 4));
  EXPECT_THAT(world.match(R"({"event_type":"incident_resolved"})", event::Kind::incident).matched,
              ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(world.match(R"({"event_type":"ip_blocked"})", event::Kind::alarm).matched, ElementsAre(3, 4));
}

TEST(Index, AWebhookThatNamesATypeTwiceIsFoundOnce) {
  World world(
      {{{"incident_triggered", "incident_*", "incident", "incident_triggered"}, R"(service == "a")"}});
  EXPECT_THAT(
      world.match(R"({"event_type":"incident_triggered","service":"a"})", event::Kind::incident).matched,
      ElementsAre(0));
}

TEST(Index, TellsFiltersThatFail) {
  World world({{{"alarm"}, R"(service == "a" && no.such == 1)"},
               {{"alarm"}, "no.such == 1"},
               {{"alarm"}, R"(data.team == "x")"},
               {{"alarm"}, R"(service == "b" && no.such == 1)"}});
  const auto scratch = world.match(R"({"service":"a"})", event::Kind::alarm);
  EXPECT_THAT(scratch.matched, IsEmpty());
  EXPECT_THAT(scratch.failed, ElementsAre(0, 1, 2));
}

TEST(Index, GuardsAreFoundWhereverTheyMustHold) {
  Given given;
  const auto guards = [&](std::string_view filter) {
    std::vector<std::string> lines;
    for (const auto& guard : given.compile(filter).guards()) {
      const auto& variable = given.variables()[guard.variable];
      std::string line = variable.name.empty() ? json::to_string(variable.path) : variable.name;
      for (const auto& text : guard.any_of)
        line += " " + text;
      lines.push_back(line);
    }
    return lines;
  };
  EXPECT_THAT(guards(R"(service == "a")"), ElementsAre("service a"));
  EXPECT_THAT(guards(R"("a" == service)"), ElementsAre("service a"));
  EXPECT_THAT(guards(R"(service in ["a", "b", "a"] && size(x) > 1)"), ElementsAre("service a b"));
  EXPECT_THAT(guards(R"(x > 1 && (service == "a" && severity == "high"))"),
              ElementsAre("service a", "severity high"));
  EXPECT_THAT(guards(R"(service == "a" || service in ["b", "a"])"), ElementsAre("service a b"));
  EXPECT_THAT(guards(R"((service == "a" && x > 1) || (severity == "low" && service == "b"))"),
              ElementsAre("service a b"));
  EXPECT_THAT(guards(R"(data.team == "x")"), ElementsAre("data.team x"));
  EXPECT_THAT(guards(R"(service in [])"), ElementsAre("service"));
  for (const char* none :
       {R"(service == "a" || severity == "low")", R"(service != "a")", R"(!(service == "a"))",
        R"(service in ["a", 1])", R"(service == "a" ? true : false)", R"("a" in service)",
        R"([1].exists(service, service == "a"))", R"(service == other)", R"(service == null)"}) {
    EXPECT_THAT(guards(none), IsEmpty()) << none;
  }
}

TEST(Index, EscapedAndOddValuesAreFoundLikePlainOnes) {
  World world({{{"alarm"}, R"(service == "pay\"ments")"},
               {{"alarm"}, R"(service in ["é", "x"])"},
               {{"alarm"}, R"(type == "odd_type")"},
               {{"alarm"}, R"(kind == "alarm" && service == "")"}});
  EXPECT_THAT(world.match(R"({"service":"pay\u0022ments"})", event::Kind::alarm).matched, ElementsAre(0));
  EXPECT_THAT(world.match(R"({"service":"\u00e9"})", event::Kind::alarm).matched, ElementsAre(1));
  EXPECT_THAT(world.match(R"({"event_type":"oddType","service":5})", event::Kind::alarm).matched,
              ElementsAre(2));
  EXPECT_THAT(world.match(R"({"service":""})", event::Kind::alarm).matched, ElementsAre(3));
  EXPECT_THAT(world.match(R"({"service":null})", event::Kind::alarm).matched, IsEmpty());
  EXPECT_THAT(world.match(R"({"service":")" + std::string(5000, 'x') + R"("})", event::Kind::alarm).matched,
              IsEmpty());
}

TEST(Index, OneScratchServesManyIndexesInTurn) {
  World first({Webhook{{"alarm"}, ""}});
  World second({{{"incident"}, ""}, {{"alarm"}, ""}});
  Index::Scratch scratch;
  for (int round = 0; round < 3; ++round) {
    first.index().match(first.read("{}", event::Kind::alarm), scratch);
    EXPECT_THAT(scratch.matched, ElementsAre(0));
    second.index().match(second.read("{}", event::Kind::alarm), scratch);
    EXPECT_THAT(scratch.matched, ElementsAre(1));
  }
}

TEST(Index, TypesThatNeverEndStayRight) {
  World world({{{"x_*"}, ""}, {{"x_1*"}, ""}, {{"x_77"}, ""}});
  Index::Scratch scratch;
  for (int i = 0; i < 2000; ++i) {
    const std::string tail = i % 500 == 0 ? std::string(300, '1') : std::to_string(i);
    const auto& event = world.read(R"({"event_type":"x_)" + tail + R"("})", event::Kind::audit);
    world.index().match(event, scratch);
    ASSERT_EQ(scratch.matched, world.naive(event).first) << tail;
  }
}

class Random {
 public:
  explicit Random(std::uint64_t seed) : random_(seed) {}

  std::size_t below(std::size_t n) { return std::uniform_int_distribution<std::size_t>(0, n - 1)(random_); }
  std::string pick(std::vector<std::string> of) { return of[below(of.size())]; }

  std::string term() {
    const std::string text = pick({"a", "b", "c", "\\u0064", "high"});
    switch (below(9)) {
      case 0:
        return "service == \"" + text + "\"";
      case 1:
        return "service in [\"" + text + "\", \"" + pick({"a", "b", "c"}) + "\"]";
      case 2:
        return "severity == \"" + text + "\"";
      case 3:
        return "data.team == \"" + text + "\"";
      case 4:
        return "key == \"" + text + "\"";
      case 5:
        return "type == \"" + pick({"t_one", "t_two", "other"}) + "\"";
      case 6:
        return "data.n > " + std::to_string(below(3));
      case 7:
        return "!(service == \"" + text + "\")";
      default:
        return pick({"true", "false", "has(data.n)", "flag"});
    }
  }
  std::string filter(int depth) {
    if (depth == 0 || below(3) == 0) return term();
    return "(" + filter(depth - 1) + pick({" && ", " && ", " || "}) + filter(depth - 1) + ")";
  }
  Webhook webhook() {
    Webhook webhook;
    for (std::size_t i = 1 + below(3); i > 0; --i) {
      webhook.events.push_back(pick({"alarm", "incident", "t_one", "t_two", "t_*", "*_one", "other", "*"}));
    }
    if (below(6) > 0) webhook.filter = filter(3);
    return webhook;
  }
  std::string document() {
    std::string text = "{\"event_type\":\"" + pick({"t_one", "t_two", "other", "new", "alarm"}) + "\"";
    const auto value = [&] {
      return pick({"\"a\"", "\"b\"", "\"c\"", "\"\\u0061\"", "\"d\"", "\"HIGH\"", "null", "1",
                   "{\"slug\":\"a\"}", "[\"a\"]"});
    };
    for (const char* name : {"service", "severity", "flag"}) {
      if (below(4) > 0) text += ",\"" + std::string(name) + "\":" + (below(9) == 0 ? "true" : value());
    }
    if (below(3) > 0) text += ",\"data\":{\"team\":" + value() + (below(2) == 0 ? ",\"n\":2}" : "}");
    return text + "}";
  }

 private:
  std::mt19937_64 random_;
};

TEST(Index, AnswersWhatAskingEveryWebhookWould) {
  std::size_t matched = 0;
  std::size_t failed = 0;
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    Random random(seed);
    std::vector<Webhook> webhooks;
    for (std::size_t i = random.below(60); i > 0; --i)
      webhooks.push_back(random.webhook());
    World world(std::move(webhooks));
    Index::Scratch scratch;
    for (int round = 0; round < 40; ++round) {
      const std::string json = random.document();
      const auto kind = random.below(2) == 0 ? event::Kind::alarm : event::Kind::incident;
      const auto& event = world.read(json, kind, random.pick({"", "a", "b"}));
      world.index().match(event, scratch);
      const auto [expected, errors] = world.naive(event);
      ASSERT_EQ(scratch.matched, expected) << "seed " << seed << " on " << json;
      ASSERT_EQ(scratch.failed, errors) << "seed " << seed << " on " << json;
      matched += expected.size();
      failed += errors.size();
    }
  }
  EXPECT_GT(matched, 1000u);
  EXPECT_GT(failed, 1000u);
}

TEST(Index, IsSharedByThreads) {
  std::vector<Webhook> webhooks;
  for (int i = 0; i < 50; ++i)
    webhooks.push_back({{"alarm"}, "service == \"s" + std::to_string(i) + "\" && title.matches(\"t+\")"});
  const World shared(std::move(webhooks));
  const auto work = [&] {
    event::Scratch reading;
    Index::Scratch scratch;
    for (int i = 0; i < 2000; ++i) {
      const std::string json = R"({"title":"ttt","service":"s)" + std::to_string(i % 60) + R"("})";
      event::RecordView record;
      record.value = json;
      const auto event = shared.index().reader().read(record, event::Kind::alarm, reading);
      ASSERT_TRUE(event);
      shared.index().match(*event, scratch);
      ASSERT_EQ(scratch.matched.size(), i % 60 < 50 ? 1u : 0u);
    }
  };
  std::thread other(work);
  work();
  other.join();
}

}  // namespace
}  // namespace hookline::rule
