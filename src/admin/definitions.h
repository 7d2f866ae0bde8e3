// Routes of what is defined: webhooks, policies, templates. Each answer is the tree that its YAML is, secrets
// masked, with what Hookline adds: where it is from, its revision (also the ETag), its state. What is added is
// passed over in what comes in, so that an answer can be edited and put. Threads of the server.
#pragma once

#include <string>

#include "hookline/engine/engine.h"
#include "hookline/state/definition_log.h"
#include "routes.h"

namespace hookline::admin {

template <state::Sort sort>
HttpAnswer list_definitions(const Call& call, engine::Engine& engine);
template <state::Sort sort>
HttpAnswer get_definition(const Call& call, engine::Engine& engine);
template <state::Sort sort>
HttpAnswer create_definition(const Call& call, engine::Engine& engine);
template <state::Sort sort>
HttpAnswer put_definition(const Call& call, engine::Engine& engine);
template <state::Sort sort>
HttpAnswer delete_definition(const Call& call, engine::Engine& engine);
/// {"enabled": bool}: the switch of a webhook, also of one that is in a file. Else a merge patch of its definition.
HttpAnswer patch_webhook(const Call& call, engine::Engine& engine);

/// Takes out what Hookline adds to an answer.
void strip_added(json::Tree& document, state::Sort sort);

}  // namespace hookline::admin
