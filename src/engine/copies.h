// Which deliveries have come back lately, and how far along they were: a crash between the broker's
// acknowledgement and the commit leaves copies of a waiting delivery, which meet here. Remembers the last
// 65,536; what it has forgotten is delivered again, with the same id. One worker; begins anew with every
// assignment, because what an earlier owner saw it may not have finished.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace hookline::engine {

class Copies {
 public:
  /// False: it, or what followed from it, has come by already. Else it is remembered. A replay begins a new
  /// `generation`, in which hops count from one again.
  bool is_news(std::string_view delivery_id, std::int64_t generation, std::uint32_t hops) {
    const std::pair now(generation, hops);
    const auto [place, fresh] = seen_.try_emplace(std::string(delivery_id), now);
    if (!fresh) {
      if (now <= place->second) return false;
      place->second = now;
      return true;
    }
    order_.push_back(place->first);
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
  static constexpr std::size_t most = 1 << 16;
  std::unordered_map<std::string, std::pair<std::int64_t, std::uint32_t>> seen_;
  std::deque<std::string> order_;
};

}  // namespace hookline::engine
