// Trying a webhook by hand: what kind an event is, and why a filter did not match it.
#include "hookline/engine/trial.h"

#include <gtest/gtest.h>

#include "hookline/config/load.h"
#include "hookline/event/catalogue.h"

namespace hookline::engine {
namespace {

std::shared_ptr<const Definitions> definitions(const std::string& keys = {}, const config::Settings& settings = {}) {
  config::Configuration configuration;
  configuration.settings = settings;
  configuration.webhooks =
      config::parse_webhooks("name: w\nevents: [incident]\nendpoints: [{url: https://h.example.com/x}]\nordering: key\n" + keys,
                             "w.yaml", {}, configuration.problems);
  auto made = Definitions::compile(configuration, configuration.problems);
  EXPECT_FALSE(config::has_errors(configuration.problems));
  return made;
}

event::RecordView record(std::string_view json) {
  return {.topic = "t", .partition = 0, .offset = 0, .timestamp = {}, .key = std::nullopt, .value = json, .headers = {}, .padded = false};
}

TEST(GuessKind, KnowsEverySampleOfTheCatalogue) {
  const auto made = definitions();
  for (const auto& type : event::catalogue()) {
    const auto kind = guess_kind(*made, record(event::sample(type.name).value()));
    ASSERT_TRUE(kind) << type.name << ": " << kind.error().message;
    EXPECT_EQ(*kind, type.kind) << type.name;
  }
}

TEST(GuessKind, AnEventWithoutTypeIsAnAlarmAndAnUnknownTypeIsAsked) {
  const auto made = definitions();
  EXPECT_EQ(guess_kind(*made, record(R"({"title":"x"})")).value(), event::Kind::alarm);
  EXPECT_EQ(guess_kind(*made, record(R"({"event_type":"order_paid"})")).error().code, core::ErrorCode::not_found);
  EXPECT_EQ(guess_kind(*made, record(R"({"event_type")")).error().code, core::ErrorCode::invalid);
}

TEST(GuessKind, LooksForTheTypeWhereEachKindHasIt) {
  config::Settings settings;
  settings.attributes[static_cast<std::size_t>(event::Kind::audit)] = {{"type", {config::Text{.value = "meta.what"}}}};
  const auto made = definitions({}, settings);
  EXPECT_EQ(guess_kind(*made, record(R"({"meta":{"what":"admin_login"}})")).value(), event::Kind::audit);
}

std::string why(const std::string& filter, std::string_view json) {
  const auto made = definitions("filter: '" + filter + "'\n");
  return try_match(*made, *made->find("w"), record(json), event::Kind::incident).value().note;
}

TEST(TryMatch, NamesTheTermThatHasNoAnswer) {
  EXPECT_EQ(why(R"(service == "pay" && owner.name == "SRE")", R"({"event_type":"incident_triggered","service":"pay"})"),
            R"(the filter has no answer: `owner.name == "SRE"`: no such field)");
  EXPECT_EQ(why(R"((a.b == 1 || true) && c.d > 2)", R"({"event_type":"incident_triggered"})"),
            "the filter has no answer: `c.d > 2`: no such field");
  EXPECT_EQ(why(R"(service == "pay")", R"({"event_type":"incident_triggered"})"), "the filter is false");
  EXPECT_EQ(why(R"(service == null)", R"({"event_type":"incident_triggered"})"), "the filter is true");
}

}  // namespace
}  // namespace hookline::engine
