#include "hookline/deliver/circuit.h"

#include <gtest/gtest.h>

namespace hookline::deliver {
namespace {

using namespace std::chrono_literals;
using State = Circuit::State;

constexpr core::MonoTime start{1h};

Circuit opened() {
  Circuit circuit;
  circuit.started(start);
  for (int i = 0; i < 10; ++i) circuit.failed(start + 1s);
  return circuit;
}

TEST(Circuit, StaysClosedThroughShortOrFewFailures) {
  Circuit circuit;
  circuit.started(start);
  for (int i = 0; i < 100; ++i) circuit.failed(start + 999ms);
  EXPECT_TRUE(circuit.closed()) << "a burst of failures within a second may be one hiccup";
  Circuit rare;
  rare.started(start);
  for (int i = 0; i < 9; ++i) rare.failed(start + i * 1min);
  EXPECT_TRUE(rare.closed());
  rare.succeeded(start + 10min);
  for (int i = 0; i < 9; ++i) rare.failed(start + 11min);
  EXPECT_TRUE(rare.closed()) << "a success starts the count anew";
}

TEST(Circuit, OpensAndProbesOnceAtATime) {
  Circuit circuit = opened();
  EXPECT_EQ(circuit.state(), State::open);
  EXPECT_FALSE(circuit.admits(start + 2s));
  EXPECT_EQ(circuit.probe_at(), start + 3s);
  ASSERT_TRUE(circuit.admits(start + 3s));
  circuit.started(start + 3s);
  EXPECT_EQ(circuit.state(), State::half_open);
  EXPECT_FALSE(circuit.admits(start + 1h)) << "one probe at a time";
  circuit.failed(start + 4s);
  EXPECT_EQ(circuit.probe_at(), start + 8s) << "twice as long";
}

TEST(Circuit, WaitsAtMostAMinuteBetweenProbes) {
  Circuit circuit = opened();
  auto now = start;
  for (int i = 0; i < 10; ++i) {
    now = *circuit.probe_at();
    circuit.started(now);
    circuit.failed(now);
  }
  EXPECT_EQ(*circuit.probe_at(), now + 1min);
}

TEST(Circuit, ASuccessClosesItAtOnce) {
  Circuit circuit = opened();
  circuit.started(start + 3s);
  circuit.succeeded(start + 4s);
  EXPECT_TRUE(circuit.admits(start + 4s));
  for (int i = 0; i < 10; ++i) circuit.failed(start + 5s);
  EXPECT_EQ(circuit.probe_at(), start + 7s) << "the pause is short again";
}

TEST(Circuit, AnAnswerOfBeforeItOpenedCloses) {
  Circuit circuit = opened();
  circuit.succeeded(start + 2s);
  EXPECT_TRUE(circuit.closed());
}

TEST(Circuit, ALostProbeMakesRoomForAnother) {
  Circuit circuit = opened();
  circuit.started(start + 3s);
  circuit.probe_lost(start + 3s);
  EXPECT_TRUE(circuit.admits(start + 3s));
}

TEST(Circuit, HearsOfItFromOthers) {
  Circuit circuit;
  circuit.open_until(start + 5s);
  EXPECT_FALSE(circuit.admits(start + 4s));
  EXPECT_TRUE(circuit.admits(start + 5s));
}

TEST(Circuit, AtAPaceProbesComeAtItsDistanceAndTheFirstFailureOpens) {
  Circuit circuit = opened();
  for (int i = 0; i < 5; ++i) {  // its own pause has grown long
    const auto at = *circuit.probe_at();
    circuit.started(at);
    circuit.failed(at);
  }
  const auto now = start + 10min;
  circuit.started(now);
  circuit.failed(now);
  circuit.set_pace(10s, now);
  EXPECT_EQ(circuit.probe_at(), now + 10s);
  circuit.failed(now + 1s);
  EXPECT_EQ(circuit.probe_at(), now + 10s) << "what was in flight says nothing new";
  circuit.started(now + 10s);
  circuit.failed(now + 12s);
  EXPECT_EQ(circuit.probe_at(), now + 22s);
  circuit.started(now + 22s);
  circuit.succeeded(now + 22s);
  EXPECT_TRUE(circuit.closed());
  circuit.failed(now + 23s);
  EXPECT_EQ(circuit.state(), State::open) << "one failure is enough";
  circuit.failed(now + 40s);  // a probe that did not get as far as being sent
  EXPECT_EQ(circuit.probe_at(), now + 50s);
  circuit.set_pace(std::nullopt, now + 50s);
  circuit.started(now + 50s);
  circuit.succeeded(now + 50s);
  circuit.failed(now + 51s);
  EXPECT_TRUE(circuit.closed());
}

TEST(Circuit, APaceLeavesAnEndpointAloneThatAnsweredLast) {
  Circuit well, untried;
  well.started(start);
  well.succeeded(start);
  well.set_pace(10s, start + 1s);
  untried.set_pace(10s, start + 1s);
  EXPECT_TRUE(well.closed());
  EXPECT_EQ(untried.state(), State::open);
}

}  // namespace
}  // namespace hookline::deliver
