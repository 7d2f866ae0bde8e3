#include "hookline/deliver/headers.h"

#include <algorithm>
#include <array>

#include "hookline/deliver/signing.h"

namespace hookline::deliver {
namespace {

constexpr std::array<std::string_view, 6> framing{"host",       "content-length", "transfer-encoding",
                                                  "connection", "expect",         "upgrade"};
constexpr std::string_view own_prefix = "webhook-";

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool has(const std::vector<HttpHeader>& headers, std::string_view name) {
  return std::any_of(headers.begin(), headers.end(),
                     [&](const HttpHeader& header) { return same_header_name(header.name, name); });
}

}  // namespace

bool same_header_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() &&
         std::equal(a.begin(), a.end(), b.begin(), [](char x, char y) { return lower(x) == lower(y); });
}

bool is_framing_header(std::string_view name) {
  return std::any_of(framing.begin(), framing.end(),
                     [&](std::string_view taken) { return same_header_name(taken, name); });
}

bool is_reserved_header(std::string_view name) {
  return is_framing_header(name) || same_header_name(name.substr(0, own_prefix.size()), own_prefix);
}

std::string_view content_type(config::BodyFormat format) {
  return format == config::BodyFormat::ndjson ? "application/x-ndjson" : "application/json";
}

void append_standard_headers(std::vector<HttpHeader>& headers, config::BodyFormat format, std::string_view id,
                             std::int64_t timestamp_seconds, core::HmacSha256& hmac,
                             const std::vector<std::string>& keys, std::string_view body) {
  if (!has(headers, "User-Agent")) headers.push_back({"User-Agent", "Hookline/" HOOKLINE_VERSION});
  if (!has(headers, "Content-Type")) headers.push_back({"Content-Type", std::string(content_type(format))});
  headers.push_back({"webhook-id", std::string(id)});
  headers.push_back({"webhook-timestamp", std::to_string(timestamp_seconds)});
  if (!keys.empty()) {
    headers.push_back({"webhook-signature", signature(hmac, keys, id, timestamp_seconds, body)});
  }
}

}  // namespace hookline::deliver
