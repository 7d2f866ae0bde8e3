#include "hookline/deliver/verdict.h"

#include <set>

#include <gtest/gtest.h>

namespace hookline::deliver {
namespace {

using config::RetryOn;
using namespace std::chrono_literals;

Answer answered(int status, std::optional<std::string> retry_after = {}) {
  Answer answer;
  answer.outcome = Outcome::answered;
  answer.status = status;
  answer.retry_after = std::move(retry_after);
  return answer;
}

TEST(Verdict, EveryStatusCodeUnderTransient) {
  const std::set<int> transient_below_500{408, 425, 429};
  for (int status = 100; status <= 599; ++status) {
    const auto expected = status / 100 == 2                                       ? Verdict::delivered
                          : status >= 500 || transient_below_500.contains(status) ? Verdict::retry
                                                                                  : Verdict::rejected;
    EXPECT_EQ(judge(answered(status), RetryOn::transient), expected) << status;
  }
}

TEST(Verdict, EveryStatusCodeUnderAnyFailure) {
  for (int status = 100; status <= 599; ++status) {
    const auto expected = status / 100 == 2 ? Verdict::delivered : Verdict::retry;
    EXPECT_EQ(judge(answered(status), RetryOn::any_failure), expected) << status;
  }
}

TEST(Verdict, StatusCodesThatDoNotExistAreFinal) {
  for (const int status : {0, 99, 600, 999}) {
    EXPECT_EQ(judge(answered(status), RetryOn::transient), Verdict::rejected) << status;
  }
}

TEST(Verdict, EveryOutcomeThatIsNoAnswer) {
  const std::pair<Outcome, Verdict> table[] = {
      {Outcome::dns, Verdict::retry},
      {Outcome::connect, Verdict::retry},
      {Outcome::connect_timeout, Verdict::retry},
      {Outcome::request_timeout, Verdict::retry},
      {Outcome::tls, Verdict::retry},
      {Outcome::reset, Verdict::retry},
      {Outcome::protocol, Verdict::retry},
      {Outcome::token, Verdict::retry},
      {Outcome::egress, Verdict::egress},
      {Outcome::invalid, Verdict::unsendable},
      {Outcome::aborted, Verdict::aborted},
  };
  for (const auto on : {RetryOn::transient, RetryOn::any_failure}) {
    for (const auto& [outcome, verdict] : table) {
      Answer answer = answered(200);  // a status counts only with an answer
      answer.outcome = outcome;
      EXPECT_EQ(judge(answer, on), verdict) << name(outcome);
    }
  }
}

TEST(Verdict, OutcomesHaveNamesOfTheirOwn) {
  std::set<std::string_view> names;
  for (int i = 0; i <= static_cast<int>(Outcome::aborted); ++i)
    names.insert(name(static_cast<Outcome>(i)));
  EXPECT_EQ(names.size(), static_cast<std::size_t>(Outcome::aborted) + 1);
}

TEST(RetryAfter, SecondsDatesAndRubbish) {
  // 1994-11-06T08:49:37Z
  const auto now = core::from_unix_ms(784111777000);
  const std::pair<const char*, std::optional<core::Duration>> table[] = {
      {"0", 0s},
      {"120", 120s},
      {" 7 ", 7s},
      {"007", 7s},
      {"3600", 3600s},
      {"3601", 3600s},
      {"99999999999999999999999999", 3600s},
      {"Sun, 06 Nov 1994 08:50:37 GMT", 60s},
      {"Sun, 06 Nov 1994 08:49:37 GMT", 0s},
      {"Sat, 05 Nov 1994 08:49:37 GMT", 0s},
      {"Mon, 07 Nov 1994 08:49:37 GMT", 3600s},
      {"Fri, 31 Dec 9999 23:59:59 GMT", 3600s},
      {"", std::nullopt},
      {" ", std::nullopt},
      {"-1", std::nullopt},
      {"+1", std::nullopt},
      {"1.5", std::nullopt},
      {"1e3", std::nullopt},
      {"0x10", std::nullopt},
      {"soon", std::nullopt},
      {"12 monkeys", std::nullopt},
      {"Sun, 06 Nov 1994 08:50:37 CET", std::nullopt},
  };
  for (const auto& [text, expected] : table) {
    EXPECT_EQ(retry_after(answered(503, text), now), expected) << '"' << text << '"';
  }
}

TEST(RetryAfter, CountsOnlyWithAStatusThatIsRetried) {
  const auto now = core::from_unix_ms(0);
  for (int status = 100; status <= 599; ++status) {
    const bool retried = judge(answered(status), RetryOn::transient) == Verdict::retry;
    EXPECT_EQ(retry_after(answered(status, "9"), now).has_value(), retried) << status;
  }
  EXPECT_EQ(retry_after(answered(503), now), std::nullopt);
  Answer reset = answered(503, "9");
  reset.outcome = Outcome::reset;
  EXPECT_EQ(retry_after(reset, now), std::nullopt);
}

}  // namespace
}  // namespace hookline::deliver
