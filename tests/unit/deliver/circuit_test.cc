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

}  // namespace
}  // namespace hookline::deliver
