// What an OAuth 2.0 token endpoint is asked and what its answer means (RFC 6749, client credentials). Pure.
#pragma once

#include <memory>
#include <string>

#include "hookline/core/result.h"
#include "hookline/core/time.h"
#include "hookline/deliver/request.h"

namespace hookline::deliver {

/// How long a token lives if the answer does not say (`expires_in` is only recommended, section 5.1).
inline constexpr core::Duration default_token_lifetime = std::chrono::minutes(5);

struct AccessToken {
  std::string value;
  core::Duration lifetime{};
};

/// The request of section 4.4.2. The client authenticates with HTTP Basic, id and secret form-encoded before
/// (section 2.3.1). `route` names the credentials.
Request token_request(AttemptId id, const std::shared_ptr<const Route>& route);

/// The token in a 2xx answer (section 5.1). Error: unavailable, one line that names no secret: of an error
/// answer its status and error code (section 5.2), not what the server says beside it.
[[nodiscard]] core::Result<AccessToken> read_token(const Answer& answer);

/// For how long a token is taken for good: renewed half a minute before its end, a short-lived one at half
/// of its life.
core::Duration token_use(core::Duration lifetime);

}  // namespace hookline::deliver
