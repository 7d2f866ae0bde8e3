#include "support/accounting.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hookline::test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// Ten events that must reach one endpoint.
Accounting ten_expected() {
  Accounting account;
  for (int i = 0; i < 10; ++i)
    account.expect(std::to_string(i), "w/0");
  return account;
}

void receive(Accounting& account, int first, int last) {
  for (int i = first; i <= last; ++i)
    account.received(std::to_string(i), "w/0", "msg_" + std::to_string(i));
}

TEST(Accounting, IsCompleteWhenEveryDeliveryEndedOnce) {
  auto account = ten_expected();
  receive(account, 0, 8);
  account.dead_lettered("9", "w/0", "msg_9");
  auto const report = account.report();
  EXPECT_TRUE(report.complete()) << report.text;
  EXPECT_EQ(report.expected, 10);
  EXPECT_EQ(report.received, 9);
  EXPECT_EQ(report.dead_lettered, 1);
  EXPECT_EQ(report.both, 0);
  EXPECT_EQ(report.duplicates, 0);
}

TEST(Accounting, NamesWhatIsLost) {
  auto account = ten_expected();
  receive(account, 0, 2);
  auto const report = account.report();
  EXPECT_EQ(report.lost, 7);
  EXPECT_FALSE(report.complete());
  EXPECT_THAT(report.text, HasSubstr("lost: 7"));
  EXPECT_THAT(report.text, HasSubstr("event 7 at w/0"));
  EXPECT_THAT(report.text, Not(HasSubstr("event 8 at w/0")));  // only the first five
}

TEST(Accounting, CountsReceiptsBeyondTheFirst) {
  auto account = ten_expected();
  receive(account, 0, 9);
  receive(account, 3, 4);
  receive(account, 4, 4);
  auto const report = account.report();
  EXPECT_EQ(report.duplicates, 3);
  EXPECT_EQ(report.received, 10);
  EXPECT_TRUE(report.complete());
}

TEST(Accounting, FindsWhatNobodyAskedFor) {
  auto account = ten_expected();
  receive(account, 0, 10);
  account.dead_lettered("1", "other/0", "msg_x");
  auto const report = account.report();
  EXPECT_EQ(report.unexpected, 2);
  EXPECT_FALSE(report.complete());
}

TEST(Accounting, FindsADeliveryThatChangedItsId) {
  auto account = ten_expected();
  receive(account, 0, 9);
  account.received("5", "w/0", "msg_five");
  auto const report = account.report();
  EXPECT_EQ(report.id_conflicts, 1);
  EXPECT_FALSE(report.complete());
}

TEST(Accounting, FindsTwoDeliveriesUnderOneId) {
  Accounting account;
  account.expect("1", "w/0");
  account.expect("1", "w/1");
  account.received("1", "w/0", "msg_1");
  account.received("1", "w/1", "msg_1");
  EXPECT_EQ(account.report().id_conflicts, 1);
}

TEST(Accounting, FindsADeliveryThatEndedTwice) {
  auto account = ten_expected();
  receive(account, 0, 9);
  account.dead_lettered("9", "w/0", "msg_9");
  EXPECT_EQ(account.report().both, 1);
  EXPECT_TRUE(account.report().complete());
}

TEST(Accounting, TakesOnlyRequestsThatWereAnsweredWith2xx) {
  Accounting account;
  account.expect("e-1", "w/0");
  ReceivedRequest request;
  request.target = "/w/0?x=1";
  request.headers = {{"webhook-id", "msg_1"}};
  request.body = R"({"id": "e-1"})";
  for (int const status : {0, 500, 302, 199}) {
    request.status = status;
    account.received({request});
  }
  EXPECT_EQ(account.report().lost, 1);
  request.status = 204;
  account.received({request});
  EXPECT_TRUE(account.report().complete()) << account.report().text;
}

TEST(Accounting, ReadsTheIdOfATestEventWhereverItStands) {
  EXPECT_EQ(event_id(test_event(42).value), "e-000042");
  EXPECT_EQ(event_id(R"({"title":"the \"id\" of","id":"e-7"})"), "e-7");
  EXPECT_EQ(event_id(R"({"id" : 5, "raw": {"id" : "e-8"}})"), "e-8");
  EXPECT_EQ(event_id("none"), "");
}

}  // namespace
}  // namespace hookline::test
