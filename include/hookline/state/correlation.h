// What the records of PREFIX.correlations say. Two kinds, told apart by their key: the id of an item that a
// webhook has created, under `WEBHOOK/VALUE` (the key that its deliveries have on PREFIX.ordered, so that both
// stand in partitions of the same number); and how far a delivery there has got that waits for its next
// attempt, under `~/DELIVERY-ID`. A record without value takes back what its key said. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "hookline/core/result.h"
#include "hookline/core/time.h"

namespace hookline::state {

struct Correlation {
  std::string webhook;  ///< the one that created the item
  std::string key;      ///< the value that joins the create and its updates
  std::string id;       ///< of the item, as the receiver gave it
  std::string text;     ///< of the link that came with the id; empty: none
  core::WallTime at{};
  std::optional<core::WallTime> expires;  ///< nullopt: never
  /// True: it counts more than what was there (set by hand, or the item was created anew). Of others the first
  /// one counts.
  bool replaces = false;
  std::string by;       ///< who set it by hand; empty: an answer

  bool operator==(const Correlation&) const = default;
};

/// How far a delivery has got.
struct Progress {
  std::uint32_t attempts = 0;
  core::WallTime first_attempt{}, due{};
  std::optional<int> http_status;
  std::string error;
  core::WallTime expires{};  ///< nobody asks for it any more by then

  bool operator==(const Progress&) const = default;
};

inline constexpr std::string_view progress_prefix = "~/";

std::string correlation_key(std::string_view webhook, std::string_view key);
std::string progress_key(std::string_view delivery_id);

std::string value_of(const Correlation& correlation);
std::string value_of(const Progress& progress);
/// Error: invalid, not such a record.
[[nodiscard]] core::Result<Correlation> parse_correlation(std::string_view value);
[[nodiscard]] core::Result<Progress> parse_progress(std::string_view value);

}  // namespace hookline::state
