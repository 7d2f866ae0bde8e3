// The templates that come with Hookline: each renders its example, and keeps its receiver's limits
// whatever the event holds.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "hookline/config/load.h"
#include "hookline/event/catalogue.h"
#include "hookline/json/tree.h"
#include "hookline/render/body.h"
#include "unit/render/rendering.h"

namespace hookline::render {
namespace {

using json::Tree;

const std::vector<config::TemplateSource>& shipped() {
  static const auto templates = config::shipped_templates();
  return templates;
}

const config::TemplateSource& named(std::string_view name) {
  return *std::ranges::find(shipped(), name, &config::TemplateSource::name);
}

/// The webhook that a user would write for a template: what the example's `webhook` says, and events.
config::Webhook webhook_of(const config::TemplateSource& source) {
  Tree tree = source.example.value("webhook", Tree::object());
  tree["name"] = "example";
  tree["template"] = source.name;
  if (!source.keys.contains("events")) tree["events"] = Tree::array({source.example.at("kind")});
  config::Problems problems;
  auto webhooks = config::parse_webhooks(tree.dump(), "example.yaml", shipped(), problems);
  for (const auto& problem : problems)
    ADD_FAILURE() << source.name << ": " << config::format(problem);
  EXPECT_EQ(webhooks.size(), 1U) << source.name;
  return webhooks.empty() ? config::Webhook{} : std::move(webhooks[0]);
}

testing::Given given(const config::Webhook& webhook, std::string event, event::Kind kind) {
  testing::Given made;
  made.event = std::move(event);
  made.kind = kind;
  made.options = {.escape = webhook.escape, .max_text = webhook.max_text};
  for (const auto& [name, text] : webhook.fields)
    made.fields.emplace_back(name, text.value);
  made.scope.formatting = webhook.event_formatting;
  return made;
}

std::string body_of(const config::Webhook& webhook, const testing::Given& made) {
  const std::string payload = webhook.payload ? testing::render(webhook.payload->value, made) : made.event;
  std::string body;
  const std::string_view payloads[] = {payload};
  append_body(webhook.format, payloads, body);
  return body;
}

std::string_view spelled(config::Method method) {
  return method == config::Method::post ? "POST" : method == config::Method::put ? "PUT" : "PATCH";
}

TEST(Shipped, AreTheOnesThatThePagePromises) {
  std::vector<std::string> names;
  for (const auto& source : shipped()) {
    names.push_back(source.name);
    EXPECT_FALSE(source.description.empty()) << source.name;
    EXPECT_TRUE(source.example.is_object()) << source.name;
  }
  EXPECT_THAT(names, ::testing::UnorderedElementsAre(
                         "all-fields", "basic", "slack", "teams", "discord", "jira", "servicenow-create",
                         "servicenow-update", "zendesk-create", "zendesk-update", "pagerduty", "wallarm",
                         "squadcast", "soda", "cloudevents", "alertmanager"));
}

TEST(Shipped, EveryExampleBecomesItsRequest) {
  for (const auto& source : shipped()) {
    SCOPED_TRACE(source.name);
    const auto webhook = webhook_of(source);
    ASSERT_FALSE(webhook.endpoints.empty());
    const auto kind = event::parse_kind(source.example.at("kind").get<std::string>());
    ASSERT_TRUE(kind);
    auto made = given(webhook, source.example.at("event").dump(), *kind);
    const std::string correlation = source.example.value("correlation_id", "");
    if (!correlation.empty()) made.scope.correlation_id = correlation;

    const Tree& request = source.example.at("request");
    EXPECT_EQ(spelled(webhook.endpoints[0].method), request.at("method"));
    const auto body = json::parse_tree(body_of(webhook, made));
    ASSERT_TRUE(body) << body_of(webhook, made);
    EXPECT_EQ(*body, request.at("body")) << body->dump(2);

    made.context = Context::url;
    EXPECT_EQ(testing::render(webhook.endpoints[0].url.value, made), request.at("url"));
    made.context = Context::header;
    std::map<std::string, std::string> headers{{"Content-Type", std::string(content_type(webhook.format))}};
    for (const auto& header : webhook.headers)
      headers[header.name] = testing::render(header.value.value, made);
    EXPECT_EQ(Tree(headers), Tree(request.at("headers").get<std::map<std::string, std::string>>()));
  }
}

TEST(Shipped, EveryTemplateTakesEveryTypeOfTheCatalogue) {
  for (const auto& source : shipped()) {
    const auto webhook = webhook_of(source);
    for (const auto& type : event::catalogue()) {
      const std::string body = body_of(webhook, given(webhook, event::sample(type.name).value(), type.kind));
      EXPECT_TRUE(json::parse_tree(body)) << source.name << " " << type.name << "\n" << body;
    }
  }
}

/// An event that says everything at great length, its own type and id included.
std::string huge_event(std::string_view filler, event::Kind kind) {
  std::string text;
  while (text.size() < 100'000)
    text += filler;
  Tree tree = {{"event_type", kind == event::Kind::detection ? "detection_created" : "incident_" + std::string(1000, 'x')}};
  for (const auto* name : {"id", "title", "message", "description", "name", "raw_event", "service", "host",
                           "severity", "status", "summary", "site", "contentText", "contentMarkdown"}) {
    tree[name] = text;
  }
  return tree.dump();
}

std::size_t characters(const std::string& text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](char c) { return (c & 0xC0) != 0x80; }));
}

class Huge : public ::testing::TestWithParam<const char*> {
 protected:
  static Tree body(std::string_view name, event::Kind kind = event::Kind::incident) {
    const auto webhook = webhook_of(named(name));
    return json::parse_tree(body_of(webhook, given(webhook, huge_event(GetParam(), kind), kind))).value();
  }
};

TEST_P(Huge, EventsKeepTheLimitsOfTheReceivers) {
  const Tree slack = body("slack");
  EXPECT_LE(characters(slack["blocks"][0]["text"]["text"]), 3000U);
  EXPECT_LE(characters(slack["text"]), 40000U);
  const Tree discord = body("discord");
  EXPECT_LE(characters(discord["embeds"][0]["description"]), 4096U);
  EXPECT_EQ(discord["allowed_mentions"], Tree::parse(R"({"parse": []})"));
  const Tree pagerduty = body("pagerduty");
  EXPECT_LE(characters(pagerduty["payload"]["summary"]), 1024U);
  EXPECT_LE(characters(pagerduty["dedup_key"]), 255U);
  EXPECT_LE(body("teams").dump().size(), 28U << 10);
  EXPECT_LE(body("squadcast").dump().size(), 30U << 10);
  const Tree jira = body("jira", event::Kind::detection);
  EXPECT_LE(characters(jira["fields"]["summary"]), 255U);
  EXPECT_LE(characters(jira["fields"]["description"]), 32'767U);
}

// What receivers want escaped, what takes four bytes, and what becomes six characters in JSON.
INSTANTIATE_TEST_SUITE_P(Shipped, Huge, ::testing::Values("<&>*_漢\"\n", "🎉", "\x01"));

TEST(Shipped, TicketsKeepTheirOrderAndUrlsThatAreSecretsAreMarked) {
  for (const auto* name :
       {"jira", "servicenow-create", "servicenow-update", "zendesk-create", "zendesk-update"}) {
    EXPECT_EQ(webhook_of(named(name)).ordering, config::Ordering::key) << name;
  }
  for (const auto* name : {"slack", "teams", "discord", "squadcast"}) {
    EXPECT_TRUE(webhook_of(named(name)).secret_url) << name;
  }
  const auto wallarm = webhook_of(named("wallarm"));
  EXPECT_EQ(wallarm.timeout.connect, std::chrono::seconds(20));
  EXPECT_EQ(wallarm.timeout.request, std::chrono::seconds(15));
  EXPECT_EQ(wallarm.retry.on, config::RetryOn::any_failure);
}

TEST(Shipped, SlackCannotBeMadeToMentionOrLink) {
  const auto webhook = webhook_of(named("slack"));
  const auto body = body_of(
      webhook,
      given(webhook, R"({"event_type":"x","message":"<!channel> <https://evil|here>","service":"<@U1>"})",
            event::Kind::incident));
  EXPECT_EQ(body.find("<!"), std::string::npos) << body;
  EXPECT_EQ(body.find("<@"), std::string::npos) << body;
  EXPECT_EQ(body.find("<https://evil"), std::string::npos) << body;
}

TEST(Shipped, NoChatTemplateTakesALinkOrAMentionFromAnEvent) {
  Tree tree = {{"event_type", "x"}, {"url", "https://i.example.com/a](https://evil.example)"}};
  for (const auto* name : {"title", "message", "description", "service", "host", "site", "contentText", "contentMarkdown",
                           "contentHTML", "reason", "user"}) {
    tree[name] = "[pay](https://evil.example) <https://evil.example|x> <!channel> <@U1> @everyone <script>";
  }
  for (const auto* name : {"slack", "teams", "discord"}) {
    const auto webhook = webhook_of(named(name));
    const auto body = json::parse_tree(body_of(webhook, given(webhook, tree.dump(), event::Kind::incident))).value();
    const auto check = [&](const auto& self, const Tree& part) -> void {
      for (const auto& child : part) {
        if (child.is_structured()) self(self, child);
        if (!child.is_string()) continue;
        const auto text = child.template get<std::string>();
        const bool markdown = webhook.escape == config::TextEscape::markdown;
        for (const std::string_view breaks : {"](https://evil", "<https://evil", "<!", "<@", "<script"}) {
          if (!markdown && breaks.starts_with(']')) continue;  // a link in markdown alone
          const auto at = text.find(breaks);
          const bool escaped = markdown && at != text.npos && at > 0 && text[at - 1] == '\\';
          EXPECT_TRUE(at == text.npos || escaped) << name << ": " << breaks << " in " << text;
        }
      }
    };
    check(check, body);
  }
}

}  // namespace
}  // namespace hookline::render
