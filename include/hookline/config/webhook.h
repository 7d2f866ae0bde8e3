// A webhook as its owner wrote it: defaults filled in, secrets resolved, nothing compiled yet. The
// declaration that parses it, prints it and describes it as a schema stands in src/config/.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "hookline/config/problem.h"
#include "hookline/config/secret.h"
#include "hookline/core/time.h"

namespace hookline::config {

enum class Trigger : std::uint8_t { event, policy };
enum class Method : std::uint8_t { post, put, patch };
enum class EventFormatting : std::uint8_t { none, standard, slack, jira };  ///< `standard` is spelled default
enum class BodyFormat : std::uint8_t { object, array, ndjson };
enum class Ordering : std::uint8_t { none, key };
enum class RetryOn : std::uint8_t { transient, any_failure };
enum class OnNotFound : std::uint8_t { fail, create };
/// What a receiver reads its texts as: text values of the payload are escaped for it, literals are not.
enum class TextEscape : std::uint8_t { none, slack, html, markdown };

/// A header or credential value: may hold placeholders, may hold a resolved secret.
struct HeaderSetting {
  std::string name;
  Text value;
  bool secret = false;  ///< came from a secret reference: masked in every output
};

struct EndpointSetting {
  std::string name;  ///< default: its position
  Text url;
  bool url_secret = false;  ///< came from a secret reference
  Method method = Method::post;
};

struct BasicAuth {
  Text username;
  Secret password;
};
struct BearerAuth {
  Secret token;
};
struct HeaderAuth {
  std::vector<HeaderSetting> headers;  ///< all of them are secret
};
struct OAuth2 {
  Text token_url;
  std::string client_id;
  Secret client_secret;
  std::string scope;
};
using Auth = std::variant<std::monostate, BasicAuth, BearerAuth, HeaderAuth, OAuth2>;

struct Batch {
  std::uint32_t max_events = 1;
  core::Duration max_wait{};
};

struct Correlation {
  std::string key;          ///< attribute or path whose value joins create and update
  std::string response_id;  ///< creating side: path into the answer; empty on the updating side
  std::optional<core::Duration> expires = std::chrono::days(90);  ///< creating side; nullopt: never
  std::string from;  ///< updating side: name of the creating webhook; empty on the creating side
  Place from_place;
  core::Duration wait = std::chrono::seconds(60);  ///< updating side: for a create that has not come yet
  OnNotFound on_404 = OnNotFound::fail;
};

struct Retry {
  std::vector<core::Duration> schedule;  ///< wait before attempt 2, 3, …; presets are resolved
  RetryOn on = RetryOn::transient;
  core::Duration max_age{};  ///< from the first attempt; default 2 x schedule, at least 15 min
};

struct Timeout {
  core::Duration connect = std::chrono::seconds(5);
  core::Duration request = std::chrono::seconds(15);
};

struct Tls {
  bool verify = true;
  std::string ca, cert, key;  ///< paths, made absolute against the file that names them
};

struct DisableAfter {
  double failure_ratio = 0;
  core::Duration window{};
  std::uint32_t min_attempts = 20;
};

struct Webhook {
  std::string name;
  bool from_api = false;  ///< else a file of whoever runs the service
  std::string description;
  bool enabled = true;
  std::vector<Text> events;
  Trigger trigger = Trigger::event;
  std::optional<Text> filter;
  std::vector<EndpointSetting> endpoints;
  std::vector<HeaderSetting> headers;
  Auth auth;
  std::string template_name;  ///< empty: none
  std::vector<std::pair<std::string, Text>> fields;
  std::optional<Text> payload;
  EventFormatting event_formatting = EventFormatting::none;
  TextEscape escape = TextEscape::none;
  std::uint32_t max_text =
      0;  ///< characters per inserted text, the rest is cut with an ellipsis; 0: no limit
  BodyFormat format = BodyFormat::object;
  Batch batch;
  std::optional<Correlation> correlation;
  Ordering ordering = Ordering::none;
  Retry retry;
  Timeout timeout;
  Tls tls;
  Secret proxy;  ///< empty: none
  bool http2 = false;
  bool secret_url = false;
  std::vector<Secret> signing_secrets;
  std::uint32_t concurrency = 64;
  std::optional<double> rate_limit;  ///< requests per second
  std::optional<DisableAfter> disable_after;
  std::vector<std::string> failure_email;

  Place place;  ///< of the document
  /// Top-level keys that came from the template: to_tree leaves them out, as the owner did.
  std::vector<std::string> inherited;
  /// JSON pointers (from this webhook) of settings that hold a resolved secret reference: to_tree masks them.
  std::vector<std::string> referenced;
};

struct SourceMatch {
  enum class Of : std::uint8_t { any, host, ip, ip_range, site } of = Of::any;
  std::vector<std::string> values;
};

struct Threshold {
  std::uint32_t count = 0;
  core::Duration within{};
  std::string per;
};

struct Policy {
  std::string name;
  std::string description;
  bool enabled = true;
  std::vector<Text> on;
  SourceMatch source;
  std::optional<Text> criteria;
  std::optional<Threshold> threshold;
  std::vector<Text> notify;
  Place place;
  std::vector<std::string> referenced;  ///< as in Webhook
};

}  // namespace hookline::config
