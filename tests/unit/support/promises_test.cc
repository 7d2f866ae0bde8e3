#include "support/promises.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace hookline::test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

PublishedEvent published(int number) {
  return {.id = test_event(number).id, .topic = "t", .partition = 0, .offset = number};
}

ReceivedRequest request_of(int number, int status = 200) {
  ReceivedRequest request;
  request.target = "/w/0";
  request.body = test_event(number).value;
  request.status = status;
  return request;
}

TEST(CommitCheck, WhatIsCommittedHasItsOwner) {
  CommitCheck check({{.offset = 3, .metadata = ""}});
  check.received({request_of(0), request_of(1, 500), request_of(3)});
  TopicRecord letter;
  letter.value = test_event(2).value;
  letter.headers = {{"hookline.webhook", "w"}, {"hookline.endpoint", "0"}};
  check.stored({letter});
  EXPECT_THAT(check.broken({published(0), published(1), published(2), published(3), published(4)}, {"w/0"}),
              ElementsAre(HasSubstr("event e-000001 at w/0, offset 1 of partition 0: 3 is committed")));
}

TEST(CommitCheck, ADeadLetterOfTheRecordOwnsAllOfIt) {
  CommitCheck check({{.offset = 1, .metadata = ""}});
  TopicRecord letter;
  letter.value = test_event(0).value;
  check.stored({letter});
  EXPECT_THAT(check.broken({published(0)}, {"w/0", "w/1"}), IsEmpty());
}

TEST(OutOfOrder, NamesWhatCameAfterALaterOneOfItsKey) {
  const std::vector<PublishedEvent> events = {published(0), published(1), published(2), published(3)};
  const auto parity = [](const PublishedEvent& event) { return std::to_string(event.offset % 2); };
  EXPECT_THAT(out_of_order(events, {request_of(1), request_of(0), request_of(2), request_of(3), request_of(0)}, parity), IsEmpty());
  EXPECT_THAT(out_of_order(events, {request_of(0, 500), request_of(2), request_of(1), request_of(0)}, parity),
              ElementsAre("event e-000000 came after e-000002 of the same key 0"));
}

}  // namespace
}  // namespace hookline::test
