#include "definitions.h"

#include <array>
#include <charconv>
#include <optional>

#include <fmt/format.h>

#include "hookline/config/stored.h"
#include "hookline/json/tree.h"

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

std::string text(const json::Tree& tree) {
  return tree.dump(-1, ' ', false, json::Tree::error_handler_t::replace) + "\n";
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
  return problem(404, "Not Found", fmt::format("there is no {} '{}'", state::name(name.sort), name.name));
}

HttpAnswer read_only(const Name& name) {
  return problem(409, "Conflict", fmt::format("the {} '{}' is in a file of the service's configuration: change it there, and reload",
                                              state::name(name.sort), name.name));
}

HttpAnswer unwritten(const core::Error& error) {
  switch (error.code) {
    case core::ErrorCode::too_large: return problem(413, "Content Too Large", error.message);
    case core::ErrorCode::timeout: return problem(504, "Gateway Timeout", error.message);
    default: return problem(503, "Service Unavailable", error.message);
  }
}

HttpAnswer invalid(const config::Problems& problems) {
  json::Tree errors = json::Tree::array();
  for (const auto& p : problems) {
    if (!p.warning) errors.push_back({{"pointer", p.place.pointer}, {"detail", p.what}, {"remedy", p.remedy}});
  }
  const json::Tree body{{"type", "about:blank"},
                        {"title", "Unprocessable Content"},
                        {"status", 422},
                        {"detail", fmt::format("{} mistakes in the definition", errors.size())},
                        {"errors", errors}};
  return {.status = 422, .content_type = "application/problem+json", .body = text(body)};
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
      return problem(409, "Conflict", fmt::format("the {} '{}' exists; PUT replaces it", state::name(name_.sort), name_.name));
    }
    const auto stored = engine_.catalog().stored_document(name_);
    if (!stored.is_null()) document = config::unmasked_document(std::move(document), stored);
    const auto problems = engine_.catalog().check(name_.sort, document);
    if (config::has_errors(problems)) return invalid(problems);
    const auto base = replaced(fresh);
    if (!base) return problem(400, "Bad Request", base.error().message);
    const auto asked = document.value("enabled", json::Tree());
    if (asked == true) document.erase("enabled");
    const bool unchanged = document == stored && (!*base || **base == now->revision);
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
    const auto base = replaced(false);
    if (!base) return problem(400, "Bad Request", base.error().message);
    if (auto failed = write(name_, *base, std::nullopt)) return std::move(*failed);
    if (now->switch_revision > 0) (void)write({Sort::webhook_switch, name_.name}, std::nullopt, std::nullopt);
    return {.status = 204, .body = {}};
  }

  HttpAnswer turn(bool on) {
    const Listed* now = listed();
    if (!now) return not_found(name_);
    const auto wanted = on ? engine::Switch::on : engine::Switch::off;
    if (now->position == wanted) return shown(name_, engine_, 200);
    auto failed = write({Sort::webhook_switch, name_.name}, std::nullopt,
                        json::Tree{{"state", engine::name(wanted)}, {"reason", fmt::format("by {}", call_.by)}});
    return failed ? std::move(*failed) : shown(name_, engine_, 200);
  }

 private:
  core::Result<std::optional<std::uint64_t>> replaced(bool fresh) const {
    if (fresh || call_.request.if_none_match == "*") return std::optional<std::uint64_t>(0);
    return wanted_revision(call_.request);
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
    if (!store) return problem(503, "Service Unavailable", "Kafka has not answered yet");
    const auto written = store->write(name, base, call_.by, std::move(document));
    if (!written) return unwritten(written.error());
    if (written->applied) return std::nullopt;
    const auto now = written->revision > 0 ? fmt::format("revision {} is in force", written->revision) : "it does not exist";
    const bool asked = !call_.request.if_match.empty() || !call_.request.if_none_match.empty();
    auto answer = problem(asked ? 412 : 409, asked ? "Precondition Failed" : "Conflict",
                          fmt::format("the {} '{}' was changed meanwhile: {}; get it and try again", state::name(name.sort), name.name, now));
    if (written->revision > 0) answer.etag = fmt::format("\"{}\"", written->revision);
    return answer;
  }

  const Name name_;
  const Call& call_;
  engine::Engine& engine_;
  const std::shared_ptr<const engine::Listing> listing_;
};

/// The document of a request without what Hookline adds. Error: invalid.
core::Result<json::Tree> document_of(const Call& call, Sort sort) {
  auto document = json::parse_tree(call.request.body);
  if (!document) return core::fail(core::ErrorCode::invalid, "the body is not JSON: " + document.error().message);
  if (!document->is_object()) return core::fail(core::ErrorCode::invalid, "the body is one definition: a JSON object");
  for (const char* key : added_keys) document->erase(key);
  document->erase(origin_key(sort));
  return document;
}

}  // namespace

template <Sort sort>
HttpAnswer list_definitions(const Call&, engine::Engine& engine) {
  json::Tree items = json::Tree::array();
  const auto listing = engine.catalog().listing();
  for (const auto& [name, listed] : *listing) {
    if (name.sort == sort) items.push_back(to_json(listed));
  }
  return {.body = text({{"items", std::move(items)}, {"next", nullptr}})};
}

template <Sort sort>
HttpAnswer get_definition(const Call& call, engine::Engine& engine) {
  return shown({sort, call.name}, engine, 200);
}

template <Sort sort>
HttpAnswer create_definition(const Call& call, engine::Engine& engine) {
  auto document = document_of(call, sort);
  if (!document) return problem(400, "Bad Request", document.error().message);
  const auto name = document->value("name", json::Tree());
  if (!name.is_string() || name.get_ref<const std::string&>().find('/') != std::string::npos) {
    const auto problems = engine.catalog().check(sort, *document);  // says what a name may be
    return config::has_errors(problems) ? invalid(problems) : problem(422, "Unprocessable Content", "the definition has no name");
  }
  return Edit({sort, name.get<std::string>()}, call, engine).put(std::move(*document), true);
}

template <Sort sort>
HttpAnswer put_definition(const Call& call, engine::Engine& engine) {
  auto document = document_of(call, sort);
  if (!document) return problem(400, "Bad Request", document.error().message);
  auto& name = (*document)["name"];
  if (name.is_null()) name = call.name;
  if (name != call.name) {
    return problem(422, "Unprocessable Content",
                   fmt::format("the definition's name is {}, but the path says '{}'; to rename, create the new one and delete the old", name.dump(), call.name));
  }
  return Edit({sort, call.name}, call, engine).put(std::move(*document), false);
}

template <Sort sort>
HttpAnswer delete_definition(const Call& call, engine::Engine& engine) {
  return Edit({sort, call.name}, call, engine).remove();
}

HttpAnswer patch_webhook(const Call& call, engine::Engine& engine) {
  const auto change = json::parse_tree(call.request.body);
  const bool good = change && change->is_object() && change->size() == 1 && change->contains("enabled") && (*change)["enabled"].is_boolean();
  if (!good) return problem(400, "Bad Request", R"(send {"enabled": true} or {"enabled": false}; PUT replaces the definition)");
  return Edit({Sort::webhook, call.name}, call, engine).turn((*change)["enabled"].get<bool>());
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
