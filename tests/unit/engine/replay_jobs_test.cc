// What a replay's records say of its state.
#include "hookline/engine/replay_jobs.h"

#include <gtest/gtest.h>

namespace hookline::engine {
namespace {

using namespace std::chrono_literals;

core::WallTime at(const char* time) { return *core::parse_rfc3339(time); }

state::ReplayJob job(const char* executor, const char* what, const json::Tree& progress) {
  return {.id = "rpl_1",
          .asked = {{"by", "me"}, {"at", "2026-01-01T10:00:00Z"}, {"executor", executor}, {"request", {{"what", what}}}},
          .wanted = state::Wanted::running,
          .wanted_by = {},
          .progress = progress};
}

const json::Tree running{{"state", "running"}, {"at", "2026-01-01T10:05:00Z"}};

TEST(StateOfReplay, ACommandLineWithoutSignOfLifeIsInterrupted) {
  const auto events = job("cli", "events", running);
  EXPECT_EQ(state_of(events, at("2026-01-01T10:05:30Z")), "running");
  EXPECT_EQ(state_of(events, at("2026-01-01T10:05:31Z")), "interrupted");
  EXPECT_EQ(to_json(events, at("2026-01-01T11:00:00Z"))["error"], "to go on: hookline replay --config FILE --resume rpl_1");
  EXPECT_TRUE(to_json(events, at("2026-01-01T10:05:01Z"))["error"].is_null());
  EXPECT_FALSE(is_over(events)) << "somebody may take it up again";
  const auto letters = job("cli", "dead_letters", running);
  EXPECT_EQ(to_json(letters, at("2026-01-01T11:00:00Z"))["error"], "to go on: the same hookline dead-letters replay again");
  EXPECT_EQ(state_of(job("cli", "events", nullptr), at("2026-01-01T10:00:10Z")), "waiting");
  EXPECT_EQ(state_of(job("cli", "events", nullptr), at("2026-01-01T10:01:00Z")), "interrupted") << "killed before its first word";
}

TEST(StateOfReplay, OneThatEndedStaysSoAndTheServicesIsTakenUpByItself) {
  for (const char* state : {"done", "failed", "interrupted"}) {
    const auto ended = job("cli", "events", json::Tree{{"state", state}, {"at", "2026-01-01T10:05:00Z"}});
    EXPECT_EQ(state_of(ended, at("2026-01-02T10:00:00Z")), state);
  }
  EXPECT_EQ(state_of(job("service", "events", running), at("2026-01-02T10:00:00Z")), "running");
}

}  // namespace
}  // namespace hookline::engine
