#include "request_builder.h"

#include <array>

#include <fmt/format.h>

#include "hookline/deliver/signing.h"
#include "hookline/render/body.h"

namespace hookline::engine {
namespace {

core::Result<void> render_into(const Rendered& rendered, const render::Scope& scope, std::string& out) {
  if (!rendered.program) {
    out = rendered.constant;
    return {};
  }
  return rendered.program->render(scope, out);
}

}  // namespace

core::Result<deliver::Request> RequestBuilder::build(const Webhook& webhook, const Endpoint& endpoint,
                                                     const event::RecordView& record, event::Kind kind,
                                                     const Attempt& attempt, core::WallTime now) {
  const auto event = webhook.reader->read(record, kind, scratch_);
  if (!event) return tl::unexpected(event.error());
  arena_.clear();
  fields_.clear();
  for (const auto& field : webhook.fields) fields_.push_back(field.evaluate(*event, arena_));
  render::Scope scope{.event = &*event,
                      .fields = fields_,
                      .webhook = webhook.name,
                      .delivery_id = attempt.delivery_id,
                      .attempt = attempt.number,
                      .now = now,
                      .formatting = webhook.formatting,
                      .test_message = attempt.test_message};
  if (!attempt.correlation_id.empty()) scope.correlation_id = attempt.correlation_id;
  if (attempt.policy) {
    scope.policy = attempt.policy->policy;
    scope.count = attempt.policy->count;
    scope.window = attempt.policy->window;
  }

  deliver::Request request{.id = 0, .route = endpoint.route, .method = endpoint.method};
  if (auto done = render_into(endpoint.url, scope, request.url); !done) return tl::unexpected(done.error());

  std::string_view payload = event->document();
  if (webhook.payload) {
    rendered_.clear();
    if (auto done = webhook.payload->render(scope, rendered_); !done) return tl::unexpected(done.error());
    payload = rendered_;
  }
  render::append_body(webhook.format, std::span(&payload, 1), request.body);

  request.headers.reserve(webhook.headers.size() + 3);
  for (const auto& line : webhook.headers) {
    auto& header = request.headers.emplace_back(deliver::HttpHeader{line.name, {}});
    if (auto done = render_into(line.value, scope, header.value); !done) {
      return core::fail(done.error().code, fmt::format("header {}: {}", line.name, done.error().message));
    }
  }
  const std::int64_t seconds = core::to_unix_ms(now) / 1000;
  request.headers.push_back({"webhook-id", std::string(attempt.delivery_id)});
  request.headers.push_back({"webhook-timestamp", fmt::format_int(seconds).str()});
  if (!webhook.signing_keys.empty()) {
    request.headers.push_back({"webhook-signature", deliver::signature(hmac_, webhook.signing_keys,
                                                                       attempt.delivery_id, seconds, request.body)});
  }
  return request;
}

}  // namespace hookline::engine
