// The engine's status as JSON: the answer of /api/v1/status, and what `hookline status` prints.
#pragma once

#include "hookline/engine/engine.h"
#include "hookline/json/tree.h"

namespace hookline::admin {

json::Tree to_json(const engine::EngineStatus& status, const engine::Readiness& readiness);

}  // namespace hookline::admin
