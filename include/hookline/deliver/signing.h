// Standard Webhooks signatures (standardwebhooks.com, "webhook-signature"): `v1,` + base64 of
// HMAC-SHA256 over "id.timestamp.body", one per secret, separated by blanks.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "hookline/core/crypto.h"
#include "hookline/core/result.h"

namespace hookline::deliver {

/// The key bytes of a secret as written: base64, with or without the prefix `whsec_`; 24 to 64 bytes.
/// Error: invalid, with the remedy; never repeats the secret.
[[nodiscard]] core::Result<std::string> signing_key(std::string_view secret);

/// The header's value; `keys` are what signing_key gave.
std::string signature(core::HmacSha256& hmac, const std::vector<std::string>& keys, std::string_view id,
                      std::int64_t timestamp_seconds, std::string_view body);

}  // namespace hookline::deliver
