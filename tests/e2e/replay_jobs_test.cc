// Replays asked for through the admin API: counted first, watched, paused, cancelled; and one whose process is
// killed in the middle is taken up again by another.
#include "replay_fixture.h"

namespace hookline::test {
namespace {

class ReplayJobs : public Replays {
 protected:
  static HttpAnswer post(const HooklineProcess& to, const std::string& target, const std::string& body) {
    return to.request("POST", target, body, {{"Content-Type", "application/json"}});
  }
  static HttpAnswer want(const HooklineProcess& of, const std::string& id, const std::string& state) {
    return of.request("PATCH", "/api/v1/replays/" + id, fmt::format(R"({{"state":"{}"}})", state), {{"Content-Type", "application/json"}});
  }
  static std::string id_in(const HttpAnswer& answer) {
    const auto at = answer.body.find("rpl_");
    return at == std::string::npos ? std::string() : answer.body.substr(at, 20);
  }
  static bool is(const HooklineProcess& at, const std::string& id, const std::string& state) {
    return at.get("/api/v1/replays/" + id).body.find(fmt::format(R"("state":"{}")", state)) != std::string::npos;
  }
};

TEST_F(ReplayJobs, AreCountedFirstWatchedPausedAndCancelled) {
  create_topics(4);
  HooklineProcess hookline(options(webhook("w")));
  ASSERT_TRUE(hookline.wait_ready()) << hookline.log();
  outage(hookline, 200);
  const auto looked = post(hookline, "/api/v1/dead-letters/replay", R"({"webhook":"w","dry_run":true})");
  EXPECT_EQ(looked.status, 200) << looked.body;
  EXPECT_NE(looked.body.find(R"("selected":200)"), std::string::npos) << looked.body;
  EXPECT_EQ(receiver.count(), 0u);
  EXPECT_EQ(post(hookline, "/api/v1/dead-letters/replay", R"({"webhok":"w"})").status, 422);
  for (const char* member : {"since", "where", "to"}) {
    const auto refused = post(hookline, "/api/v1/dead-letters/replay", fmt::format(R"({{"{}":"no such ("}})", member));
    EXPECT_EQ(refused.status, 422) << member;
    EXPECT_NE(refused.body.find(fmt::format(R"("pointer":"/{}")", member)), std::string::npos) << refused.body;
  }

  const auto asked = post(hookline, "/api/v1/dead-letters/replay", R"({"webhook":"w","rate":"20/s"})");
  ASSERT_EQ(asked.status, 202) << asked.body;
  const auto id = id_in(asked);
  ASSERT_TRUE(wait_until([&] { return receiver.count() > 10; }, 60s)) << hookline.log();
  EXPECT_EQ(want(hookline, id, "paused").status, 200);
  ASSERT_TRUE(wait_until([&] { return is(hookline, id, "paused"); }, 30s)) << hookline.log();
  ASSERT_TRUE(wait_until([&] { return waiting() == 0; }, 30s));
  const auto stands_still = [&] {
    const auto count = receiver.count();
    return holds_for([&] { return receiver.count() == count; }, 1s);
  };
  ASSERT_TRUE(wait_until(stands_still, 30s)) << "twenty a second would come if it went on";
  const auto at_rest = receiver.count();
  EXPECT_LT(at_rest, 200u);
  EXPECT_EQ(want(hookline, id, "running").status, 200);
  ASSERT_TRUE(wait_until([&] { return receiver.count() > at_rest + 10; }, 60s)) << hookline.log();
  EXPECT_EQ(want(hookline, id, "cancelled").status, 200);
  ASSERT_TRUE(wait_until([&] { return is(hookline, id, "cancelled") && waiting() == 0; }, 30s)) << hookline.log();
  EXPECT_EQ(want(hookline, id, "running").status, 409);
  EXPECT_LT(receiver.count(), 200u);

  // The rest, by the next one.
  const auto rest = id_in(post(hookline, "/api/v1/dead-letters/replay", "{}"));
  ASSERT_TRUE(wait_until([&] { return is(hookline, rest, "done"); }, 60s)) << hookline.log();
  ASSERT_TRUE(wait_until([&] { return receipts().size() == 200; }, 60s)) << hookline.log();
  const auto list = hookline.get("/api/v1/replays");
  EXPECT_NE(list.body.find(id), std::string::npos);
  EXPECT_NE(list.body.find(rest), std::string::npos);
  EXPECT_EQ(hookline.get("/api/v1/replays/rpl_0").status, 404);
  EXPECT_EQ(hookline.terminate()->code, 0);
}

TEST_F(ReplayJobs, AnotherProcessGoesOnWhereOneWasKilled) {
  session_timeout = 3s;
  create_topics(4);
  const int events = 1'000;
  HooklineProcess first(options(webhook("w"), {}, "  group.instance.id: a\n"));
  ASSERT_TRUE(first.wait_ready()) << first.log();
  outage(first, events);
  const auto id = id_in(post(first, "/api/v1/dead-letters/replay", R"({"rate":"100/s"})"));
  ASSERT_FALSE(id.empty());
  ASSERT_TRUE(wait_until([&] { return receiver.count() > 200; }, 60s)) << first.log();
  first.kill9();
  HooklineProcess second(options(webhook("w"), {}, "  group.instance.id: b\n"));
  ASSERT_TRUE(second.wait_ready(60s)) << second.log();
  ASSERT_TRUE(wait_until([&] { return is(second, id, "done"); }, 180s)) << second.log() << second.get("/api/v1/replays/" + id).body;
  ASSERT_TRUE(wait_until([&] { return all_committed(); }, 60s));
  EXPECT_EQ(receipts().size(), static_cast<std::size_t>(events));
  EXPECT_NE(second.log().find("goes on with"), std::string::npos) << second.log();
  EXPECT_EQ(letters().size(), static_cast<std::size_t>(events));
  const auto told = second.get("/api/v1/replays/" + id);
  EXPECT_NE(told.body.find(R"("by":"local")"), std::string::npos) << told.body;
  std::int64_t repeated = 0;
  for (const auto& [delivery, count] : receipts()) repeated += count - 1;
  fmt::print("a job whose process was killed: {} deliveries, sent twice {}\n", events, repeated);
  EXPECT_LE(repeated, 256 + 64 * 2 + 100);
  EXPECT_EQ(second.terminate()->code, 0);
}

}  // namespace
}  // namespace hookline::test
