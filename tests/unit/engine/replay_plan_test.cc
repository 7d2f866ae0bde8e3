#include "engine/replay_plan.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "hookline/core/random.h"

namespace hookline::engine {
namespace {

constexpr auto topic = "hookline.dead-letters";

Letter letter_at(std::int32_t partition, std::int64_t offset, std::string id, std::int64_t failed_at = 1000, std::int64_t generation = 0) {
  Letter letter{{.reason = settle::Reason::exhausted, .webhook = "w", .endpoint = "0", .delivery_id = std::move(id)}, {.topic = topic}};
  letter.parsed.origin_topic = "t";
  letter.parsed.origin_offset = offset;
  letter.parsed.failed_at_ms = failed_at;
  letter.parsed.past.generation = generation;
  letter.record.partition = partition;
  letter.record.offset = offset;
  return letter;
}

void mark(state::ReplayLog& log, state::LetterPlace place, std::int64_t generation, std::int64_t at = 5000) {
  log.apply(state::mark_key(topic, place), state::mark_value({generation, core::from_unix_ms(at), "rpl_1"}));
}

std::vector<state::LetterPlace> places(const std::vector<ReplayPlan::Entry>& entries) {
  std::vector<state::LetterPlace> result;
  for (const auto& entry : entries) result.push_back(entry.place);
  return result;
}

using Places = std::vector<state::LetterPlace>;

TEST(ReplayPlan, WhatIsMarkedIsNotTakenAgainUnlessFromBeforeTheMomentGiven) {
  state::ReplayLog log(topic);
  mark(log, {0, 1}, 1000, 5000);
  for (const auto& [again, expected] : std::vector<std::pair<std::optional<core::WallTime>, Places>>{
           {std::nullopt, {{0, 0}}}, {core::from_unix_ms(5001), {{0, 0}, {0, 1}}}, {core::from_unix_ms(5000), {{0, 0}}}}) {
    ReplayPlan plan(log, {.again_before = again});
    plan.add(letter_at(0, 0, "a"), true);
    plan.add(letter_at(0, 1, "b"), true);
    Survey survey;
    EXPECT_EQ(places(plan.finish({}, survey)), expected);
    EXPECT_EQ(survey.chosen, expected.size());
    EXPECT_EQ(survey.replayed, 2 - expected.size());
  }
}

TEST(ReplayPlan, WhatTheJobItselfHasDoneCountsForItsLimitWhateverTheClocksSay) {
  state::ReplayLog log(topic);
  mark(log, {0, 0}, 1000, 4000);  // its clock was behind
  mark(log, {0, 1}, 1000, 4000);
  ReplayPlan plan(log, {.again_before = core::from_unix_ms(5000), .job = "rpl_1"});
  for (std::int64_t i = 0; i < 10; ++i) plan.add(letter_at(0, i, fmt::format("d{}", i)), true);
  Survey survey;
  EXPECT_EQ(places(plan.finish(3, survey)), (Places{{0, 2}}));
  EXPECT_EQ(survey.chosen, 1u);
  EXPECT_EQ(survey.done_before, 2u);
  EXPECT_EQ(survey.replayed, 0u);
}

TEST(ReplayPlan, LettersOfATopicThatWasMadeAnewAreOthers) {
  state::ReplayLog log(topic);
  ReplayPlan plan(log, {});
  auto before = letter_at(0, 3, ""), after = letter_at(0, 4, "");
  before.parsed.origin_offset = after.parsed.origin_offset = 7;
  before.parsed.origin_timestamp_ms = 100;
  after.parsed.origin_timestamp_ms = 200;
  plan.add(before, true);
  plan.add(after, true);
  Survey survey;
  EXPECT_EQ(places(plan.finish({}, survey)), (Places{{0, 3}, {0, 4}}));
}

TEST(ReplayPlan, CopiesOfADeliveryGoOnceAndAreMarkedTogether) {
  state::ReplayLog log(topic);
  ReplayPlan plan(log, {});
  plan.add(letter_at(1, 5, "a", 1005), true);
  plan.add(letter_at(0, 7, "a", 1000), true);
  plan.add(letter_at(0, 8, "a", 1001), true);
  Survey survey;
  const auto entries = plan.finish({}, survey);
  ASSERT_EQ(entries.size(), 1u);
  EXPECT_EQ(entries[0].place, (state::LetterPlace{1, 5}));
  EXPECT_EQ(entries[0].copies.size(), 2u);
  EXPECT_EQ(survey.copies, 2u);
  EXPECT_EQ(survey.chosen, 1u);
}

TEST(ReplayPlan, ACopyThatCameToLightAfterTheReplayIsDoneToo) {
  state::ReplayLog log(topic);
  mark(log, {0, 1}, 1000);
  ReplayPlan plan(log, {});
  plan.add(letter_at(0, 1, "a", 1000), true);
  plan.add(letter_at(0, 2, "a", 1002), true);  // of the same life
  Survey survey;
  EXPECT_TRUE(plan.finish({}, survey).empty());
}

TEST(ReplayPlan, OneThatFailedAgainAfterItsReplayIsTakenAgain) {
  state::ReplayLog log(topic);
  mark(log, {0, 1}, 1000);
  ReplayPlan plan(log, {});
  plan.add(letter_at(0, 1, "a", 1000), true);
  plan.add(letter_at(0, 9, "a", 7000, 1000), true);
  Survey survey;
  const auto entries = plan.finish({}, survey);
  EXPECT_EQ(places(entries), (Places{{0, 9}}));
  EXPECT_EQ(entries[0].marked, 1000) << "so that its generation is higher than any before";
}

TEST(ReplayPlan, AnExampleOfAGroupCanBeAskedForByItsId) {
  state::ReplayLog log(topic);
  ReplayPlan plan(log, {});
  auto undecoded = letter_at(1, 7, "");
  undecoded.parsed.reason = settle::Reason::decode;
  plan.add(undecoded, true);
  plan.add(letter_at(0, 2, "msg_1"), true);
  Survey survey;
  (void)plan.finish({}, survey);
  ASSERT_EQ(survey.groups.size(), 2u);
  EXPECT_EQ(survey.groups[0].id, "1:7");
  EXPECT_EQ(survey.groups[1].id, "msg_1");
}

TEST(ReplayPlan, ALimitTakesTheOldestFailures) {
  state::ReplayLog log(topic);
  ReplayPlan plan(log, {});
  plan.add(letter_at(0, 0, "a", 3000), true);
  plan.add(letter_at(0, 1, "b", 1000), true);
  plan.add(letter_at(1, 0, "c", 2000), true);
  Survey survey;
  EXPECT_EQ(places(plan.finish(2, survey)), (Places{{0, 1}, {1, 0}}));
  EXPECT_EQ(survey.chosen, 2u);
}

TEST(ReplayPlan, ToAnotherWebhookAnEventGoesOnce) {
  state::ReplayLog log(topic);
  ReplayPlan plan(log, {.by_origin = true});
  auto other = letter_at(0, 1, "b");
  other.parsed.origin_offset = 0;
  plan.add(letter_at(0, 0, "a"), true);
  plan.add(other, true);
  Survey survey;
  EXPECT_EQ(plan.finish({}, survey).size(), 1u);
  // That one of its endpoints was replayed says nothing of the other webhook.
  mark(log, {0, 0}, 1000);
  ReplayPlan later(log, {.by_origin = true});
  later.add(letter_at(0, 0, "a"), true);
  later.add(other, true);
  EXPECT_EQ(places(later.finish({}, survey)), (Places{{0, 1}}));
}

// Against the sentence "of each delivery, the newest dead letter that is selected and after whose life no re-entry is marked".
TEST(ReplayPlan, AgreesWithANaiveOne) {
  core::Random random(7);
  for (int round = 0; round < 2000; ++round) {
    state::ReplayLog log(topic);
    std::vector<std::pair<Letter, bool>> all;
    for (std::int64_t offset = 0; offset < 12; ++offset) {
      const auto id = fmt::format("d{}", random.below(4));
      const auto generation = static_cast<std::int64_t>(random.below(3)) * 100;
      all.emplace_back(letter_at(0, offset, id, 1000 + offset, generation), random.chance(0.7));
      if (random.chance(0.2)) mark(log, {0, offset}, generation + 100);
    }
    std::set<std::string> ids;
    Places expected;
    for (const auto& [letter, selected] : all) ids.insert(letter.parsed.delivery_id);
    for (const auto& id : ids) {
      std::int64_t reentered = -1;
      for (const auto& [letter, selected] : all) {
        const auto* m = log.find({0, letter.record.offset}, letter.parsed.failed_at_ms);
        if (letter.parsed.delivery_id == id && m) reentered = std::max(reentered, m->generation);
      }
      const Letter* newest = nullptr;
      for (const auto& [letter, selected] : all) {
        if (letter.parsed.delivery_id != id || !selected || log.find({0, letter.record.offset}, letter.parsed.failed_at_ms)) continue;
        const auto rank = [](const Letter& l) { return std::pair(l.parsed.past.generation, l.parsed.failed_at_ms); };
        if (!newest || rank(letter) > rank(*newest)) newest = &letter;
      }
      if (newest && newest->parsed.past.generation >= reentered) expected.push_back({0, newest->record.offset});
    }
    std::sort(expected.begin(), expected.end());
    ReplayPlan plan(log, {});
    for (const auto& [letter, selected] : all) plan.add(letter, selected);
    Survey survey;
    EXPECT_EQ(places(plan.finish({}, survey)), expected) << "round " << round;
  }
}

}  // namespace
}  // namespace hookline::engine
