#include "hookline/state/definition_log.h"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "hookline/core/random.h"

namespace hookline::state {
namespace {

using Outcome = DefinitionLog::Outcome;
using std::chrono::hours;

const Name hook{Sort::webhook, "payments"};
constexpr auto noon = core::WallTime(std::chrono::milliseconds(1'780'000'000'000));

struct Record {
  std::string key;
  std::optional<std::string> value;  ///< nothing: a tombstone
};

Change change(std::uint64_t replaces, const std::string& id, const Name& of = hook) {
  return {of, replaces, id, "ada", noon, json::Tree{{"written", id}}};
}

Change deletion(std::uint64_t replaces, const std::string& id) {
  auto made = change(replaces, id);
  made.document.reset();
  return made;
}

Record record_of(const Change& made) { return {key_of(made), value_of(made)}; }

class Log : public ::testing::Test {
 protected:
  DefinitionLog log;

  Outcome apply(const Change& made) { return log.apply(key_of(made), value_of(made)); }
  std::string written(const Name& name = hook) const {
    const Version* version = log.find(name);
    return version && version->document ? (*version->document)["written"].get<std::string>() : "";
  }
};

TEST_F(Log, AChangeKeepsWhoAndWhenAndWhat) {
  EXPECT_EQ(key_of(change(6, "a1")), "webhook/payments/7-a1");
  const auto read = parse_change(key_of(change(6, "a1")), value_of(change(6, "a1")));
  ASSERT_TRUE(read) << read.error().message;
  EXPECT_EQ(read->of, hook);
  EXPECT_EQ(read->replaces, 6u);
  EXPECT_EQ(read->id, "a1");
  EXPECT_EQ(read->by, "ada");
  EXPECT_EQ(read->at, noon);
  EXPECT_EQ(read->document, change(6, "a1").document);
  EXPECT_FALSE(parse_change(key_of(deletion(1, "d")), value_of(deletion(1, "d")))->document);
}

TEST_F(Log, AChangeTakesEffectOnlyIfItReplacesWhatIsInForce) {
  EXPECT_EQ(apply(change(0, "a")), Outcome::applied);
  EXPECT_EQ(apply(change(0, "b")), Outcome::refused);
  EXPECT_EQ(written(), "a");
  EXPECT_EQ(apply(change(1, "c")), Outcome::applied);
  EXPECT_EQ(apply(change(1, "d")), Outcome::refused);
  EXPECT_EQ(written(), "c");
  EXPECT_EQ(log.find(hook)->revision, 2u);
  EXPECT_EQ(apply(change(1, "c")), Outcome::copy);
}

TEST_F(Log, ADeletionIsAChangeAndRevisionsGoOnAfterIt) {
  apply(change(0, "a"));
  EXPECT_EQ(apply(deletion(1, "b")), Outcome::applied);
  EXPECT_TRUE(log.documents().empty());
  EXPECT_EQ(log.find(hook)->revision, 2u);
  EXPECT_EQ(apply(change(0, "c")), Outcome::refused);
  EXPECT_EQ(apply(change(2, "d")), Outcome::applied);
  EXPECT_EQ(log.documents().at(hook).revision, 3u);
}

TEST_F(Log, GarbageIsWhatWasReplacedOrRefusedAndOldDeletions) {
  apply(change(0, "a"));
  apply(change(0, "b"));
  apply(change(1, "c"));
  EXPECT_EQ(log.garbage(hook, noon), (std::vector<std::string>{"webhook/payments/1-a", "webhook/payments/1-b"}));
  apply(deletion(2, "d"));
  EXPECT_EQ(log.garbage(hook, noon + hours(24)).size(), 3u);
  const auto keys = log.garbage(hook, noon + hours(24 * 8));
  ASSERT_EQ(keys.size(), 4u);
  EXPECT_EQ(keys.back(), "webhook/payments/3-d");
  for (const auto& key : keys) EXPECT_EQ(log.apply(key, std::nullopt), Outcome::removed);
  EXPECT_EQ(log.find(hook), nullptr);
}

TEST_F(Log, WhatIsForeignOrDamagedIsCountedAndPassedOver) {
  const auto good = change(0, "a");
  const std::vector<std::pair<std::optional<std::string>, std::optional<std::string>>> records{
      {std::nullopt, value_of(good)},
      {"webhook/payments", value_of(good)},
      {"webhook//1-a", value_of(good)},
      {"webhook/a/b/1-a", value_of(good)},
      {"webhook/payments/1-", value_of(good)},
      {"webhook/payments/0-a", value_of(good)},
      {"webhook/payments/-a", value_of(good)},
      {"webhook/payments/99999999999999999999-a", value_of(good)},
      {"rule/payments/1-a", value_of(good)},
      {"webhook/payments/2-a", value_of(good)},
      {key_of(good), ""},
      {key_of(good), "[]"},
      {key_of(good), "null"},
      {key_of(good), R"({"revision": 1})"},
      {key_of(good), R"({"revision": "1", "at": "2026-03-02T10:00:00Z", "document": {}})"},
      {key_of(good), R"({"revision": 1, "at": "yesterday", "document": {}})"},
      {key_of(good), R"({"revision": 1, "at": "2026-03-02T10:00:00Z", "document": 5})"},
      {key_of(good), R"({"revision": 1, "at": "2026-03-02T10:00:00Z", "deleted": false})"},
      {key_of(good), value_of(good).substr(0, 20)},
      {"something/else", std::nullopt},
  };
  for (const auto& [key, value] : records) {
    EXPECT_EQ(log.apply(key, value), Outcome::foreign) << key.value_or("-") << " " << value.value_or("-");
    EXPECT_FALSE(log.objection().empty());
  }
  EXPECT_EQ(log.foreign_records(), records.size());
  EXPECT_TRUE(log.documents().empty());
  EXPECT_EQ(apply(good), Outcome::applied);
}

/// Kafka's compaction of the records before `cut`: of each key the last one there stays, and tombstones
/// may go, too.
std::vector<Record> compacted(const std::vector<Record>& records, std::size_t cut, bool tombstones_go) {
  std::map<std::string, std::size_t> last;
  for (std::size_t i = 0; i < cut; ++i) last[records[i].key] = i;
  std::vector<Record> kept;
  for (std::size_t i = 0; i < records.size(); ++i) {
    if (i < cut && last[records[i].key] != i) continue;
    if (i < cut && tombstones_go && !records[i].value) continue;
    kept.push_back(records[i]);
  }
  return kept;
}

std::map<Name, std::pair<std::uint64_t, std::string>> state_of(const std::vector<Record>& records) {
  DefinitionLog log;
  for (const auto& record : records) (void)log.apply(record.key, record.value);
  std::map<Name, std::pair<std::uint64_t, std::string>> state;
  for (const auto& [name, version] : log.documents()) {
    state[name] = {version.revision, (*version.document)["written"].get<std::string>()};
  }
  return state;
}

/// Writers that have read the log up to some point, write on the strength of what they saw, and sweep or
/// crash before it.
class Writers {
 public:
  explicit Writers(std::uint64_t seed) : random_(seed), logs_(3), read_(3, 0) {}

  std::vector<Record> records;
  std::map<std::string, bool> promised;  ///< change id -> was it applied, by its writer's account

  void act() {
    const auto who = random_.below(logs_.size());
    const Name name{Sort::webhook, random_.chance(0.5) ? "a" : "b"};
    if (random_.chance(0.6)) (void)read(who, random_.below(records.size() - read_[who] + 1));
    const Version* seen = logs_[who].find(name);
    auto made = change(seen ? seen->revision : 0, "w" + std::to_string(++ids_), name);
    if (random_.chance(0.2)) made.document.reset();
    records.push_back(record_of(made));
    if (random_.chance(0.7)) {  // else it dies before it has read its change back
      promised[made.id] = read(who, records.size() - read_[who]) == Outcome::applied;
      if (random_.chance(0.7)) sweep(who, name);
    }
  }

 private:
  /// The outcome of the last one.
  Outcome read(std::size_t who, std::size_t count) {
    Outcome outcome = Outcome::foreign;
    for (std::size_t i = 0; i < count; ++i, ++read_[who]) {
      outcome = logs_[who].apply(records[read_[who]].key, records[read_[who]].value);
    }
    return outcome;
  }
  void sweep(std::size_t who, const Name& name) {
    for (const auto& key : logs_[who].garbage(name, noon)) {
      if (random_.chance(0.9)) records.push_back({key, std::nullopt});
    }
  }

  core::Random random_;
  std::vector<DefinitionLog> logs_;
  std::vector<std::size_t> read_;
  int ids_ = 0;
};

TEST(DefinitionLogProperty, CompactionAtAnyPointGivesTheSameStateAndKeepsWhatWasPromised) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    Writers writers(seed);
    for (int i = 0; i < 40; ++i) writers.act();
    const auto& records = writers.records;
    const auto expected = state_of(records);
    for (std::size_t cut = 0; cut <= records.size(); ++cut) {
      for (const bool tombstones_go : {false, true}) {
        ASSERT_EQ(state_of(compacted(records, cut, tombstones_go)), expected) << "seed " << seed << " cut " << cut;
      }
    }
    const auto twice = compacted(compacted(records, records.size() / 2, false), records.size() / 3, true);
    ASSERT_EQ(state_of(twice), expected) << seed;
    // Whatever was told to a writer is so in the log: at most one change per revision of a name took effect.
    std::set<std::pair<std::string, std::uint64_t>> taken;
    for (const auto& record : records) {
      if (!record.value) continue;
      const auto made = parse_change(record.key, *record.value);
      const auto told = writers.promised.find(made->id);
      if (told == writers.promised.end() || !told->second) continue;
      EXPECT_TRUE(taken.insert({made->of.name, made->replaces + 1}).second) << record.key;
    }
  }
}

TEST(DefinitionLogProperty, EveryProcessThatReadsTheLogHearsTheSameOfEachChange) {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    Writers writers(seed);
    for (int i = 0; i < 60; ++i) writers.act();
    DefinitionLog reader;
    for (const auto& record : writers.records) {
      const auto outcome = reader.apply(record.key, record.value);
      if (!record.value) continue;
      const auto told = writers.promised.find(parse_change(record.key, *record.value)->id);
      if (told == writers.promised.end()) continue;
      EXPECT_EQ(outcome == Outcome::applied, told->second) << seed << " " << record.key;
    }
  }
}

}  // namespace
}  // namespace hookline::state
