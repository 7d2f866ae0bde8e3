// HMAC, hashes and base64 over OpenSSL. Signer and Hasher keep their contexts, because making one
// costs more than using it: one of each per thread. Errors of the library abort: they mean a bug.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace hookline::core {

using Sha256 = std::array<std::uint8_t, 32>;

/// HMAC-SHA256 with reused contexts. Move-only, not thread-safe.
class HmacSha256 {
 public:
  HmacSha256();
  ~HmacSha256();
  HmacSha256(HmacSha256&&) noexcept;
  HmacSha256& operator=(HmacSha256&&) noexcept;

  void start(std::string_view key);
  void update(std::string_view bytes);
  Sha256 finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// SHA-256 with a reused context. Move-only, not thread-safe.
class Hasher {
 public:
  Hasher();
  ~Hasher();
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;

  void start();
  void update(std::string_view bytes);
  Sha256 finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// RFC 4648 section 4, with padding.
void append_base64(std::string_view bytes, std::string& out);
std::string base64(std::string_view bytes);
/// RFC 4648 section 5, without padding.
std::string base64url(std::string_view bytes);
/// Reads the standard alphabet; padding may be left out, but not be wrong. nullopt if anything else
/// stands there.
std::optional<std::string> from_base64(std::string_view text);
std::optional<std::string> from_base64url(std::string_view text);

std::string hex(std::string_view bytes);

/// Compares without telling by time where they differ (lengths are not secret).
bool equal_in_constant_time(std::string_view a, std::string_view b);

inline std::string_view as_view(const Sha256& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

}  // namespace hookline::core
