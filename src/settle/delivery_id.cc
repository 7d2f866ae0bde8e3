#include "hookline/settle/delivery_id.h"

#include <array>

namespace hookline::settle {
namespace {

constexpr std::size_t id_bytes = 16;

/// Feeds parts to a hash so that no two lists of parts give the same bytes.
class Parts {
 public:
  explicit Parts(core::Hasher& hasher) : hasher_(hasher) { hasher_.start(); }

  void number(std::int64_t value) {
    std::array<char, 8> bytes;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      bytes[i] = static_cast<char>(static_cast<std::uint64_t>(value) >> (56 - 8 * i));
    }
    hasher_.update({bytes.data(), bytes.size()});
  }

  void text(std::string_view value) {
    number(static_cast<std::int64_t>(value.size()));
    hasher_.update(value);
  }

  std::string id() {
    const auto digest = hasher_.finish();
    return "msg_" + core::hex(core::as_view(digest).substr(0, id_bytes));
  }

 private:
  core::Hasher& hasher_;
};

}  // namespace

std::string delivery_id(core::Hasher& hasher, std::string_view cluster_id, const Origin& origin,
                        std::string_view webhook, std::string_view endpoint) {
  Parts parts(hasher);
  parts.text(cluster_id);
  parts.text(origin.topic);
  parts.number(origin.partition);
  parts.number(origin.offset);
  parts.number(core::to_unix_ms(origin.timestamp));
  parts.text(webhook);
  parts.text(endpoint);
  return parts.id();
}

std::string batch_id(core::Hasher& hasher, std::span<const std::string> members) {
  if (members.size() == 1) return members.front();
  Parts parts(hasher);
  for (const auto& member : members)
    parts.text(member);
  return parts.id();
}

}  // namespace hookline::settle
