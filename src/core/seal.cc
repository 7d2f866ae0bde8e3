#include "hookline/core/seal.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include "hookline/core/crypto.h"

namespace hookline::core {
namespace {

constexpr std::size_t key_size = 32, nonce_size = 12, tag_size = 16;
constexpr std::string_view version = "1";

void check(bool ok) {
  if (!ok) std::abort();  // out of memory or a broken OpenSSL: nothing sensible can follow
}

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

Context make_context() {
  Context context(EVP_CIPHER_CTX_new());
  check(context != nullptr);
  return context;
}

const unsigned char* bytes_of(std::string_view text) { return reinterpret_cast<const unsigned char*>(text.data()); }
unsigned char* bytes_of(std::string& text) { return reinterpret_cast<unsigned char*>(text.data()); }

std::string name_of(std::string_view key) {
  Hasher hasher;
  hasher.start();
  hasher.update("name of a Hookline sealing key:");
  hasher.update(key);
  return hex(as_view(hasher.finish())).substr(0, 8);
}

/// nonce, ciphertext, tag
std::string encrypt(std::string_view plain, std::string_view place, std::string_view key) {
  std::string out(nonce_size + plain.size() + tag_size, '\0');
  check(RAND_bytes(bytes_of(out), nonce_size) == 1);
  const auto context = make_context();
  int size = 0;
  check(EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, bytes_of(key), bytes_of(out)) == 1);
  check(EVP_EncryptUpdate(context.get(), nullptr, &size, bytes_of(place), static_cast<int>(place.size())) == 1);
  check(EVP_EncryptUpdate(context.get(), bytes_of(out) + nonce_size, &size, bytes_of(plain), static_cast<int>(plain.size())) == 1);
  check(EVP_EncryptFinal_ex(context.get(), bytes_of(out) + nonce_size + size, &size) == 1);
  check(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, tag_size, bytes_of(out) + nonce_size + plain.size()) == 1);
  return out;
}

std::optional<std::string> decrypt(std::string sealed, std::string_view place, std::string_view key) {
  if (sealed.size() < nonce_size + tag_size) return std::nullopt;
  const auto length = sealed.size() - nonce_size - tag_size;
  std::string plain(length + tag_size, '\0');  // room for what the library may write behind
  const auto context = make_context();
  int size = 0;
  check(EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, bytes_of(key), bytes_of(sealed)) == 1);
  check(EVP_DecryptUpdate(context.get(), nullptr, &size, bytes_of(place), static_cast<int>(place.size())) == 1);
  check(EVP_DecryptUpdate(context.get(), bytes_of(plain), &size, bytes_of(sealed) + nonce_size, static_cast<int>(length)) == 1);
  check(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, tag_size, bytes_of(sealed) + nonce_size + length) == 1);
  if (EVP_DecryptFinal_ex(context.get(), bytes_of(plain) + size, &size) != 1) return std::nullopt;
  plain.resize(length);
  return plain;
}

struct Parts {
  std::string_view key, data;
};

/// "1.KEYNAME.DATA"
std::optional<Parts> parts_of(std::string_view sealed) {
  const auto first = sealed.find('.');
  const auto second = first == sealed.npos ? sealed.npos : sealed.find('.', first + 1);
  if (second == sealed.npos || sealed.substr(0, first) != version) return std::nullopt;
  return Parts{sealed.substr(first + 1, second - first - 1), sealed.substr(second + 1)};
}

}  // namespace

Result<SealingKeys> SealingKeys::parse(std::string_view text) {
  SealingKeys keys;
  while (!text.empty()) {
    const auto end = std::min(text.find_first_of(", \t\r\n"), text.size());
    const auto one = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (one.empty()) continue;
    auto bytes = from_base64(one);
    if (!bytes || bytes->size() != key_size) {
      return fail(ErrorCode::invalid, "a key is 32 bytes in base64; `openssl rand -base64 32` makes one");
    }
    auto name = name_of(*bytes);
    keys.keys_.push_back({std::move(*bytes), std::move(name)});
  }
  if (keys.empty()) return fail(ErrorCode::invalid, "there is no key; `openssl rand -base64 32` makes one");
  return keys;
}

std::string SealingKeys::seal(std::string_view plain, std::string_view place) const {
  check(!keys_.empty());
  const auto& key = keys_.front();
  return fmt::format("{}.{}.{}", version, key.name, base64url(encrypt(plain, place, key.bytes)));
}

Result<std::string> SealingKeys::open(std::string_view sealed, std::string_view place) const {
  const auto parts = parts_of(sealed);
  const auto data = parts ? from_base64url(parts->data) : std::nullopt;
  if (!data) return fail(ErrorCode::invalid, "the sealed secret is damaged");
  const auto key = std::find_if(keys_.begin(), keys_.end(), [&](const Key& k) { return k.name == parts->key; });
  if (key == keys_.end()) {
    return fail(ErrorCode::not_found, fmt::format("the secret was sealed with the key {}, which this process has not got", parts->key.substr(0, 8)));
  }
  auto plain = decrypt(*data, place, key->bytes);
  if (!plain) return fail(ErrorCode::invalid, "the sealed secret is damaged, or was sealed for another place");
  return std::move(*plain);
}

bool SealingKeys::is_current(std::string_view sealed) const {
  const auto parts = parts_of(sealed);
  return parts && !keys_.empty() && keys_.front().name == parts->key;
}

}  // namespace hookline::core
