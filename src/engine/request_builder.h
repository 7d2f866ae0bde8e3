// Turns a delivery into the HTTP request of its next attempt: reads the event again for what this
// webhook's templates need, computes its fields, renders URL, headers and body, signs. Also what
// `render` and `test` show and send. One per thread (it holds the parser and buffers).
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "hookline/core/crypto.h"
#include "hookline/core/result.h"
#include "hookline/core/time.h"
#include "hookline/deliver/request.h"
#include "hookline/engine/definitions.h"
#include "hookline/event/reader.h"
#include "hookline/settle/policy_note.h"

namespace hookline::engine {

class RequestBuilder {
 public:
  struct Attempt {
    std::string_view delivery_id;
    std::uint32_t number = 1;    ///< counts from 1
    bool test_message = false;   ///< "[Test message]" before title and message
    std::string_view correlation_id;
    const settle::PolicyNote* policy = nullptr;  ///< that brought the event here; nullptr: none
  };

  /// `record` must be one that the index's reader could decode. Error: invalid, when a value may not
  /// stand where the template puts it: the delivery can never be sent (reason `render`).
  [[nodiscard]] core::Result<deliver::Request> build(const Webhook& webhook, const Endpoint& endpoint,
                                                    const event::RecordView& record, event::Kind kind,
                                                    const Attempt& attempt, core::WallTime now);

 private:
  event::Scratch scratch_;
  rule::Arena arena_;
  std::vector<rule::Outcome> fields_;
  core::HmacSha256 hmac_;
  std::string rendered_;
};

}  // namespace hookline::engine
