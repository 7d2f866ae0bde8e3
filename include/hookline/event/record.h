// A record as Kafka holds it, seen without owning it. Views are valid as long as their owner says.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "hookline/core/time.h"
#include "hookline/event/kind.h"

namespace hookline::event {

struct Header {
  std::string_view name;
  std::optional<std::string_view> value;  ///< Kafka allows a header without value
};

struct RecordView {
  std::string_view topic;
  std::int32_t partition = 0;
  std::int64_t offset = 0;
  core::WallTime timestamp{};
  std::optional<std::string_view> key;
  std::optional<std::string_view> value;  ///< nullopt: a tombstone
  std::span<const Header> headers;
  /// True if json::padding bytes behind `value` may be read. Reading does not depend on it.
  bool padded = false;
};

}  // namespace hookline::event
