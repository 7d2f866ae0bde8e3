#include "hookline/state/delivery_entry.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "hookline/json/tree.h"
#include "hookline/json/write.h"

namespace hookline::state {
namespace {

constexpr std::array<std::string_view, 3> outcomes{"waiting", "delivered", "dead_lettered"};

/// Writes an object key by key: a tree would cost more than the rest of a log entry.
class Object {
 public:
  explicit Object(std::string& out) : out_(out) { out_ += '{'; }
  ~Object() { out_ += '}'; }

  void text(std::string_view key, std::string_view value) {
    name(key);
    json::append_quoted(value, out_);
  }
  void raw(std::string_view key, std::string_view value) {
    name(key);
    out_ += value;
  }
  template <class Number>
  void number(std::string_view key, Number value) {
    raw(key, fmt::format_int(value).c_str());
  }
  std::string& open(std::string_view key) {
    name(key);
    return out_;
  }

 private:
  void name(std::string_view key) {
    if (!first_) out_ += ',';
    first_ = false;
    out_ += '"';
    out_ += key;
    out_ += "\":";
  }

  std::string& out_;
  bool first_ = true;
};

void append(const LoggedRequest& request, std::string& out) {
  Object object(out);
  object.text("method", request.method);
  object.text("url", request.url);
  {
    Object headers(object.open("headers"));
    for (const auto& [name, value] : request.headers) {
      std::string quoted;
      json::append_quoted(name, quoted);
      headers.text(std::string_view(quoted).substr(1, quoted.size() - 2), value);
    }
  }
  object.text("body", request.body);
}

void append(const LoggedAttempt& attempt, std::string& out) {
  Object object(out);
  object.number("number", attempt.number);
  if (attempt.status) object.number("status", *attempt.status);
  object.raw("duration_ms", fmt::format("{:.1f}", attempt.duration_ms));
  if (!attempt.error.empty()) object.text("error", attempt.error);
  if (attempt.request) append(*attempt.request, object.open("request"));
  if (attempt.response) object.text("response", *attempt.response);
}

std::string text_at(const json::Tree& tree, const char* key) {
  const auto found = tree.find(key);
  return found != tree.end() && found->is_string() ? found->get<std::string>() : std::string();
}

template <class Number>
Number number_at(const json::Tree& tree, const char* key) {
  const auto found = tree.find(key);
  return found != tree.end() && found->is_number() ? found->get<Number>() : Number{};
}

LoggedRequest request_of(const json::Tree& tree) {
  LoggedRequest request{text_at(tree, "method"), text_at(tree, "url"), {}, text_at(tree, "body")};
  const auto headers = tree.find("headers");
  if (headers == tree.end() || !headers->is_object()) return request;
  for (const auto& [name, value] : headers->items()) {
    if (value.is_string()) request.headers.emplace_back(name, value.get<std::string>());
  }
  return request;
}

LoggedAttempt attempt_of(const json::Tree& tree) {
  LoggedAttempt attempt{.number = number_at<std::uint32_t>(tree, "number"),
                        .status = {},
                        .duration_ms = number_at<double>(tree, "duration_ms"),
                        .error = text_at(tree, "error"),
                        .request = {},
                        .response = {}};
  if (tree.contains("status")) attempt.status = number_at<int>(tree, "status");
  if (tree.contains("request") && tree["request"].is_object()) attempt.request = request_of(tree["request"]);
  if (tree.contains("response")) attempt.response = text_at(tree, "response");
  return attempt;
}

}  // namespace

std::string_view name(DeliveryEntry::Outcome outcome) { return outcomes[static_cast<std::size_t>(outcome)]; }

std::string value_of(const DeliveryEntry& entry) {
  std::string out;
  out.reserve(512);
  {
    Object object(out);
    object.text("id", entry.id);
    object.text("webhook", entry.webhook);
    object.text("endpoint", entry.endpoint);
    object.text("kind", entry.kind);
    object.text("type", entry.type);
    object.text("outcome", name(entry.outcome));
    object.number("at", core::to_unix_ms(entry.at));
    object.text("topic", entry.topic);
    object.number("partition", entry.partition);
    object.number("offset", entry.offset);
    object.number("timestamp", core::to_unix_ms(entry.timestamp));
    if (!entry.reason.empty()) object.text("reason", entry.reason);
    if (!entry.error.empty()) object.text("error", entry.error);
    if (entry.attempt) append(*entry.attempt, object.open("attempt"));
  }
  return out;
}

core::Result<DeliveryEntry> parse_delivery_entry(std::string_view value) {
  const auto tree = json::parse_tree(value);
  if (!tree) return tl::unexpected(tree.error());
  const auto bad = [](const char* what) { return core::fail(core::ErrorCode::invalid, std::string("a record of the delivery log ") + what); };
  if (!tree->is_object()) return bad("is no object");
  const auto outcome = std::find(outcomes.begin(), outcomes.end(), text_at(*tree, "outcome"));
  DeliveryEntry entry{.id = text_at(*tree, "id"),
                      .webhook = text_at(*tree, "webhook"),
                      .endpoint = text_at(*tree, "endpoint"),
                      .kind = text_at(*tree, "kind"),
                      .type = text_at(*tree, "type"),
                      .topic = text_at(*tree, "topic"),
                      .partition = number_at<std::int32_t>(*tree, "partition"),
                      .offset = number_at<std::int64_t>(*tree, "offset"),
                      .timestamp = core::from_unix_ms(number_at<std::int64_t>(*tree, "timestamp")),
                      .at = core::from_unix_ms(number_at<std::int64_t>(*tree, "at")),
                      .outcome = {},
                      .reason = text_at(*tree, "reason"),
                      .error = text_at(*tree, "error"),
                      .attempt = {}};
  if (outcome == outcomes.end() || entry.id.empty() || entry.topic.empty()) return bad("names no delivery");
  entry.outcome = static_cast<DeliveryEntry::Outcome>(outcome - outcomes.begin());
  if (tree->contains("attempt") && (*tree)["attempt"].is_object()) entry.attempt = attempt_of((*tree)["attempt"]);
  return entry;
}

}  // namespace hookline::state
