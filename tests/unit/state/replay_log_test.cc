#include "hookline/state/replay_log.h"

#include <gtest/gtest.h>

namespace hookline::state {
namespace {

constexpr auto topic = "a.dead-letters";

TEST(ReplayLog, AMarkIsReadBackAndTombstonesTakeItAway) {
  ReplayLog log(topic);
  const auto key = mark_key(topic, {3, 17});
  EXPECT_EQ(key, "a.dead-letters-3-17");
  log.apply(key, mark_value({42, core::from_unix_ms(1000), "rpl_1"}));
  const auto* mark = log.find({3, 17}, 42);
  ASSERT_TRUE(mark);
  EXPECT_EQ(mark->generation, 42);
  EXPECT_EQ(mark->at, core::from_unix_ms(1000));
  EXPECT_EQ(mark->job, "rpl_1");
  EXPECT_FALSE(log.find({3, 18}, 42));
  log.apply(key, std::nullopt);
  EXPECT_FALSE(log.find({3, 17}, 42));
}

TEST(ReplayLog, AMarkFromBeforeTheLetterFailedIsOfATopicThatWasMadeAnew) {
  ReplayLog log(topic);
  log.apply(mark_key(topic, {0, 1}), mark_value({4000, core::from_unix_ms(5000), "rpl_1"}));
  EXPECT_TRUE(log.find({0, 1}, 4000));
  EXPECT_TRUE(log.find({0, 1}, 4500)) << "a copy that failed later than the letter that stands for it";
  EXPECT_FALSE(log.find({0, 1}, 6000));
}

TEST(ReplayLog, MarksBelowTheBeginningOfTheirPartitionAreExpired) {
  ReplayLog log(topic);
  for (const LetterPlace& place : std::vector<LetterPlace>{LetterPlace{0, 1}, {0, 5}, {0, 6}, {1, 0}, {1, 9}, {2, 3}}) log.apply(mark_key(topic, place), mark_value({1, {}, ""}));
  using Places = std::vector<LetterPlace>;
  EXPECT_EQ(log.expired({{0, 6}, {1, 0}}, 100), (Places{{0, 1}, {0, 5}}));
  EXPECT_EQ(log.expired({{0, 6}, {1, 10}}, 3), (Places{{0, 1}, {0, 5}, {1, 0}}));
  EXPECT_TRUE(log.expired({}, 100).empty()) << "of a partition that is not known nothing can be told";
}

TEST(ReplayLog, MarksOfOtherTopicsAndWhatIsNoMarkArePassedOver) {
  ReplayLog log(topic);
  for (const char* key : {"b.dead-letters-3-17", "a.dead-letters", "a.dead-letters-3", "a.dead-letters-x-1", "a.dead-letters-1--1", "a.dead-letters-1-2x"}) {
    log.apply(key, mark_value({1, {}, ""}));
  }
  log.apply("a.dead-letters-1-2", "no json");
  log.apply("a.dead-letters-1-2", "[1]");
  log.apply(std::nullopt, "x");
  EXPECT_TRUE(log.marks().empty());
}

TEST(ReplayLog, AJobIsWhatItsThreeRecordsSayInAnyOrder) {
  ReplayLog log(topic);
  log.apply(wanted_key("rpl_1"), wanted_value(Wanted::paused, "ada", core::from_unix_ms(0)));
  log.apply(replay_progress_key("rpl_1"), R"({"state":"running"})");
  log.apply(job_key("rpl_1"), R"({"by":"ada"})");
  const auto& job = log.jobs().at("rpl_1");
  EXPECT_EQ(job.wanted, Wanted::paused);
  EXPECT_EQ(job.wanted_by, "ada");
  EXPECT_EQ(job.progress["state"], "running");
  EXPECT_EQ(job.asked["by"], "ada");
}

TEST(ReplayLog, TheLastWordIsFinalWhateverASlowerWriterSays) {
  for (const bool first : {false, true}) {
    ReplayLog log(topic);
    if (first) log.apply(replay_progress_key("rpl_1"), R"({"state":"running"})");
    log.apply(replay_end_key("rpl_1"), R"({"state":"done"})");
    log.apply(replay_progress_key("rpl_1"), R"({"state":"running"})");
    EXPECT_EQ(log.jobs().at("rpl_1").progress["state"], "done");
    log.apply(replay_end_key("rpl_1"), R"({"state":"done","at":"later"})");
    EXPECT_EQ(log.jobs().at("rpl_1").progress["at"], "later");
  }
}

TEST(ReplayLog, CancelledIsFinal) {
  ReplayLog log(topic);
  log.apply(wanted_key("rpl_1"), wanted_value(Wanted::cancelled, "ada", {}));
  log.apply(wanted_key("rpl_1"), wanted_value(Wanted::running, "bob", {}));
  EXPECT_EQ(log.jobs().at("rpl_1").wanted, Wanted::cancelled);
}

}  // namespace
}  // namespace hookline::state
