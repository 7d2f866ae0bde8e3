// The stable id of a delivery: the same over retry, restart, rebalance and replay, because it is a
// hash of where the event stands and whom it goes to. Pure; any thread, each with its own hasher.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "hookline/core/crypto.h"
#include "hookline/settle/dead_letter.h"

namespace hookline::settle {

/// `msg_` + 32 hex digits: the first 16 bytes of SHA-256 over cluster id, topic, partition, offset,
/// record timestamp (Unix milliseconds), webhook and endpoint name; numbers and the length before each
/// text as 8 bytes, highest first. `hasher` is the thread's own. A contract: receivers tell duplicates by it.
std::string delivery_id(core::Hasher& hasher, std::string_view cluster_id, const Origin& origin,
                        std::string_view webhook, std::string_view endpoint);

/// The id of a request that carries several deliveries: the same hash over their ids, in their order.
/// A batch of one has its member's id.
std::string batch_id(core::Hasher& hasher, std::span<const std::string> members);

}  // namespace hookline::settle
