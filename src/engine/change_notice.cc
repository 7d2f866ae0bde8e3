#include "hookline/engine/change_notice.h"

#include <array>

#include <fmt/format.h>

#include "hookline/core/crypto.h"
#include "hookline/json/tree.h"

namespace hookline::engine {
namespace {

struct Words {
  std::string_view type, general, said;
};
// In the order of What. Only webhooks have switches.
constexpr std::array<Words, 5> words{{
    {"webhook_created", "audit_event_create", "created"},
    {"webhook_updated", "audit_event_update", "updated"},
    {"webhook_deleted", "audit_event_delete", "deleted"},
    {"webhook_switched_on", "audit_event_update", "switched on"},
    {"webhook_switched_off", "audit_event_update", "switched off"},
}};

std::string_view noun(state::Sort sort) {
  return sort == state::Sort::policy ? "Policy" : sort == state::Sort::template_keys ? "Template" : "Webhook";
}

}  // namespace

std::string notice_of(const DefinitionChange& change) {
  const auto& [type, general, said] = words[static_cast<std::size_t>(change.what)];
  const bool webhook = change.of.sort == state::Sort::webhook;
  const auto event_type = webhook ? type : general;
  const auto at = core::format_rfc3339(change.at);
  core::Hasher hasher;
  hasher.start();
  hasher.update(fmt::format("{} {} {} {}", event_type, change.of.name, change.revision, at));
  const auto id = "nc-" + core::hex(core::as_view(hasher.finish()).substr(0, 8));
  const auto title = fmt::format("{} {} was {}", noun(change.of.sort), change.of.name, said);
  const auto message = fmt::format("{} by {}", title, change.by);
  json::Tree notice{{"event_type", event_type}, {"id", id}};
  if (webhook) {
    notice["webhook"] = change.of.name;
  } else {
    notice[std::string(state::name(change.of.sort))] = change.of.name;
    notice["raw_event"] = message;
  }
  notice.update(json::Tree{{"user", change.by}, {"title", title}, {"message", message}, {"created", at}, {"severity", "info"}, {"revision", change.revision}});
  return notice.dump(-1, ' ', false, json::Tree::error_handler_t::replace);
}

}  // namespace hookline::engine
