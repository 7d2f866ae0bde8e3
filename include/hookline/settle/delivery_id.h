// The stable id of a delivery: the same over retry, restart, rebalance and replay, because it is a
// hash of where the event stands and whom it goes to.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "hookline/core/crypto.h"
#include "hookline/settle/dead_letter.h"

namespace hookline::settle {

/// `msg_` + 32 hex digits: the first 16 bytes of SHA-256 over cluster id, topic, partition, offset,
/// record timestamp, webhook and endpoint name, each with its length. `hasher` is the thread's own.
std::string delivery_id(core::Hasher& hasher, std::string_view cluster_id, const Origin& origin,
                        std::string_view webhook, std::string_view endpoint);

}  // namespace hookline::settle
