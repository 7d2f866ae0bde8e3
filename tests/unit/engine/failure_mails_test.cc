// When a mail is due: one per endpoint and hour, whoever has the job; and what it says.
#include "engine/failure_mails.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hookline::engine {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr auto start = core::WallTime(1'780'000'000s);

class Mails : public ::testing::Test {
 protected:
  FailureMails mails;
  Listing listing;

  void SetUp() override { hook("w").failure_email = {"oncall@example.com"}; }
  Listed& hook(const std::string& name) {
    auto& listed = listing[{state::Sort::webhook, name}];
    listed.name = {state::Sort::webhook, name};
    return listed;
  }
  void letters(std::chrono::milliseconds after, std::uint64_t count, const std::string& endpoint = "0", const std::string& webhook = "w") {
    mails.take(DeadLetters{webhook, endpoint, start + after, count, {"exhausted", "HTTP 503 after 4 attempts", 503}});
  }
  std::optional<DueMail> due(std::chrono::milliseconds after) { return mails.due(start + after, listing); }
  void sent(std::chrono::milliseconds after, const DueMail& mail) { mails.take(MailSent{mail.webhook, mail.endpoint, start + after, mail.count}); }
};

TEST_F(Mails, OneThatTheServerDoesNotTakeHoldsUpNoOther) {
  hook("other").failure_email = {"else@example.com"};
  letters(0s, 1);
  letters(1s, 1, "0", "other");
  auto bad = due(10s);
  ASSERT_TRUE(bad && bad->webhook == "w");
  mails.put_off("w", "0", start + 10s);
  const auto good = due(10s);
  ASSERT_TRUE(good && good->webhook == "other");
  sent(11s, *good);
  EXPECT_FALSE(due(39s));
  EXPECT_EQ(due(40s)->webhook, "w") << "half a minute later";
  mails.put_off("w", "0", start + 40s);
  EXPECT_FALSE(due(99s));
  EXPECT_TRUE(due(100s)) << "then a minute";
}

TEST_F(Mails, RecordsAreReadAsTheyWereWritten) {
  const auto letters = parse_dead_letters("w", value_of(DeadLetters{"w", "main", start, 7, {"rejected", "HTTP 410", 410}}));
  ASSERT_TRUE(letters);
  EXPECT_EQ(letters->webhook, "w");
  EXPECT_EQ(letters->endpoint, "main");
  EXPECT_EQ(letters->at, start);
  EXPECT_EQ(letters->count, 7u);
  EXPECT_EQ(letters->last.reason, "rejected");
  EXPECT_EQ(letters->last.error, "HTTP 410");
  EXPECT_EQ(letters->last.status, 410);
  EXPECT_FALSE(parse_dead_letters("w", value_of(DeadLetters{"w", "main", start, 7, {}}))->last.status);
  const auto mail = parse_mail_sent("w", value_of(MailSent{"w", "main", start, 7}));
  ASSERT_TRUE(mail);
  EXPECT_EQ(mail->endpoint, "main");
  EXPECT_EQ(mail->count, 7u);
  for (const char* bad : {"", "[]", "{}", R"({"type":"dead_letters"})", R"({"type":"mail_sent","at":"x","endpoint":"0","count":1})",
                          R"({"type":"dead_letters","at":"2026-03-02T10:00:00Z","endpoint":1,"count":1})",
                          R"({"type":"dead_letters","at":"2026-03-02T10:00:00Z","endpoint":"0","count":-1})"}) {
    EXPECT_FALSE(parse_dead_letters("w", bad)) << bad;
    EXPECT_FALSE(parse_mail_sent("w", bad)) << bad;
  }
}

TEST_F(Mails, OneForAnEndpointAndAnHourWithAllThatFailedSince) {
  EXPECT_FALSE(due(0s));
  letters(0s, 1);
  letters(2s, 9);
  EXPECT_FALSE(due(4s)) << "more may come with it";
  auto mail = due(5s);
  ASSERT_TRUE(mail);
  EXPECT_EQ(mail->count, 10u);
  EXPECT_EQ(mail->since, start);
  EXPECT_TRUE(due(30min)) << "as long as it is not sent";
  letters(6s, 5);  // while it is on its way
  sent(7s, *mail);
  for (auto at = 8s; at < 3600s; at += 60s) {
    letters(at, 1);
    EXPECT_FALSE(due(at)) << at / 1s;
  }
  mail = due(1h + 7s);
  ASSERT_TRUE(mail);
  EXPECT_EQ(mail->count, 65u);
  EXPECT_EQ(mail->since, start + 7s);
  sent(1h + 8s, *mail);
  EXPECT_FALSE(due(10h)) << "nothing has failed since";
}

TEST_F(Mails, EachEndpointHasItsOwnAndTheOldestComesFirst) {
  letters(2s, 1, "b");
  letters(1s, 1, "a");
  auto mail = due(1min);
  ASSERT_TRUE(mail);
  EXPECT_EQ(mail->endpoint, "a");
  sent(1min, *mail);
  mail = due(1min);
  ASSERT_TRUE(mail);
  EXPECT_EQ(mail->endpoint, "b");
  sent(1min, *mail);
  EXPECT_FALSE(due(2min));
}

TEST_F(Mails, WhoeverHasTheJobNextGoesOnFromTheTopic) {
  letters(0s, 3);
  sent(10s, *due(10s));
  letters(20s, 2);
  FailureMails next;
  next.take(DeadLetters{"w", "0", start, 3, {}});
  next.take(MailSent{"w", "0", start + 10s, 3});
  next.take(DeadLetters{"w", "0", start + 20s, 2, {}});
  EXPECT_FALSE(next.due(start + 30min, listing));
  const auto mail = next.due(start + 1h + 10s, listing);
  ASSERT_TRUE(mail);
  EXPECT_EQ(mail->count, 2u);
}

TEST_F(Mails, NotesGoWithTheMailOfAnEndpointOrByThemselves) {
  mails.note("w", "is failing: HTTP 503", start);
  letters(1s, 4);
  auto mail = due(10s);
  ASSERT_TRUE(mail);
  if (mail->endpoint.empty()) GTEST_FAIL() << "the note alone, though an endpoint has failed";
  EXPECT_THAT(mail->notes, ::testing::ElementsAre("is failing: HTTP 503"));
  sent(10s, *mail);
  EXPECT_FALSE(due(20s));
  mails.note("w", "was disabled: 72 % of 250 attempts within 12h failed", start + 30min);
  EXPECT_FALSE(due(40min));
  mail = due(1h + 10s);
  ASSERT_TRUE(mail);
  EXPECT_EQ(mail->count, 0u);
  EXPECT_THAT(mail_of(*mail, {}).subject, "Hookline: webhook w was disabled: 72 % of 250 attempts within 12h failed");
}

TEST_F(Mails, NobodyIsWrittenToWhoDidNotAsk) {
  hook("quiet");
  letters(0s, 1, "0", "quiet");
  letters(0s, 1, "0", "gone");
  mails.note("quiet", "is failing", start);
  EXPECT_FALSE(due(1h));
}

TEST_F(Mails, SayWhatFailedHowOftenTheLastAnswerAndHowToReplay) {
  hook("it's").failure_email = {"a@example.com", "b@example.com"};
  letters(20s, 12, "main", "it's");
  config::Settings settings;
  settings.file = "/etc/hookline/hookline.yaml";
  settings.topics.own[static_cast<std::size_t>(config::OwnTopic::dead_letters)] = "hookline.dead-letters";
  const auto mail = mail_of(*due(1min), settings);
  EXPECT_THAT(mail.to, ::testing::ElementsAre("a@example.com", "b@example.com"));
  EXPECT_EQ(mail.subject, "Hookline: 12 deliveries of it's/main failed");
  const auto since = core::format_rfc3339(start + 10s);
  EXPECT_THAT(mail.text, HasSubstr("Failed:    12 deliveries since " + since + "\n"));
  EXPECT_THAT(mail.text, HasSubstr("Last:      HTTP 503 after 4 attempts (exhausted)"));
  EXPECT_THAT(mail.text, HasSubstr("Answer:    HTTP 503\n"));
  EXPECT_THAT(mail.text, HasSubstr("\n  hookline dead-letters replay --config /etc/hookline/hookline.yaml --webhook 'it'\\''s' --since " + since + "\n"));
}

}  // namespace
}  // namespace hookline::engine
