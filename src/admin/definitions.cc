#include "definitions.h"

#include <array>
#include <charconv>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "hookline/config/stored.h"
#include "hookline/core/log.h"
#include "hookline/engine/change_notice.h"
#include "hookline/json/tree.h"
#include "order.h"
#include "query.h"

namespace hookline::admin {
namespace {

using engine::Listed;
using state::Name;
using state::Sort;

// What Hookline adds to an answer.
constexpr std::array added_keys{"revision", "state", "reason", "changed_by", "changed_at", "trouble", "warnings"};

/// A policy has a key `source` of its own.
const char* origin_key(Sort sort) { return sort == Sort::policy ? "origin" : "source"; }

std::string_view collection(Sort sort) {
  switch (sort) {
    case Sort::policy: return "policies";
    case Sort::template_keys: return "templates";
    default: return "webhooks";
  }
}

json::Tree to_json(const Listed& listed) {
  json::Tree out = listed.document;
  const auto sort = listed.name.sort;
  if (sort == Sort::webhook) out["enabled"] = listed.position == engine::Switch::on;
  out[origin_key(sort)] = listed.from_file ? "file" : "api";
  out["revision"] = listed.revision;
  if (sort == Sort::webhook) {
    out["state"] = engine::name(listed.position);
    if (!listed.reason.empty()) out["reason"] = listed.reason;
  }
  if (!listed.from_file) {
    out["changed_by"] = listed.by;
    out["changed_at"] = core::format_rfc3339(listed.at);
  }
  if (!listed.trouble.empty()) out["trouble"] = listed.trouble;
  return out;
}

std::string etag_of(const Listed& listed) { return listed.from_file ? "" : fmt::format("\"{}\"", listed.revision); }

HttpAnswer not_found(const Name& name) {
  return problem(404, fmt::format("there is no {} '{}'", state::name(name.sort), name.name));
}

HttpAnswer read_only(const Name& name) {
  return problem(409, fmt::format("the {} '{}' is in a file of the service's configuration: change it there, and reload",
                                              state::name(name.sort), name.name));
}

const Listed* find(const engine::Listing& listing, const Name& name) {
  const auto found = listing.find(name);
  return found == listing.end() ? nullptr : &found->second;
}

HttpAnswer shown(const Name& name, const engine::Engine& engine, int status, const config::Problems& problems = {}) {
  const auto listing = engine.catalog().listing();
  const Listed* listed = find(*listing, name);
  if (!listed) return not_found(name);  // deleted meanwhile
  auto body = to_json(*listed);
  for (const auto& p : problems) {
    if (p.warning) body["warnings"].push_back({{"pointer", p.place.pointer}, {"detail", p.what}, {"remedy", p.remedy}});
  }
  return {.status = status, .body = text(body), .etag = etag_of(*listed)};
}

/// The revision that If-Match names. Error: invalid, it names none.
core::Result<std::optional<std::uint64_t>> wanted_revision(const HttpRequest& request) {
  std::string_view given = request.if_match;
  if (given.empty() || given == "*") return std::nullopt;
  if (given.starts_with("W/")) given.remove_prefix(2);
  if (given.size() >= 2 && given.front() == '"' && given.back() == '"') given = given.substr(1, given.size() - 2);
  std::uint64_t revision = 0;
  const auto [end, error] = std::from_chars(given.data(), given.data() + given.size(), revision);
  if (error != std::errc() || end != given.data() + given.size())
    return core::fail(core::ErrorCode::invalid, "If-Match is one revision, as the ETag has it");
  return revision;
}

HttpAnswer renamed(const json::Tree& document, const std::string& name) {
  return problem(422, fmt::format("the definition's name is {}, but the path says '{}'; to rename, create the new one and delete the old",
                                  document.value("name", json::Tree()).dump(-1, ' ', false, json::Tree::error_handler_t::replace), name));
}

/// A change on its way into the store.
class Edit {
 public:
  Edit(Name name, const Call& call, engine::Engine& engine)
      : name_(std::move(name)), call_(call), engine_(engine), listing_(engine.catalog().listing()) {}

  const Listed* listed() const { return find(*listing_, name_); }

  /// Creates (`fresh`: only that) or replaces.
  HttpAnswer put(json::Tree document, bool fresh) {
    const Listed* now = listed();
    if (now && now->from_file) return read_only(name_);
    if (fresh && now) {
      return problem(409, fmt::format("the {} '{}' exists; PUT replaces it", state::name(name_.sort), name_.name));
    }
    config::Problems problems;
    document = engine_.catalog().restored(name_, std::move(document), problems);
    if (config::has_errors(problems)) return mistakes(problems);
    problems = engine_.catalog().check(name_.sort, document);
    if (config::has_errors(problems)) return mistakes(problems);
    const auto base = replaced(fresh);
    if (!base) return problem(400, base.error().message);
    if (!now && call_.request.if_match == "*") return problem(412, fmt::format("there is no {} '{}', and If-Match: * asks for one", state::name(name_.sort), name_.name));
    const auto asked = document.value("enabled", json::Tree());
    if (asked == true) document.erase("enabled");
    document = engine_.catalog().sealed(name_, std::move(document));
    const bool unchanged = document == engine_.catalog().stored_document(name_) && (!*base || **base == now->revision);
    if (!unchanged) {
      if (auto failed = write(name_, *base, std::move(document))) return std::move(*failed);
    }
    if (auto failed = follow(asked)) return std::move(*failed);
    auto answer = shown(name_, engine_, now ? 200 : 201, problems);
    if (!now) answer.location = fmt::format("/api/v1/{}/{}", collection(name_.sort), name_.name);
    return answer;
  }

  HttpAnswer remove() {
    const Listed* now = listed();
    if (!now) return not_found(name_);
    if (now->from_file) return read_only(name_);
    if (const auto users = engine_.catalog().dependents(name_); !users.empty()) {
      return problem(409, fmt::format("the {} '{}' is needed by {}: change or delete that first", state::name(name_.sort), name_.name, fmt::join(users, ", ")));
    }
    const auto base = replaced(false);
    if (!base) return problem(400, base.error().message);
    if (auto failed = write(name_, *base, std::nullopt)) return std::move(*failed);
    if (now->switch_revision > 0) (void)write({Sort::webhook_switch, name_.name}, std::nullopt, std::nullopt);
    return {.status = 204, .body = {}};
  }

  /// Changes keys of the definition (RFC 7396).
  HttpAnswer patch(const json::Tree& change) {
    const Listed* now = listed();
    if (!now) return not_found(name_);
    if (now->from_file) return read_only(name_);
    seen_ = now->revision;  // nothing that came since is undone
    auto document = config::masked_document(engine_.catalog().stored_document(name_));  // put() restores what may stay
    document.merge_patch(change);
    if (document.value("name", json::Tree()) != name_.name) return renamed(document, name_.name);
    return put(std::move(document), false);
  }

  HttpAnswer turn(bool on) {
    const Listed* now = listed();
    if (!now) return not_found(name_);
    const auto base = wanted_revision(call_.request);
    if (!base) return problem(400, base.error().message);
    if (*base && **base != now->revision) {
      return problem(412, fmt::format("the {} '{}' is at revision {}; get it and try again", state::name(name_.sort), name_.name, now->revision));
    }
    const auto wanted = on ? engine::Switch::on : engine::Switch::off;
    if (now->position == wanted) return shown(name_, engine_, 200);
    auto failed = write({Sort::webhook_switch, name_.name}, std::nullopt,
                        json::Tree{{"state", engine::name(wanted)}, {"reason", fmt::format("by {}", call_.by.name)}});
    return failed ? std::move(*failed) : shown(name_, engine_, 200);
  }

 private:
  core::Result<std::optional<std::uint64_t>> replaced(bool fresh) const {
    auto wanted = wanted_revision(call_.request);
    if (wanted && (fresh || call_.request.if_none_match == "*")) return std::optional<std::uint64_t>(0);
    if (wanted && !*wanted) *wanted = seen_;
    return wanted;
  }

  /// A definition that says `enabled` moves a switch that says otherwise.
  std::optional<HttpAnswer> follow(const json::Tree& enabled) {
    if (name_.sort != Sort::webhook || !enabled.is_boolean()) return std::nullopt;
    Edit edit(name_, call_, engine_);
    const Listed* now = edit.listed();
    if (!now || (now->position == engine::Switch::on) == enabled.get<bool>()) return std::nullopt;
    auto answer = edit.turn(enabled.get<bool>());
    return answer.status == 200 ? std::nullopt : std::optional(std::move(answer));
  }

  /// What to answer if it was not written.
  std::optional<HttpAnswer> write(const Name& name, std::optional<std::uint64_t> base, std::optional<json::Tree> document) {
    state::Store* store = engine_.store();
    if (!store) return problem(503, "Kafka has not answered yet");
    const auto what = change_of(name, document);
    const auto written = store->write(name, base, call_.by.name, std::move(document));
    if (!written) return problem(written.error());
    if (written->applied) {
      if (what) tell(*what, written->revision);
      return std::nullopt;
    }
    const auto now = written->revision > 0 ? fmt::format("revision {} is in force", written->revision) : "it does not exist";
    const bool asked = !call_.request.if_match.empty() || !call_.request.if_none_match.empty();
    auto answer = problem(asked ? 412 : 409,
                          fmt::format("the {} '{}' was changed meanwhile: {}; get it and try again", state::name(name.sort), name.name, now));
    if (written->revision > 0) answer.etag = fmt::format("\"{}\"", written->revision);
    return answer;
  }

  /// nullopt: nothing to tell of (a switch that goes with its webhook).
  std::optional<engine::DefinitionChange::What> change_of(const Name& name, const std::optional<json::Tree>& document) const {
    using What = engine::DefinitionChange::What;
    if (name.sort != Sort::webhook_switch) return !document ? What::deleted : listed() ? What::updated : What::created;
    if (!document) return std::nullopt;
    return (*document)["state"] == "on" ? What::switched_on : What::switched_off;
  }

  /// The audit record. That the change is in force does not depend on it: the log of definitions says who made it, too.
  void tell(engine::DefinitionChange::What what, std::uint64_t revision) {
    const engine::DefinitionChange change{what, name_, call_.by.name, revision, core::read_clock().wall};
    kafka::OwnedRecord record{.topic = engine_.settings().topics[config::OwnTopic::notices]};
    record.key = name_.name;
    record.value = engine::notice_of(change);
    core::log::info("{} {} was changed by {}: revision {}", state::name(name_.sort), name_.name, call_.by.name, revision);
    if (auto told = engine_.publish(std::move(record)); !told) {
      core::log::error("the audit record of a change of {} {} is not written: {}", state::name(name_.sort), name_.name, told.error().message);
    }
  }

  const Name name_;
  const Call& call_;
  engine::Engine& engine_;
  const std::shared_ptr<const engine::Listing> listing_;
  std::optional<std::uint64_t> seen_;  ///< the revision that the change was made from
};

/// The document of a request without what Hookline adds. Error: invalid.
core::Result<json::Tree> document_of(const Call& call, Sort sort) {
  auto document = json::parse_tree(call.request.body);
  if (!document) return core::fail(core::ErrorCode::invalid, "the body cannot be read: " + document.error().message);
  if (!document->is_object()) return core::fail(core::ErrorCode::invalid, "the body is one definition: a JSON object");
  strip_added(*document, sort);
  return document;
}

}  // namespace

void strip_added(json::Tree& document, Sort sort) {
  for (const char* key : added_keys) document.erase(key);
  document.erase(origin_key(sort));
}

template <Sort sort>
HttpAnswer list_definitions(const Call& call, engine::Engine& engine) {
  const auto query = Query::parse(call.request.query, {"limit", "after"});
  if (!query) return problem(query.error());
  const auto limit = query->number("limit", 1, 500);
  if (!limit) return problem(limit.error());
  const auto after = query->text("after", 100);
  if (!after) return problem(after.error());
  const auto listing = engine.catalog().listing();
  const auto most = static_cast<std::size_t>(limit->value_or(100));
  json::Tree items = json::Tree::array(), next = nullptr;
  auto at = *after ? listing->upper_bound({sort, **after}) : listing->lower_bound({sort, ""});
  for (; at != listing->end() && at->first.sort == sort; ++at) {
    if (items.size() == most) {
      next = items.back()["name"];
      break;
    }
    items.push_back(to_json(at->second));
  }
  return answer({{"items", std::move(items)}, {"next", std::move(next)}});
}

template <Sort sort>
HttpAnswer get_definition(const Call& call, engine::Engine& engine) {
  return shown({sort, call.name}, engine, 200);
}

template <Sort sort>
HttpAnswer create_definition(const Call& call, engine::Engine& engine) {
  auto document = document_of(call, sort);
  if (!document) return problem(400, document.error().message);
  const auto name = document->value("name", json::Tree());
  if (!name.is_string() || name.get_ref<const std::string&>().find('/') != std::string::npos) {
    const auto problems = engine.catalog().check(sort, *document);  // says what a name may be
    return config::has_errors(problems) ? mistakes(problems) : problem(422, "the definition has no name");
  }
  return Edit({sort, name.get<std::string>()}, call, engine).put(std::move(*document), true);
}

template <Sort sort>
HttpAnswer put_definition(const Call& call, engine::Engine& engine) {
  auto document = document_of(call, sort);
  if (!document) return problem(400, document.error().message);
  if (const auto& tag = call.request.if_none_match; !tag.empty() && tag != "*") return problem(400, "If-None-Match is * here: only if there is none yet");
  if (!document->contains("name")) (*document)["name"] = call.name;
  const auto& name = (*document)["name"];
  if (name != call.name) return renamed(*document, call.name);
  return Edit({sort, call.name}, call, engine).put(std::move(*document), false);
}

template <Sort sort>
HttpAnswer delete_definition(const Call& call, engine::Engine& engine) {
  return Edit({sort, call.name}, call, engine).remove();
}

HttpAnswer patch_webhook(const Call& call, engine::Engine& engine) {
  const auto change = document_of(call, Sort::webhook);
  if (!change) return problem(400, change.error().message);
  if (change->empty()) return problem(400, R"(a patch that changes nothing: send e.g. {"enabled": false})");
  Edit edit({Sort::webhook, call.name}, call, engine);
  if (change->size() == 1 && change->contains("enabled") && (*change)["enabled"].is_boolean()) return edit.turn((*change)["enabled"].get<bool>());
  if (!call.by.admin) return problem(403, fmt::format("the token '{}' has not got the scope admin; operate may switch `enabled` alone", call.by.name));
  return edit.patch(*change);
}

// The sorts that have routes.
#define HOOKLINE_ROUTES_OF(sort)                                                      \
  template HttpAnswer list_definitions<sort>(const Call&, engine::Engine&);   \
  template HttpAnswer get_definition<sort>(const Call&, engine::Engine&);     \
  template HttpAnswer create_definition<sort>(const Call&, engine::Engine&);  \
  template HttpAnswer put_definition<sort>(const Call&, engine::Engine&);     \
  template HttpAnswer delete_definition<sort>(const Call&, engine::Engine&);
HOOKLINE_ROUTES_OF(Sort::webhook)
HOOKLINE_ROUTES_OF(Sort::policy)
HOOKLINE_ROUTES_OF(Sort::template_keys)
#undef HOOKLINE_ROUTES_OF

}  // namespace hookline::admin
