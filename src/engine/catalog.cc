#include "hookline/engine/catalog.h"

#include <algorithm>

#include <fmt/format.h>

#include "hookline/config/restored.h"
#include "hookline/config/sealed.h"
#include "hookline/config/stored.h"

namespace hookline::engine {
namespace {

using state::Name;
using state::Sort;

std::string label_of(const Name& name) { return fmt::format("{}/{}", state::name(name.sort), name.name); }

/// The first thing that is wrong, for one line.
std::string first_error(const config::Problems& problems) {
  for (const auto& p : problems) {
    if (!p.warning) return fmt::format("{}{}{}", p.place.pointer.empty() ? "" : p.place.pointer + ": ", p.what,
                                       p.remedy.empty() ? "" : "; " + p.remedy);
  }
  return {};
}

bool names_it_disabled(const json::Tree& document) {
  return document.value("enabled", json::Tree(true)) == json::Tree(false);
}

std::optional<Switch> position_of(const json::Tree& document) {
  const auto state = document.value("state", json::Tree());
  if (state == "on") return Switch::on;
  if (state == "off") return Switch::off;
  if (state == "tripped") return Switch::tripped;
  return std::nullopt;
}

json::Tree tree_of(const config::TemplateSource& source) {
  auto tree = config::masked_document(source.keys);
  json::Tree out{{"name", source.name}};
  if (!source.description.empty()) out["description"] = source.description;
  for (const auto& [key, value] : tree.items()) out[key] = value;
  return out;
}

Listed from_file(Sort sort, const std::string& name, json::Tree document) {
  Listed listed;
  listed.name = {sort, name};
  listed.from_file = true;
  listed.document = std::move(document);
  return listed;
}

/// `document`: that of the version, as it is to be masked.
Listed from_log(const Name& name, const state::Version& version, const json::Tree& document) {
  Listed listed;
  listed.name = name;
  listed.revision = version.revision;
  listed.by = version.by;
  listed.at = version.at;
  listed.document = config::masked_document(document);
  return listed;
}

/// Whoever starts the service has checked them.
core::SealingKeys keys_of_process() {
  config::Problems ignored;
  return config::sealing_keys(config::SecretSource::system(), "", ignored);
}

/// "webhook/NAME": what sealed secrets belong to.
std::string owner_of(Sort sort, const json::Tree& document) {
  const auto name = document.is_object() ? document.value("name", json::Tree("")) : json::Tree("");
  return fmt::format("{}/{}", state::name(sort), name.is_string() ? name.get<std::string>() : std::string());
}

}  // namespace

Catalog::Catalog(config::Configuration files) : keys_(keys_of_process()), files_(std::move(files)) {}

Edition Catalog::set_files(config::Configuration files) {
  const std::lock_guard lock(mutex_);
  files_ = std::move(files);
  ++generation_;
  return compile();
}

Edition Catalog::set_stored(std::shared_ptr<const state::Snapshot> stored) {
  const std::lock_guard lock(mutex_);
  stored_ = std::move(stored);
  return compile();
}

Edition Catalog::renew() {
  const std::lock_guard lock(mutex_);
  return compile();
}

std::shared_ptr<const Listing> Catalog::listing() const {
  const std::lock_guard lock(mutex_);
  return listing_;
}

json::Tree Catalog::stored_document(const Name& name) const {
  const std::lock_guard lock(mutex_);
  return find_stored(name);
}

json::Tree Catalog::find_stored(const Name& name) const {
  if (!stored_) return nullptr;
  const auto found = stored_->documents.find(name);
  return found == stored_->documents.end() ? json::Tree(nullptr) : *found->second.document;
}

Edition Catalog::compile() {
  Edition edition;
  Listing listing;
  merged_ = files_;
  merged_.problems.clear();
  merged_.faulty.clear();
  add_templates(edition, listing);
  for (const auto& webhook : files_.webhooks) {
    const Name name{Sort::webhook, webhook.name};
    auto& listed = listing[name] = from_file(name.sort, name.name, to_tree(webhook));
    listed.position = webhook.enabled ? Switch::on : Switch::off;
    listed.disable_after = webhook.disable_after;
    listed.failure_email = webhook.failure_email;
  }
  std::map<std::string, Good> known;
  std::swap(known, good_);
  if (stored_) {
    for (const auto& [name, version] : stored_->documents) {
      if (name.sort != Sort::webhook) continue;
      if (const auto last = known.find(name.name); last != known.end()) good_.insert(known.extract(last));
      add_webhook(name, version, edition, listing);
    }
  }
  add_policies(edition, listing);
  const auto switches = add_switches(listing);
  config::Problems problems;  // of the files: they were told when they were loaded
  edition.definitions = Definitions::compile(merged_, problems, switches);
  listing_ = std::make_shared<const Listing>(std::move(listing));
  edition.listing = listing_;
  return edition;
}

void Catalog::add_templates(Edition& edition, Listing& listing) {
  for (const auto& source : files_.templates) {
    const Name name{Sort::template_keys, source.name};
    listing[name] = from_file(name.sort, name.name, tree_of(source));
  }
  std::vector<std::pair<std::string, std::uint64_t>> seen;
  if (stored_) {
    for (const auto& [name, version] : stored_->documents) {
      if (name.sort != Sort::template_keys || listing.contains(name)) continue;
      seen.emplace_back(name.name, version.revision);
      auto& listed = listing[name] = from_log(name, version, *version.document);
      config::Problems problems;
      if (auto parsed = load_template(*version.document, problems)) {
        merged_.templates.push_back(std::move(*parsed));
      } else {
        listed.trouble = first_error(problems);
        edition.troubles.push_back(fmt::format("template {}, revision {}, cannot be loaded here: {}", name.name,
                                               version.revision, listed.trouble));
      }
    }
  }
  if (seen != templates_seen_) ++generation_;
  templates_seen_ = std::move(seen);
}

std::shared_ptr<const Definitions> Catalog::compile_alone(const json::Tree& document, const std::string& label,
                                                          const std::vector<config::TemplateSource>& templates,
                                                          config::Problems& problems, std::optional<config::Webhook>& webhook) const {
  config::Problems found;
  std::vector<std::string> opened;
  const auto whole = config::opened_document(document, owner_of(Sort::webhook, document), keys_, label, found, opened);
  std::shared_ptr<const Definitions> definitions;
  if (!config::has_errors(found)) webhook = config::parse_webhook(whole, label, templates, found, secrets());
  if (webhook) {
    webhook->from_api = true;
    config::Configuration alone;
    alone.settings = files_.settings;
    alone.webhooks.push_back(*webhook);
    definitions = Definitions::compile(alone, found);
  }
  config::mask_problems(found, opened);
  const bool good = webhook && !config::has_errors(found);
  problems.insert(problems.end(), found.begin(), found.end());
  return good ? definitions : nullptr;
}

std::shared_ptr<const Definitions> Catalog::compile_unsaved(const json::Tree& document, config::Problems& problems) const {
  const std::lock_guard lock(mutex_);
  std::optional<config::Webhook> webhook;
  return compile_alone(document, "webhook", merged_.templates, problems, webhook);
}

std::optional<config::Webhook> Catalog::load_webhook(const json::Tree& document, const std::string& label,
                                                     const std::vector<config::TemplateSource>& templates, config::Problems& problems) const {
  std::optional<config::Webhook> webhook;
  return compile_alone(document, label, templates, problems, webhook) ? std::move(webhook) : std::nullopt;
}

std::optional<config::TemplateSource> Catalog::load_template(const json::Tree& document, config::Problems& problems) const {
  config::Problems found;
  std::vector<std::string> opened;
  const auto whole = config::opened_document(document, owner_of(Sort::template_keys, document), keys_, "template", found, opened);
  std::optional<config::TemplateSource> parsed;
  if (!config::has_errors(found)) parsed = config::parse_template(whole, "template", found, secrets());
  config::mask_problems(found, opened);
  problems.insert(problems.end(), found.begin(), found.end());
  return parsed;
}

json::Tree Catalog::restored(const Name& name, json::Tree document, config::Problems& problems) const {
  const std::lock_guard lock(mutex_);
  auto stored = find_stored(name);
  if (name.sort == Sort::webhook) {
    document = config::marked_document(std::move(document), merged_.templates);
    stored = config::marked_document(std::move(stored), merged_.templates);
  }
  return config::restored_document(std::move(document), stored, label_of(name), keys_, merged_.templates, std::string(state::name(name.sort)), problems);
}

json::Tree Catalog::sealed(const Name& name, json::Tree document) const {
  const auto stored = stored_document(name);
  return config::sealed_document(std::move(document), stored, label_of(name), keys_);
}

void Catalog::add_webhook(const Name& name, const state::Version& version, Edition& edition, Listing& listing) {
  if (listing.contains(name)) {
    edition.notes.push_back(fmt::format("webhook {} is in the files and was made through the API, too: the file counts; "
                                        "give it another name there", name.name));
    return;
  }
  Listed& listed = listing[name] = from_log(name, version, config::marked_document(*version.document, merged_.templates));
  listed.position = names_it_disabled(*version.document) ? Switch::off : Switch::on;
  Good& good = good_[name.name];
  if (good.revision != version.revision || good.generation != generation_) {
    config::Problems problems;
    if (auto loaded = load_webhook(*version.document, label_of(name), merged_.templates, problems)) {
      good = {version.revision, generation_, std::move(*loaded)};
    } else {
      listed.trouble = first_error(problems);
    }
  }
  if (good.revision > 0) {
    merged_.webhooks.push_back(good.webhook);
    listed.disable_after = good.webhook.disable_after;
    listed.failure_email = good.webhook.failure_email;
  }
  if (listed.trouble.empty()) return;
  const auto sw = stored_->documents.find({Sort::webhook_switch, name.name});
  const bool off = sw != stored_->documents.end() ? position_of(*sw->second.document) == Switch::off
                                                  : listed.position == Switch::off;
  const bool missed = good.revision == 0 && !off;  // one that is off has nothing to miss
  edition.whole = edition.whole && !missed;
  edition.troubles.push_back(fmt::format(
      "webhook {}, revision {}, cannot be loaded here: {} ({})", name.name, version.revision, listed.trouble,
      good.revision > 0 ? fmt::format("revision {} goes on", good.revision)
                        : missed ? "no events are taken until it can" : "it is switched off"));
  if (good.revision == 0) good_.erase(name.name);
}

std::optional<config::Policy> Catalog::load_policy(const json::Tree& document, const std::string& label,
                                                   config::Problems& problems) const {
  auto policy = config::parse_policy(document, label, problems, secrets());
  if (!policy) return std::nullopt;
  config::Configuration alone;
  alone.settings = files_.settings;
  alone.policies.push_back(*policy);
  (void)Definitions::compile(alone, problems);
  if (config::has_errors(problems)) return std::nullopt;
  return policy;
}

void Catalog::add_policies(Edition& edition, Listing& listing) {
  for (const auto& policy : files_.policies) {
    const Name name{Sort::policy, policy.name};
    listing[name] = from_file(name.sort, name.name, to_tree(policy));
  }
  if (!stored_) return;
  for (const auto& [name, version] : stored_->documents) {
    if (name.sort != Sort::policy || listing.contains(name)) continue;
    auto& listed = listing[name] = from_log(name, version, *version.document);
    config::Problems problems;
    if (auto parsed = load_policy(*version.document, label_of(name), problems)) {
      merged_.policies.push_back(std::move(*parsed));
    } else {
      listed.trouble = first_error(problems);
      edition.whole = edition.whole && names_it_disabled(*version.document);  // events would pass it by
      edition.troubles.push_back(fmt::format("policy {}, revision {}, cannot be loaded here: {}", name.name,
                                             version.revision, listed.trouble));
    }
  }
}

/// A switch that somebody has touched counts more than `enabled`.
std::map<std::string, Switch> Catalog::add_switches(Listing& listing) const {
  std::map<std::string, Switch> switches;
  if (!stored_) return switches;
  for (const auto& [name, version] : stored_->documents) {
    if (name.sort != Sort::webhook_switch) continue;
    const auto webhook = listing.find({Sort::webhook, name.name});
    const auto position = position_of(*version.document);
    if (webhook == listing.end() || !position) continue;
    Listed& listed = webhook->second;
    listed.position = switches[name.name] = *position;
    listed.switch_revision = version.revision;
    listed.switched_at = version.at;
    const auto reason = version.document->value("reason", json::Tree(""));
    if (reason.is_string()) listed.reason = reason.get<std::string>();
  }
  return switches;
}

/// One that is in force: no file has its name.
bool Catalog::is_stored_webhook(const Name& name) const {
  return name.sort == Sort::webhook &&
         std::none_of(files_.webhooks.begin(), files_.webhooks.end(), [&](const config::Webhook& w) { return w.name == name.name; });
}

/// A template is changed for all who use it at once: none of the stored ones may break by it, or send its secrets elsewhere.
void Catalog::check_users(const config::TemplateSource& changed, const std::string& label, config::Problems& problems) const {
  if (!stored_) return;
  auto templates = merged_.templates;
  std::erase_if(templates, [&](const config::TemplateSource& t) { return t.name == changed.name; });
  templates.push_back(changed);
  for (const auto& [name, version] : stored_->documents) {
    const auto& document = *version.document;
    if (!is_stored_webhook(name) || document.value("template", json::Tree()) != changed.name) continue;
    const auto object = [&, &user = name.name](std::string what, std::string remedy) {
      problems.push_back({{label, 0, 0, ""}, fmt::format("the webhook '{}' has this template, and {}", user, what), std::move(remedy), false});
    };
    config::Problems now, then;
    const auto was = load_webhook(document, label, merged_.templates, now);
    const bool loads = was.has_value();
    const auto loaded = load_webhook(document, label, templates, then);
    if (!loaded && !loads) continue;  // it does not depend on this change
    if (!loads) {
      if (config::diverts_secrets(document, {}, templates)) object("would send its stored secrets to what the template names", "give that webhook endpoints of its own first");
    } else if (!loaded) {
      object("could not be loaded any more: " + first_error(then), "change that webhook first, or give the new template another name");
    } else if (config::diverts_secrets(document, merged_.templates, templates)) {
      object("would send its stored secrets to another host, token URL or proxy, or without looking at certificates",
             "give the new template another name, and that webhook its secrets anew");
    } else {
      config::Problems before, after;
      check_notifiers(*was, label, before);
      check_notifiers(*loaded, label, after);
      if (after.size() > before.size()) object(after.back().what, after.back().remedy);
    }
  }
}

std::vector<std::string> Catalog::updaters_of(const std::string& webhook) const {
  std::vector<std::string> found;
  for (const auto& other : merged_.webhooks) {
    if (other.correlation && other.correlation->from == webhook) found.push_back(fmt::format("the webhook '{}'", other.name));
  }
  return found;
}

std::vector<std::string> Catalog::dependents(const Name& name) const {
  const std::lock_guard lock(mutex_);
  auto found = name.sort == Sort::webhook ? updaters_of(name.name) : std::vector<std::string>();
  if (!stored_) return found;
  for (const auto& [other, version] : stored_->documents) {
    const auto names_it = [&document = *version.document, &name](const char* key) {
      const auto value = document.value(key, json::Tree());
      return std::find(value.begin(), value.end(), name.name) != value.end();
    };
    // A policy by its name: what a glob brings may come and go. Of files' policies only files' webhooks are named.
    const bool needs_it = name.sort == Sort::webhook ? other.sort == Sort::policy && names_it("notify")
                                                     : name.sort == Sort::template_keys && is_stored_webhook(other) && names_it("template");
    if (needs_it) found.push_back(fmt::format("the {} '{}'", state::name(other.sort), other.name));
  }
  return found;
}

/// A webhook changes under the policies that notify it: they may not bring what it has no form for.
void Catalog::check_notifiers(const config::Webhook& webhook, const std::string& label, config::Problems& problems) const {
  for (const auto& policy : merged_.policies) {
    if (!config::notifies(policy, webhook.name)) continue;
    config::Problems objections;
    config::check_formatting(policy, webhook, objections);
    if (objections.empty()) continue;
    problems.push_back({{label, 0, 0, "/event_formatting"}, fmt::format("the policy '{}' notifies it: {}", policy.name, objections.front().what),
                        "change that policy first", false});
  }
}

config::Problems Catalog::check(Sort sort, const json::Tree& document) const {
  const std::lock_guard lock(mutex_);
  config::Problems problems, together;
  const std::string label(state::name(sort));
  if (sort == Sort::template_keys) {
    if (const auto loaded = load_template(document, problems)) check_users(*loaded, label, problems);
  } else if (sort == Sort::policy) {
    if (auto policy = load_policy(document, label, problems)) {
      config::check_together(merged_.webhooks, {std::move(*policy)}, together);
    }
  } else if (auto webhook = load_webhook(document, label, merged_.templates, problems)) {
    auto webhooks = merged_.webhooks;
    const auto users = updaters_of(webhook->name);
    if (!users.empty() && (!webhook->correlation || !webhook->correlation->from.empty())) {
      problems.push_back({{label, 0, 0, "/correlation"}, fmt::format("{} updates what this webhook creates, and it would create nothing any more", users.front()),
                          "change or delete that webhook first", false});
    }
    check_notifiers(*webhook, label, problems);
    std::erase_if(webhooks, [&](const config::Webhook& w) { return w.name == webhook->name; });
    webhooks.push_back(std::move(*webhook));
    config::check_together(webhooks, merged_.policies, together);
  }
  std::erase_if(together, [&](const config::Problem& p) { return p.place.file != label; });
  problems.insert(problems.end(), together.begin(), together.end());
  if (sort != Sort::policy && keys_.empty()) config::refuse_literal_secrets(document, label, problems);
  return problems;
}

}  // namespace hookline::engine
