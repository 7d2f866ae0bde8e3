// Which deliveries have come back lately, and how far along they were: a crash between the broker's
// acknowledgement and the commit leaves copies of a waiting delivery, which meet here. Remembers the last
// 65,536, at most about 6 MiB; what it has forgotten is delivered again, with the same id. One worker; begins
// anew with every assignment, because what an earlier owner saw it may not have finished.
#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace hookline::engine {

class Copies {
 public:
  static constexpr std::size_t most = 1 << 16;

  /// False: it, or what followed from it, has come by already. Else it is remembered. A replay begins a new
  /// `generation`, in which hops count from one again. An id that settle::delivery_id did not make is always news.
  bool is_news(std::string_view delivery_id, std::int64_t generation, std::uint32_t hops) {
    const auto id = parse(delivery_id);
    if (!id) return true;
    const std::pair now(generation, hops);
    const auto [place, fresh] = seen_.try_emplace(*id, now);
    if (!fresh) {
      if (now <= place->second) return false;
      place->second = now;
      return true;
    }
    order_.push_back(*id);
    if (order_.size() > most) {
      seen_.erase(order_.front());
      order_.pop_front();
    }
    return true;
  }
  void clear() {
    seen_.clear();
    order_.clear();
  }

 private:
  /// The 16 bytes of hash that an id spells.
  struct Id {
    std::uint64_t high, low;
    bool operator==(const Id&) const = default;
  };
  struct Hash {
    std::size_t operator()(const Id& id) const noexcept { return id.low; }
  };

  static std::optional<Id> parse(std::string_view text) {
    constexpr std::string_view prefix = "msg_";
    constexpr std::size_t half = 16;  // hex digits
    if (!text.starts_with(prefix) || text.size() != prefix.size() + 2 * half) return std::nullopt;
    Id id{};
    const char* const digits = text.data() + prefix.size();
    const auto high = std::from_chars(digits, digits + half, id.high, 16);
    const auto low = std::from_chars(digits + half, digits + 2 * half, id.low, 16);
    if (high.ptr != digits + half || low.ptr != digits + 2 * half) return std::nullopt;
    return id;
  }

  std::unordered_map<Id, std::pair<std::int64_t, std::uint32_t>, Hash> seen_;
  std::deque<Id> order_;
};

}  // namespace hookline::engine
