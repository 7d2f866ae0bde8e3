// librdkafka properties that Hookline owns: its promises rest on them, so the `kafka` section may not
// set them. The table stands in src/config/kafka_properties.cc. No state.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace hookline::config {

struct OwnedKafkaProperty {
  std::string_view name;
  std::string_view reason;  ///< why it is Hookline's, and which setting to use instead if there is one
};

/// All of them, in the order of docs/config.md.
std::span<const OwnedKafkaProperty> owned_kafka_properties();

/// Why a user may not set `name`, with the remedy; nullopt if they may.
std::optional<std::string> owned_kafka_property(std::string_view name);

/// Does the property hold a secret (a password, a key) whatever it came from?
bool secret_kafka_property(std::string_view name);

}  // namespace hookline::config
