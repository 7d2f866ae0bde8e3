#include "hookline/engine/trial.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "hookline/config/secret.h"
#include "hookline/deliver/transport.h"
#include "hookline/event/catalogue.h"
#include "request_builder.h"

namespace hookline::engine {
namespace {

/// "`owner.name == "SRE"`: no such field": the error that the filter ended with, and the innermost term
/// that has it.
std::string without_answer(std::string_view filter, const rule::EvalError& error,
                           const std::vector<rule::Expression::Term>& terms) {
  const rule::Expression::Term* innermost = nullptr;
  for (const auto& term : terms) {
    const bool there = term.at <= error.at && error.at < term.at + term.length && term.result.starts_with("error: ");
    if (there && (innermost == nullptr || term.length < innermost->length)) innermost = &term;
  }
  const auto where = innermost == nullptr ? filter : filter.substr(innermost->at, innermost->length);
  return fmt::format("the filter has no answer: `{}`: {}", where, error.what);
}

}  // namespace

core::Result<Match> try_match(const Definitions& definitions, const Webhook& webhook, const event::RecordView& record,
                              event::Kind kind) {
  event::Variables variables(definitions.attributes());
  std::optional<rule::Expression> filter;
  if (!webhook.filter.empty()) {
    auto compiled = rule::Expression::compile(webhook.filter, variables);
    if (!compiled) return core::fail(core::ErrorCode::invalid, compiled.error().what);  // cannot be: it compiled before
    filter = std::move(*compiled);
  }
  const event::Reader reader(variables);
  event::Scratch scratch;
  const auto event = reader.read(record, kind, scratch);
  if (!event) return tl::unexpected(event.error());
  if (auto valid = event::validate(*event, scratch); !valid) return tl::unexpected(valid.error());

  Match match{.type = std::string(event->type())};
  match.subscribed = std::any_of(webhook.events.begin(), webhook.events.end(), [&](const std::string& pattern) {
    return event::pattern_matches(pattern, kind, event->type());
  });
  if (filter) {
    rule::Arena arena;
    std::optional<rule::EvalError> error;
    match.filter_holds = filter->matches(*event, arena, &error);
    match.terms = filter->explain(*event);
    if (error) match.note = without_answer(webhook.filter, *error, match.terms);
  }
  auto policies = try_policies(definitions, webhook, record, kind);
  if (!policies) return tl::unexpected(policies.error());
  match.policies = std::move(*policies);
  const bool policy_only = webhook.trigger == config::Trigger::policy;
  if (!match.subscribed && match.policy() == nullptr) {
    match.note = policy_only && match.policies.empty() ? "only policies reach this webhook, and none that is enabled names it"
                 : policy_only ? fmt::format("only policies reach this webhook, and none of those that name it takes {} ({})", match.type, name(kind)) : fmt::format("`events` [{}] does not take {} ({})", fmt::join(webhook.events, ", "), match.type, name(kind));
  } else if (match.note.empty()) {
    match.note = !filter ? "no filter: every event of these types" : match.filter_holds ? "the filter is true" : "the filter is false";
  }
  return match;
}

core::Result<event::Kind> guess_kind(const Definitions& definitions, const event::RecordView& record) {
  const event::Reader reader{event::Variables(definitions.attributes())};
  event::Scratch scratch;
  // Each kind may look for the type elsewhere. Alarms come last: to them, none at all is a type as well.
  constexpr std::array order{event::Kind::incident, event::Kind::detection, event::Kind::audit, event::Kind::alarm};
  std::optional<core::Error> why;
  for (const auto kind : order) {
    const auto event = reader.read(record, kind, scratch);
    const auto* type = event ? event::find_type(event->type()) : nullptr;
    if (type != nullptr && (type->kind == kind || kind == event::Kind::incident)) return type->kind;
    if (why) continue;
    why = event ? core::Error{core::ErrorCode::not_found, fmt::format("the catalogue does not know the type {}", event->type())}
                : event.error();
  }
  return tl::unexpected(*why);
}

core::Result<deliver::Request> try_render(const Webhook& webhook, const Endpoint& endpoint,
                                          const event::RecordView& record, event::Kind kind, const Trial& trial,
                                          core::WallTime now) {
  RequestBuilder builder;
  const RequestBuilder::Attempt attempt{.delivery_id = trial.delivery_id,
                                        .number = trial.attempt,
                                        .test_message = trial.test_message,
                                        .correlation_id = trial.correlation_id,
                                        .policy = trial.policy.policy.empty() ? nullptr : &trial.policy};
  return builder.build(webhook, endpoint, record, kind, attempt, now);
}

deliver::Answer send_once(deliver::Request request, const std::vector<config::EgressRule>& egress) {
  asio::io_context io(1);
  deliver::Answer answer;
  const auto transport = deliver::make_transport(
      io, std::make_shared<const deliver::EgressPolicy>(egress), [&](std::vector<deliver::Answer>&& answers) {
        answer = std::move(answers.front());
        io.stop();
      });
  asio::post(io, [&] { transport->start(std::move(request)); });
  io.run();
  return answer;
}

}  // namespace hookline::engine
