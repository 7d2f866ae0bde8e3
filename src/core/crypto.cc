#include "hookline/core/crypto.h"

#include <algorithm>
#include <cstdlib>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

namespace hookline::core {
namespace {

void check(bool ok) {
  if (!ok) std::abort();  // out of memory or a broken OpenSSL: nothing sensible can follow
}

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }

constexpr char standard_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr char url_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void encode(std::string_view in, const char* alphabet, bool pad, std::string& out) {
  out.reserve(out.size() + (in.size() + 2) / 3 * 4);
  std::size_t i = 0;
  const auto byte = [&](std::size_t k) { return static_cast<std::uint32_t>(static_cast<unsigned char>(in[k])); };
  for (; i + 3 <= in.size(); i += 3) {
    const std::uint32_t v = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    const char quad[4] = {alphabet[v >> 18], alphabet[v >> 12 & 63], alphabet[v >> 6 & 63], alphabet[v & 63]};
    out.append(quad, 4);
  }
  const std::size_t rest = in.size() - i;
  if (rest == 0) return;
  const std::uint32_t v = byte(i) << 16 | (rest == 2 ? byte(i + 1) << 8 : 0);
  out.push_back(alphabet[v >> 18]);
  out.push_back(alphabet[v >> 12 & 63]);
  if (rest == 2) out.push_back(alphabet[v >> 6 & 63]);
  if (pad) out.append(rest == 2 ? "=" : "==");
}

std::array<std::int8_t, 256> reverse(const char* alphabet) {
  std::array<std::int8_t, 256> table;
  table.fill(-1);
  for (int i = 0; i < 64; ++i) table[static_cast<unsigned char>(alphabet[i])] = static_cast<std::int8_t>(i);
  return table;
}

std::optional<std::string> decode(std::string_view text, const std::array<std::int8_t, 256>& table) {
  if (const auto padding = text.size() - std::min(text.find('='), text.size()); padding > 0) {
    if (padding > 2 || text.size() % 4 != 0) return std::nullopt;
    text.remove_suffix(padding);
  }
  if (text.size() % 4 == 1) return std::nullopt;
  std::string out;
  out.reserve(text.size() * 3 / 4);
  std::uint32_t bits = 0;
  int held = 0;
  for (const char c : text) {
    const auto value = table[static_cast<unsigned char>(c)];
    if (value < 0) return std::nullopt;
    bits = bits << 6 | static_cast<std::uint32_t>(value);
    held += 6;
    if (held >= 8) {
      held -= 8;
      out.push_back(static_cast<char>(bits >> held & 0xff));
    }
  }
  if ((bits & ((1u << held) - 1)) != 0) return std::nullopt;  // non-canonical spelling
  return out;
}

}  // namespace

struct HmacSha256::State {
  EVP_MAC* mac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  EVP_MAC_CTX* context = EVP_MAC_CTX_new(mac);
  ~State() {
    EVP_MAC_CTX_free(context);
    EVP_MAC_free(mac);
  }
};

HmacSha256::HmacSha256() : state_(std::make_unique<State>()) { check(state_->context != nullptr); }
HmacSha256::~HmacSha256() = default;
HmacSha256::HmacSha256(HmacSha256&&) noexcept = default;
HmacSha256& HmacSha256::operator=(HmacSha256&&) noexcept = default;

void HmacSha256::start(std::string_view key) {
  char digest[] = "SHA256";
  const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                               OSSL_PARAM_construct_end()};
  // A null key would mean "the one before"; an empty key is a key too.
  static const unsigned char empty = 0;
  check(EVP_MAC_init(state_->context, key.empty() ? &empty : bytes_of(key), key.size(), params) == 1);
}

void HmacSha256::update(std::string_view bytes) {
  check(EVP_MAC_update(state_->context, bytes_of(bytes), bytes.size()) == 1);
}

Sha256 HmacSha256::finish() {
  Sha256 digest;
  std::size_t size = 0;
  check(EVP_MAC_final(state_->context, digest.data(), &size, digest.size()) == 1 && size == digest.size());
  return digest;
}

struct Hasher::State {
  EVP_MD* algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  EVP_MD_CTX* context = EVP_MD_CTX_new();
  ~State() {
    EVP_MD_CTX_free(context);
    EVP_MD_free(algorithm);
  }
};

Hasher::Hasher() : state_(std::make_unique<State>()) {
  check(state_->context != nullptr && state_->algorithm != nullptr);
}
Hasher::~Hasher() = default;
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;

void Hasher::start() { check(EVP_DigestInit_ex2(state_->context, state_->algorithm, nullptr) == 1); }
void Hasher::update(std::string_view bytes) {
  check(EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) == 1);
}
Sha256 Hasher::finish() {
  Sha256 digest;
  unsigned size = 0;
  check(EVP_DigestFinal_ex(state_->context, digest.data(), &size) == 1 && size == digest.size());
  return digest;
}

void append_base64(std::string_view bytes, std::string& out) { encode(bytes, standard_alphabet, true, out); }

std::string base64(std::string_view bytes) {
  std::string out;
  encode(bytes, standard_alphabet, true, out);
  return out;
}

std::string base64url(std::string_view bytes) {
  std::string out;
  encode(bytes, url_alphabet, false, out);
  return out;
}

std::optional<std::string> from_base64(std::string_view text) {
  static const auto table = reverse(standard_alphabet);
  return decode(text, table);
}

std::optional<std::string> from_base64url(std::string_view text) {
  static const auto table = reverse(url_alphabet);
  return decode(text, table);
}

std::string hex(std::string_view bytes) {
  static constexpr char digits[] = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto b = static_cast<unsigned char>(c);
    out.push_back(digits[b >> 4]);
    out.push_back(digits[b & 15]);
  }
  return out;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace hookline::core
