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
    bool kept = false;           ///< the request comes back with its answer
  };

  /// `record` must be one that the index's reader could decode. Error: invalid, when a value may not
  /// stand where the template puts it: the delivery can never be sent (reason `render`).
  [[nodiscard]] core::Result<deliver::Request> build(const Webhook& webhook, const Endpoint& endpoint,
                                                    const event::RecordView& record, event::Kind kind,
                                                    const Attempt& attempt, core::WallTime now);
  /// The type of an event, for people; empty if it cannot be read.
  std::string type_of(const Webhook& webhook, const event::RecordView& record, event::Kind kind);

  /// Several events in one request: begin(), add() each, finish(). What add() read is copied.
  void begin(const Webhook& webhook, const Endpoint& endpoint, core::WallTime now);
  /// false: the URL or a header comes out other than those of the first event, so that this one needs a request
  /// of its own; it was not added. Error: as of build(); it was not added.
  [[nodiscard]] core::Result<bool> add(const event::RecordView& record, event::Kind kind, const Attempt& attempt);
  /// Of what was added so far.
  std::uint64_t bytes() const { return payload_bytes_; }
  /// `id`: settle::batch_id() of the members' ids. At least one was added.
  [[nodiscard]] deliver::Request finish(std::string_view id);

 private:
  core::Result<std::string_view> render_event(const Webhook& webhook, const Endpoint& endpoint, const event::RecordView& record,
                                        event::Kind kind, const Attempt& attempt, core::WallTime now, deliver::Request& request);
  void close(const Webhook& webhook, std::string_view id, core::WallTime now, deliver::Request& request);

  event::Scratch scratch_;
  rule::Arena arena_;
  std::vector<rule::Outcome> fields_;
  core::HmacSha256 hmac_;
  std::string rendered_;
  // Of the request that is being made of several events.
  const Webhook* webhook_ = nullptr;
  const Endpoint* endpoint_ = nullptr;
  core::WallTime now_{};
  deliver::Request draft_, other_;
  std::vector<std::string> payloads_;
  std::uint64_t payload_bytes_ = 0;
};

}  // namespace hookline::engine
