#include "request_builder.h"

#include <algorithm>
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

bool same_head(const deliver::Request& a, const deliver::Request& b) {
  const auto same = [](const deliver::HttpHeader& x, const deliver::HttpHeader& y) { return x.name == y.name && x.value == y.value; };
  return a.url == b.url && std::equal(a.headers.begin(), a.headers.end(), b.headers.begin(), b.headers.end(), same);
}

}  // namespace

core::Result<deliver::Request> RequestBuilder::build(const Webhook& webhook, const Endpoint& endpoint,
                                                     const event::RecordView& record, event::Kind kind,
                                                     const Attempt& attempt, core::WallTime now) {
  deliver::Request request{.id = 0, .route = endpoint.route, .method = endpoint.method, .secret_url = endpoint.secret_url};
  const auto payload = render_event(webhook, endpoint, record, kind, attempt, now, request);
  if (!payload) return tl::unexpected(payload.error());
  render::append_body(webhook.format, std::span(&*payload, 1), request.body);
  close(webhook, attempt.delivery_id, now, request);
  return request;
}

void RequestBuilder::begin(const Webhook& webhook, const Endpoint& endpoint, core::WallTime now) {
  webhook_ = &webhook;
  endpoint_ = &endpoint;
  now_ = now;
  draft_ = deliver::Request{.id = 0, .route = endpoint.route, .method = endpoint.method, .secret_url = endpoint.secret_url};
  payloads_.clear();
  payload_bytes_ = 0;
}

core::Result<bool> RequestBuilder::add(const event::RecordView& record, event::Kind kind, const Attempt& attempt) {
  const bool first = payloads_.empty();
  deliver::Request& request = first ? draft_ : other_;
  request.url.clear();
  request.headers.clear();
  const auto payload = render_event(*webhook_, *endpoint_, record, kind, attempt, now_, request);
  if (!payload) return tl::unexpected(payload.error());
  if (!first && !same_head(draft_, other_)) return false;
  payloads_.emplace_back(*payload);
  payload_bytes_ += payload->size() + 1;
  return true;
}

deliver::Request RequestBuilder::finish(std::string_view id) {
  const std::vector<std::string_view> views(payloads_.begin(), payloads_.end());
  render::append_body(webhook_->format, views, draft_.body);
  close(*webhook_, id, now_, draft_);
  return std::move(draft_);
}

/// URL and headers of the webhook go into `request`; the payload is good until the next call.
core::Result<std::string_view> RequestBuilder::render_event(const Webhook& webhook, const Endpoint& endpoint,
                                                      const event::RecordView& record, event::Kind kind, const Attempt& attempt,
                                                      core::WallTime now, deliver::Request& request) {
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

  if (auto done = render_into(endpoint.url, scope, request.url); !done) return tl::unexpected(done.error());

  std::string_view payload = event->document();
  if (webhook.payload) {
    rendered_.clear();
    if (auto done = webhook.payload->render(scope, rendered_); !done) return tl::unexpected(done.error());
    payload = rendered_;
  }
  request.headers.reserve(webhook.headers.size() + 3);
  for (const auto& line : webhook.headers) {
    auto& header = request.headers.emplace_back(deliver::HttpHeader{line.name, {}, line.secret});
    if (auto done = render_into(line.value, scope, header.value); !done) {
      return core::fail(done.error().code, fmt::format("header {}: {}", line.name, done.error().message));
    }
  }
  if (attempt.kept) {
    request.kept = true;
    request.event_type = event->type();
  }
  return payload;
}

/// What every request ends in: its id, its time, its signature.
void RequestBuilder::close(const Webhook& webhook, std::string_view id, core::WallTime now, deliver::Request& request) {
  const std::int64_t seconds = core::to_unix_ms(now) / 1000;
  request.headers.push_back({"webhook-id", std::string(id)});
  request.headers.push_back({"webhook-timestamp", fmt::format_int(seconds).str()});
  if (!webhook.signing_keys.empty()) {
    request.headers.push_back({"webhook-signature", deliver::signature(hmac_, webhook.signing_keys,
                                                                       id, seconds, request.body)});
  }
}

std::string RequestBuilder::type_of(const Webhook& webhook, const event::RecordView& record, event::Kind kind) {
  const auto event = webhook.reader->read(record, kind, scratch_);
  return event ? std::string(event->type()) : std::string();
}

}  // namespace hookline::engine
