// What is told when a person changes a definition: an audit event on PREFIX.notices, so that a webhook can take
// it. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "hookline/core/time.h"
#include "hookline/state/definition_log.h"

namespace hookline::engine {

struct DefinitionChange {
  enum class What : std::uint8_t { created, updated, deleted, switched_on, switched_off };
  What what = What::created;
  state::Name of;      ///< of a switch: the webhook
  std::string by;      ///< the name of a token
  std::uint64_t revision = 0;
  core::WallTime at{};
};

/// The event: `webhook_created` … for webhooks, `audit_event_create` … for policies and templates.
std::string notice_of(const DefinitionChange& change);

}  // namespace hookline::engine
