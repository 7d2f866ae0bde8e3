// What a replay's records say of its state.
#include "hookline/engine/replay_jobs.h"

#include <gtest/gtest.h>

namespace hookline::engine {
namespace {

state::ReplayJob job(const char* executor, const char* what, const json::Tree& progress, bool silent) {
  return {.id = "rpl_1",
          .asked = {{"by", "me"}, {"at", "2026-01-01T10:00:00Z"}, {"executor", executor}, {"request", {{"what", what}}}},
          .wanted = state::Wanted::running,
          .wanted_by = {},
          .progress = progress,
          .silent = silent};
}

const json::Tree running{{"state", "running"}, {"at", "2026-01-01T10:05:00Z"}};

TEST(StateOfReplay, ACommandLineWithoutSignOfLifeIsInterrupted) {
  const auto events = job("cli", "events", running, true);
  EXPECT_EQ(state_of(job("cli", "events", running, false)), "running");
  EXPECT_TRUE(to_json(job("cli", "events", running, false))["error"].is_null());
  EXPECT_EQ(state_of(events), "interrupted");
  EXPECT_EQ(to_json(events)["error"], "to go on: hookline replay --config FILE --resume rpl_1");
  EXPECT_FALSE(is_over(events)) << "somebody may take it up again";
  EXPECT_EQ(to_json(job("cli", "dead_letters", running, true))["error"], "to go on: the same hookline dead-letters replay again");
  EXPECT_EQ(state_of(job("cli", "events", nullptr, false)), "waiting");
  EXPECT_EQ(state_of(job("cli", "events", nullptr, true)), "interrupted") << "killed before its first word";
}

TEST(StateOfReplay, OneThatEndedStaysSoAndTheServicesIsTakenUpByItself) {
  for (const char* state : {"done", "failed", "interrupted"}) {
    EXPECT_EQ(state_of(job("cli", "events", json::Tree{{"state", state}, {"at", "2026-01-01T10:05:00Z"}}, true)), state);
  }
  EXPECT_EQ(state_of(job("service", "events", running, true)), "running");
}

}  // namespace
}  // namespace hookline::engine
