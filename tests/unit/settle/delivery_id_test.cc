#include "hookline/settle/delivery_id.h"

#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace hookline::settle {
namespace {

Origin origin(std::string_view topic, std::int32_t partition, std::int64_t offset, std::int64_t ms) {
  return {topic, partition, offset, core::from_unix_ms(ms)};
}

// Computed outside of this code base: receivers keep ids to tell duplicates, so no release may change them.
TEST(DeliveryId, IsTheDocumentedHash) {
  core::Hasher hasher;
  EXPECT_EQ(delivery_id(hasher, "4L6g3nShT-eMCtK--X86sw", origin("ops.incidents", 3, 1234567, 1772445845110),
                        "payments-tickets", "main"),
            "msg_b0e8716a7413142ce5c9b8aa827ec43b");
  EXPECT_EQ(delivery_id(hasher, "c", origin("t", -1, 0, -1), "", ""), "msg_7cfe332f7c8b3adbe1ccf38bfa1dcb05");
}

TEST(DeliveryId, IsTheSameEveryTimeAndWithEveryHasher) {
  core::Hasher one, other;
  other.start();
  other.update("left over from something else");
  const auto id = [](core::Hasher& hasher) {
    return delivery_id(hasher, "c", origin("t", 1, 2, 3), "w", "0");
  };
  EXPECT_EQ(id(one), id(one));
  EXPECT_EQ(id(one), id(other));
}

TEST(DeliveryId, EveryPartOfItsIdentityCounts) {
  core::Hasher hasher;
  std::set<std::string> ids;
  ids.insert(delivery_id(hasher, "c", origin("t", 1, 2, 3), "w", "e"));
  ids.insert(delivery_id(hasher, "d", origin("t", 1, 2, 3), "w", "e"));
  ids.insert(delivery_id(hasher, "c", origin("u", 1, 2, 3), "w", "e"));
  ids.insert(delivery_id(hasher, "c", origin("t", 2, 2, 3), "w", "e"));
  ids.insert(delivery_id(hasher, "c", origin("t", 1, 3, 3), "w", "e"));
  ids.insert(delivery_id(hasher, "c", origin("t", 1, 2, 4), "w", "e"));
  ids.insert(delivery_id(hasher, "c", origin("t", 1, 2, 3), "x", "e"));
  ids.insert(delivery_id(hasher, "c", origin("t", 1, 2, 3), "w", "f"));
  // Texts that only together are the same.
  ids.insert(delivery_id(hasher, "c", origin("t", 1, 2, 3), "we", ""));
  ids.insert(delivery_id(hasher, "c", origin("t", 1, 2, 3), "", "we"));
  ids.insert(delivery_id(hasher, "ct", origin("", 1, 2, 3), "w", "e"));
  EXPECT_EQ(ids.size(), 11u);
}

TEST(BatchId, IsTheHashOfTheMembersIdsInTheirOrder) {
  core::Hasher hasher;
  const std::vector<std::string> members{"msg_b0e8716a7413142ce5c9b8aa827ec43b",
                                         "msg_7cfe332f7c8b3adbe1ccf38bfa1dcb05"};
  EXPECT_EQ(batch_id(hasher, members), "msg_f8219dace439794e95afa4f2fa88ba53");
  EXPECT_NE(batch_id(hasher, std::vector<std::string>{members[1], members[0]}), batch_id(hasher, members));
}

TEST(BatchId, OfOneMemberIsTheMembers) {
  core::Hasher hasher;
  EXPECT_EQ(batch_id(hasher, std::vector<std::string>{"msg_1"}), "msg_1");
}

}  // namespace
}  // namespace hookline::settle
