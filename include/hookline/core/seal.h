// Secrets that are stored: AES-256-GCM over OpenSSL, a random nonce for each, bound to the place where they stand,
// so that a sealed text copied elsewhere does not open. Several keys while rotating: the first seals, all open.
// Immutable; any thread. Errors of the library abort: they mean a bug.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hookline/core/result.h"

namespace hookline::core {

class SealingKeys {
 public:
  /// No key: nothing can be sealed or opened.
  SealingKeys() = default;
  /// Keys of 32 bytes in base64, separated by commas or blanks, the one that seals first. Error: invalid; never repeats the text.
  [[nodiscard]] static Result<SealingKeys> parse(std::string_view text);

  bool empty() const { return keys_.empty(); }

  /// `plain` as a text of letters, digits, `.`, `-` and `_`. `place` says what it belongs to. There must be a key.
  std::string seal(std::string_view plain, std::string_view place) const;
  /// Errors: not_found, it was sealed with a key that is not here (its name is told); invalid, it is damaged, or
  /// was sealed for another place.
  [[nodiscard]] Result<std::string> open(std::string_view sealed, std::string_view place) const;
  /// Was it sealed with the key that seals now?
  bool is_current(std::string_view sealed) const;

 private:
  struct Key {
    std::string bytes;
    std::string name;  ///< of eight letters; tells keys apart and nothing about them
  };
  std::vector<Key> keys_;
};

}  // namespace hookline::core
