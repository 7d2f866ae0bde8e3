// One event through the pipeline by hand: what `render`, `test`, `demo` and the admin API's preview
// show and send. The same decoding, matching, rendering, signing and transport as a real delivery; only
// Kafka is left out. Any thread; nothing is kept.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hookline/core/result.h"
#include "hookline/core/time.h"
#include "hookline/deliver/request.h"
#include "hookline/engine/definitions.h"
#include "hookline/event/record.h"
#include "hookline/rule/expression.h"

namespace hookline::engine {

/// What a policy that names the webhook makes of the event.
struct PolicyMatch {
  const Policy* policy = nullptr;
  bool takes = false;                         ///< trigger, source and criteria hold: it notifies, or counts
  std::string note;                           ///< why, in a sentence
  std::vector<rule::Expression::Term> terms;  ///< of the criteria, with the values seen
};

struct Match {
  std::string type;
  bool subscribed = false;               ///< one of the webhook's `events` takes the type
  std::vector<PolicyMatch> policies;     ///< those that name the webhook, by name
  bool filter_holds = true;              ///< or there is no filter
  std::vector<rule::Expression::Term> terms;  ///< of the filter, with the values seen
  std::string note;                      ///< why, in a sentence
  /// The first policy that takes the event; nullptr: none.
  const Policy* policy() const;
  bool matched() const { return (subscribed || policy() != nullptr) && filter_holds; }
};

/// Would `webhook` get this event, and why? Error: invalid, if the record does not decode.
[[nodiscard]] core::Result<Match> try_match(const Definitions& definitions, const Webhook& webhook,
                                            const event::RecordView& record, event::Kind kind);

/// What the policies of `definitions` that name `webhook` make of the event. Error: invalid, if the record does not decode.
[[nodiscard]] core::Result<std::vector<PolicyMatch>> try_policies(const Definitions& definitions, const Webhook& webhook,
                                                                  const event::RecordView& record, event::Kind kind);

/// What a delivery that `policy` brought about would say of it: with a threshold as if it fired on this event.
settle::PolicyNote note_of(const Policy& policy);

/// The kind that the catalogue knows for the record's type; alarm for a record without one. Error: invalid (it does not decode) or
/// not_found (the catalogue does not know the type: the caller has to say).
[[nodiscard]] core::Result<event::Kind> guess_kind(const Definitions& definitions, const event::RecordView& record);

struct Trial {
  std::string delivery_id;
  std::uint32_t attempt = 1;
  bool test_message = false;
  std::string correlation_id;
  settle::PolicyNote policy;  ///< without name: no policy
};

/// The request that `endpoint` would get. Error: invalid, what a dead letter would say.
[[nodiscard]] core::Result<deliver::Request> try_render(const Webhook& webhook, const Endpoint& endpoint,
                                                        const event::RecordView& record, event::Kind kind,
                                                        const Trial& trial, core::WallTime now);

/// Sends one request and waits for its answer, on the calling thread.
deliver::Answer send_once(deliver::Request request, const std::vector<config::EgressRule>& egress);

}  // namespace hookline::engine
