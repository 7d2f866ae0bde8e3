// Metadata whose checksum is right whatever the rest is, as an attacker or a bug would write it: what
// decode() must withstand behind its checksum. CRC-64/XZ bit by bit, independent of src/settle.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "hookline/core/crypto.h"

namespace hookline::settle {

/// `kind_and_payload`: the kind's byte, then the payload.
inline std::string forge_map(std::string_view kind_and_payload, std::int64_t base) {
  std::string bytes("\x01", 1);
  bytes += kind_and_payload.substr(0, 1);
  for (int shift = 56; shift >= 0; shift -= 8) {
    bytes.push_back(static_cast<char>(base >> shift));
  }
  const std::string payload(kind_and_payload.substr(1));
  std::uint64_t crc = ~std::uint64_t{0};
  for (const char c : bytes + payload) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) {
      crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xc96c5795d7870f42 : 0);
    }
  }
  crc = ~crc;
  for (int shift = 56; shift >= 0; shift -= 8) {
    bytes.push_back(static_cast<char>(crc >> shift));
  }
  return "HK1." + core::base64url(bytes + payload);
}

}  // namespace hookline::settle
