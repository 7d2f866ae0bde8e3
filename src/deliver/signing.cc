#include "hookline/deliver/signing.h"

#include <fmt/format.h>

namespace hookline::deliver {
namespace {

constexpr std::string_view secret_prefix = "whsec_";
constexpr std::size_t shortest_key = 24;
constexpr std::size_t longest_key = 64;

}  // namespace

core::Result<std::string> signing_key(std::string_view secret) {
  if (secret.starts_with(secret_prefix)) secret.remove_prefix(secret_prefix.size());
  auto key = core::from_base64(secret);
  if (!key) {
    return core::fail(core::ErrorCode::invalid,
                      "a signing secret is base64, with or without whsec_ in front; make one with: "
                      "echo whsec_$(openssl rand -base64 32)");
  }
  if (key->size() < shortest_key || key->size() > longest_key) {
    return core::fail(
        core::ErrorCode::invalid,
        fmt::format("a signing secret holds {} to {} bytes in base64, this one holds {}; make one "
                    "with: echo whsec_$(openssl rand -base64 32)",
                    shortest_key, longest_key, key->size()));
  }
  return std::move(*key);
}

std::string signature(core::HmacSha256& hmac, const std::vector<std::string>& keys, std::string_view id,
                      std::int64_t timestamp_seconds, std::string_view body) {
  const fmt::format_int timestamp(timestamp_seconds);
  std::string value;
  value.reserve(keys.size() * 48);
  for (const auto& key : keys) {
    hmac.start(key);
    hmac.update(id);
    hmac.update(".");
    hmac.update({timestamp.data(), timestamp.size()});
    hmac.update(".");
    hmac.update(body);
    if (!value.empty()) value.push_back(' ');
    value += "v1,";
    core::append_base64(core::as_view(hmac.finish()), value);
  }
  return value;
}

}  // namespace hookline::deliver
