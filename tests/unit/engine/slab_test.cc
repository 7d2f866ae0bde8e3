#include "engine/slab.h"

#include <map>

#include <gtest/gtest.h>

#include "hookline/core/random.h"

namespace hookline::engine {
namespace {

TEST(Slab, HandlesNeverMeanAnotherEntry) {
  Slab<int> slab;
  core::Random random(7);
  std::map<Handle, int> model;
  std::vector<Handle> dead;
  for (int i = 0; i < 20'000; ++i) {
    if (model.empty() || random.chance(0.55)) {
      const Handle handle = slab.insert(i);
      ASSERT_NE(handle, 0u);
      ASSERT_TRUE(model.emplace(handle, i).second);
    } else {
      auto victim = model.begin();
      std::advance(victim, random.below(std::min<std::size_t>(model.size(), 50)));
      slab.erase(victim->first);
      dead.push_back(victim->first);
      model.erase(victim);
    }
    if (!dead.empty()) {
      ASSERT_EQ(slab.find(dead[random.below(dead.size())]), nullptr);
    }
  }
  EXPECT_EQ(slab.size(), model.size());
  for (const auto& [handle, value] : model) {
    ASSERT_NE(slab.find(handle), nullptr);
    EXPECT_EQ(*slab.find(handle), value);
  }
}

TEST(Slab, VisitingMayErase) {
  Slab<int> slab;
  for (int i = 0; i < 10; ++i) slab.insert(i);
  slab.for_each([&](Handle handle, int value) {
    if (value % 2 == 0) slab.erase(handle);
  });
  EXPECT_EQ(slab.size(), 5u);
}

}  // namespace
}  // namespace hookline::engine
