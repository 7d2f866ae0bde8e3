// What may change of a definition while others need it.
#include "hookline/engine/catalog.h"
#include "hookline/config/stored.h"

#include <algorithm>

#include <gtest/gtest.h>

namespace hookline::engine {
namespace {

using state::Name;
using state::Sort;

json::Tree webhook(const std::string& name, const json::Tree& more = json::Tree::object()) {
  json::Tree document{{"name", name}, {"events", {"detection"}}, {"endpoints", {{{"url", "https://a.example.com/"}}}}};
  document.update(more);
  return document;
}

json::Tree policy(const std::string& name, const json::Tree& on, const json::Tree& notify) {
  return {{"name", name}, {"on", on}, {"notify", notify}};
}

class CatalogTest : public ::testing::Test {
 protected:
  void store(Sort sort, const json::Tree& document) {
    auto& version = stored.documents[{sort, document["name"]}];
    version.document = document;
    ++version.revision;
    const auto edition = catalog.set_stored(std::make_shared<const state::Snapshot>(stored));
    ASSERT_TRUE(edition.troubles.empty()) << edition.troubles.front();
  }

  state::Snapshot stored;
  Catalog catalog{config::Configuration{}};
};

TEST_F(CatalogTest, NamesWhatNeedsAWebhook) {
  store(Sort::webhook, webhook("creator", {{"correlation", {{"key", "story_id"}, {"response_id", "id"}}}}));
  store(Sort::webhook, webhook("updater", {{"correlation", {{"key", "story_id"}, {"from", "creator"}}}}));
  store(Sort::webhook, webhook("alone"));
  store(Sort::policy, policy("named", {"detection"}, {"creator"}));
  store(Sort::policy, policy("by-glob", {"detection"}, {"crea*", "alo*"}));
  EXPECT_EQ(catalog.dependents({Sort::webhook, "creator"}), (std::vector<std::string>{"the webhook 'updater'", "the policy 'named'"}));
  EXPECT_TRUE(catalog.dependents({Sort::webhook, "alone"}).empty()) << "what a glob brings may come and go";
  EXPECT_TRUE(catalog.dependents({Sort::webhook, "updater"}).empty());
}

TEST_F(CatalogTest, OnlyTheProxyOfAFileIsTrusted) {
  const json::Tree proxy{{"proxy", "http://127.0.0.1:3128"}};
  store(Sort::webhook, webhook("stored", proxy));
  config::Problems problems;
  const auto unsaved = catalog.compile_unsaved(webhook("unsaved", proxy), problems);
  ASSERT_TRUE(unsaved);
  EXPECT_FALSE(unsaved->webhooks()[0].endpoints[0].route->proxy_trusted);
  const auto edition = catalog.set_stored(std::make_shared<const state::Snapshot>(stored));
  EXPECT_FALSE(edition.definitions->find("stored")->endpoints[0].route->proxy_trusted);
  config::Configuration files;
  files.webhooks = config::parse_webhooks("name: filed\nevents: [detection]\nendpoints: [{url: \"https://a.example.com/\"}]\nproxy: http://127.0.0.1:3128\n",
                                          "test.yaml", {}, problems);
  const auto of_files = Definitions::compile(files, problems);
  ASSERT_TRUE(of_files);
  EXPECT_TRUE(of_files->find("filed")->endpoints[0].route->proxy_trusted);
}

TEST_F(CatalogTest, AFormThatItsPoliciesBringOtherEventsToIsRefused) {
  const json::Tree jira{{"event_formatting", "jira"}, {"payload", R"({"title": "$Title", "text": "$Event"})"}, {"events", {"detection_*"}}};
  store(Sort::webhook, webhook("notified"));
  store(Sort::policy, policy("everything", {"detection_*", "incident"}, {"noti*"}));
  const auto refused = catalog.check(Sort::webhook, webhook("notified", jira));
  const auto found = std::find_if(refused.begin(), refused.end(), [](const config::Problem& p) { return p.place.pointer == "/event_formatting"; });
  ASSERT_NE(found, refused.end());
  EXPECT_FALSE(found->warning);
  EXPECT_NE(found->what.find("the policy 'everything' notifies it"), std::string::npos) << found->what;
  EXPECT_FALSE(config::has_errors(catalog.check(Sort::webhook, webhook("another", jira)))) << "nobody notifies it";
  store(Sort::template_keys, {{"name", "form"}, {"events", {"detection_*"}}, {"payload", R"({"title": "$Title", "text": "$Event"})"}});
  store(Sort::webhook, {{"name", "notified"}, {"template", "form"}, {"endpoints", {{{"url", "https://a.example.com/"}}}}});
  const auto by_template = catalog.check(Sort::template_keys, {{"name", "form"}, {"events", {"detection_*"}}, {"event_formatting", "jira"}, {"payload", R"({"title": "$Title", "text": "$Event"})"}});
  ASSERT_TRUE(config::has_errors(by_template)) << "nor may its template bring the form";
  EXPECT_NE(by_template.front().what.find("the policy 'everything' notifies it"), std::string::npos) << by_template.front().what;
  store(Sort::policy, policy("everything", {"detection_*"}, {"noti*"}));
  EXPECT_FALSE(config::has_errors(catalog.check(Sort::webhook, webhook("notified", jira))));
}

}  // namespace
}  // namespace hookline::engine
