#include "hookline/engine/dead_letters.h"

#include <gtest/gtest.h>

namespace hookline::engine {
namespace {

using settle::Reason;

Letter letter(Reason reason, const std::string& webhook, std::optional<int> status, std::int64_t failed_at, const std::string& error) {
  Letter made;
  made.parsed.reason = reason;
  made.parsed.webhook = webhook;
  made.parsed.endpoint = "0";
  made.parsed.http_status = status;
  made.parsed.failed_at_ms = failed_at;
  made.parsed.error = error;
  return made;
}

TEST(LetterGroups, CountByReasonOwnerAndStatus) {
  LetterGroups groups;
  groups.add(letter(Reason::decode, "", std::nullopt, 900, "not JSON"));
  groups.add(letter(Reason::exhausted, "pay", 503, 300, "later"), true);
  groups.add(letter(Reason::exhausted, "pay", 503, 100, "first"));
  groups.add(letter(Reason::exhausted, "pay", std::nullopt, 200, "refused"));
  groups.add(letter(Reason::exhausted, "crm", 503, 250, "other"));
  EXPECT_EQ(groups.total(), 5u);
  EXPECT_EQ(groups.replayed(), 1u);
  ASSERT_EQ(groups.all().size(), 4u);
  EXPECT_EQ(groups.all().rbegin()->first.reason, "decode") << "failures of the pipeline come last";
  const auto& pay = groups.all().at({settle::FailureClass::endpoint, "exhausted", "pay", "0", 503});
  EXPECT_EQ(pay.count, 2u);
  EXPECT_EQ(pay.replayed, 1u);
  EXPECT_EQ(pay.first, 100);
  EXPECT_EQ(pay.last, 300);
  EXPECT_EQ(pay.error, "later") << "of the last failure, whatever the order in the topic";
}

}  // namespace
}  // namespace hookline::engine
