// Routes that really send a test, of a saved webhook or of a definition that is not saved: the same rendering,
// signing, egress policy and transport as a delivery has. Threads of the server; each waits for its receiver,
// as long as the webhook's timeouts say.
#pragma once

#include <memory>
#include <string>
#include <variant>

#include "order.h"
#include "routes.h"

namespace hookline::admin {

HttpAnswer test_webhook(const Call& call, engine::Engine& engine);
HttpAnswer test_unsaved(const Call& call, engine::Engine& engine);

/// A webhook, and the definitions that hold it.
struct Chosen {
  std::shared_ptr<const engine::Definitions> definitions;
  const engine::Webhook* webhook = nullptr;
  bool enabled = true;
};

/// The webhook of that name, as it is in force. nullopt: there is none.
std::optional<Chosen> saved_webhook(const engine::Engine& engine, const std::string& name);

/// A definition that is not saved; where it has *** as an answer had it, what is stored under its name stands for
/// that. Or what is wrong with it, its pointers below `/webhook`.
std::variant<Chosen, HttpAnswer> unsaved_webhook(const engine::Engine& engine, json::Tree document);

}  // namespace hookline::admin
