#include "hookline/config/restored.h"

#include <algorithm>
#include <optional>
#include <set>
#include <vector>

#include <fmt/format.h>

#include "hookline/config/secret.h"
#include "hookline/config/shown.h"
#include "hookline/config/stored.h"
#include "node.h"
#include "reader.h"
#include "sealed_text.h"
#include "secret_places.h"
#include "secrets.h"

namespace hookline::config {
namespace {

/// The leaves of `shown` that are masked, as pointers below it.
std::vector<std::string> masks_of(const json::Tree& shown, const json::Tree& stored) {
  std::vector<std::string> masks;
  const auto plain = stored.flatten(), seen = shown.flatten();
  for (const auto& [pointer, value] : seen.items()) {
    const auto same = plain.find(pointer);
    if (same == plain.end() || *same != value) masks.push_back(pointer);
  }
  return masks;
}

bool holds(const json::Tree& tree, const json::Tree& shown, const std::string& pointer) {
  const json::Tree::json_pointer at(pointer);
  return tree.contains(at) && tree[at] == shown[at];
}

/// What entry `i` of a list is called: `name`, by default its position.
std::string name_of(const json::Tree& list, std::size_t i) {
  const auto name = list[i].is_object() ? list[i].value("name", json::Tree()) : json::Tree();
  return name.is_string() ? name.get<std::string>() : std::to_string(i);
}

/// Where a request goes, in the words of the definition: a host that is not readable is compared by its reference.
std::string destination(const std::string& url) {
  const auto front = scheme_and_host(url);
  return front.empty() || has_reference(front) ? url : front;
}

std::set<std::string> destinations(const json::Tree& document, std::string_view path) {
  std::vector<SecretPlace> places;
  collect(document, path, "", places);
  std::set<std::string> out;
  for (const auto& place : places) {
    if (place.value->is_string()) out.insert(destination(place.value->get<std::string>()));
  }
  return out;
}

/// The document with the keys that its template gives it.
json::Tree with_template(json::Tree document, const std::vector<TemplateSource>& templates) {
  const auto name = document.is_object() ? document.value("template", json::Tree()) : json::Tree();
  const auto source = std::find_if(templates.begin(), templates.end(), [&](const TemplateSource& t) { return t.name == name; });
  if (source == templates.end() || !source->keys.is_object()) return document;
  for (const auto& [key, value] : source->keys.items()) {
    if (!document.contains(key)) document[key] = value;
  }
  return document;
}

bool leaves_certificates_unchecked(const json::Tree& document) {
  const auto tls = document.value("tls", json::Tree());
  return tls.is_object() && tls.value("verify", json::Tree(true)) == json::Tree(false);
}

std::set<std::string> proxy_of(const json::Tree& document) {
  auto proxy = destinations(document, "/proxy");
  proxy.erase("none");
  return proxy;
}

/// What is different between the places where two definitions, templates included, send what they hold.
struct Diversion {
  bool host, token_url, proxy, unchecked;

  Diversion(const json::Tree& before, const json::Tree& after) {
    constexpr const char* urls = "/endpoints/*/url";
    const auto old_hosts = destinations(before, urls), hosts = destinations(after, urls);
    host = !std::includes(old_hosts.begin(), old_hosts.end(), hosts.begin(), hosts.end());
    token_url = destinations(after, "/auth/oauth2/token_url") != destinations(before, "/auth/oauth2/token_url");
    proxy = proxy_of(after) != proxy_of(before);
    unchecked = leaves_certificates_unchecked(after) && !leaves_certificates_unchecked(before);
  }

  /// Of the secret at `pointer`, in words; nullptr: it goes where it went.
  const char* of(const std::string& pointer) const {
    if (pointer == "/proxy") return nullptr;
    if (host && !pointer.starts_with("/endpoints/")) return "to another host";  // a signature is worth something there, too
    if (token_url && pointer.starts_with("/auth/oauth2/")) return "to another token URL";
    if (proxy) return "through another proxy";
    return unchecked ? "to hosts whose certificates are not checked" : nullptr;
  }
};

class Restoration {
 public:
  Restoration(const json::Tree& stored, const std::vector<TemplateSource>& templates, const std::string& label, Problems& problems)
      : stored_(stored), shown_(masked_document(stored)), templates_(templates), label_(label), problems_(problems) {}

  void run(json::Tree& document) {
    restore(document, shown_, stored_, "", "");
    if (stored_.is_object()) check_destinations(document);
    check_masks(document);
  }

  void seal_again(json::Tree& document, const std::string& owner, const core::SealingKeys& keys) const {
    for (const auto& leaf : restored_) {
      if (leaf.to == leaf.from) continue;
      auto& text = document[json::Tree::json_pointer(leaf.to)];
      auto moved = moved_sealed(text.get<std::string>(), owner, leaf.from, leaf.to, keys);
      if (moved) {
        text = std::move(*moved);
      } else {
        tell(leaf.to, moved.error().message, "write the secret anew");
      }
    }
  }

 private:
  struct Leaf {
    std::string to, from;  ///< pointers in the document and in what is stored
  };

  void tell(const std::string& pointer, std::string what, std::string remedy) const {
    problems_.push_back({{label_, 0, 0, pointer}, std::move(what), std::move(remedy), false});
  }

  void restore(json::Tree& tree, const json::Tree& shown, const json::Tree& stored, const std::string& to, const std::string& from) {
    if (tree.is_string()) {
      if (tree != shown || shown == stored) return;
      tree = stored;
      restored_.push_back({to, from});
    } else if (tree.is_array() && shown.is_array()) {
      restore_list(tree, shown, stored, to, from);
    } else if (tree.is_object() && shown.is_object()) {
      for (auto& [key, value] : tree.items()) {
        if (shown.contains(key)) restore(value, shown[key], stored[key], append_pointer(to, key), append_pointer(from, key));
      }
    }
  }

  void restore_list(json::Tree& tree, const json::Tree& shown, const json::Tree& stored, const std::string& to, const std::string& from) {
    std::vector<std::optional<std::size_t>> origins(tree.size());
    std::vector<bool> taken(shown.size());
    for (std::size_t i = 0; i < tree.size(); ++i) {
      origins[i] = entry_named_as(tree, i, shown);
      if (origins[i]) taken[*origins[i]] = true;
    }
    std::vector<Candidate> candidates;
    for (std::size_t j = 0; j < shown.size(); ++j) {
      if (!taken[j]) candidates.push_back({j, masks_of(shown[j], stored[j])});
    }
    const bool in_place = tree.size() >= shown.size() && std::all_of(candidates.begin(), candidates.end(), [&](const Candidate& c) {
      return !origins[c.index] && std::all_of(c.masks.begin(), c.masks.end(), [&](const auto& p) { return holds(tree[c.index], shown[c.index], p); });
    });
    for (std::size_t i = 0; i < tree.size(); ++i) {
      const auto at = append_pointer(to, std::to_string(i));
      if (!origins[i] && in_place && i < shown.size()) origins[i] = i;
      if (!origins[i] && !in_place) origins[i] = only_candidate(tree[i], shown, candidates, at);
      if (const auto j = origins[i]) restore(tree[i], shown[*j], stored[*j], at, append_pointer(from, std::to_string(*j)));
    }
  }

  /// A stored entry that none of the new ones is by its name.
  struct Candidate {
    std::size_t index;
    std::vector<std::string> masks;
  };

  static std::optional<std::size_t> entry_named_as(const json::Tree& tree, std::size_t i, const json::Tree& shown) {
    if (!tree[i].is_object() || !tree[i].contains("name")) return std::nullopt;
    for (std::size_t j = 0; j < shown.size(); ++j) {
      if (name_of(shown, j) == name_of(tree, i)) return j;
    }
    return std::nullopt;
  }

  /// The one of `candidates` whose secret `entry` holds; nullopt: none, or nobody can tell.
  std::optional<std::size_t> only_candidate(const json::Tree& entry, const json::Tree& shown, const std::vector<Candidate>& candidates,
                                            const std::string& at) const {
    std::optional<std::size_t> origin;
    for (const auto& candidate : candidates) {
      const auto& masks = candidate.masks;
      const auto found = std::find_if(masks.begin(), masks.end(), [&](const auto& p) { return holds(entry, shown[candidate.index], p); });
      if (found == masks.end()) continue;
      if (origin) {
        tell(at + *found, "this list has changed, and *** may stand for any of several secrets that it had", "write the secrets of the list anew");
        return std::nullopt;
      }
      origin = candidate.index;
    }
    return origin;
  }

  /// A secret goes only where it went: who may change a definition and not read its secrets could else send them to himself.
  void check_destinations(const json::Tree& document) const {
    const Diversion diversion(with_template(stored_, templates_), with_template(document, templates_));
    for (const auto& leaf : restored_) {
      const char* where = diversion.of(leaf.to);
      if (where) tell(leaf.to, fmt::format("*** stands for a stored secret, and this definition would send it {} than the stored one does", where), "write the secret anew");
    }
  }

  /// What is left of masks: edited ones, and those of something else.
  void check_masks(const json::Tree& document) const {
    const auto secrets = secrets_of(document);
    for (const auto& place : possible_secrets_of(document)) {
      if (!place.value->is_string() || place.value->get_ref<const std::string&>().find(mask) == std::string::npos) continue;
      const json::Tree::json_pointer at(place.pointer);
      const bool secret = std::any_of(secrets.begin(), secrets.end(), [&](const SecretPlace& s) { return s.pointer == place.pointer; });
      const bool was_masked = shown_.contains(at) && shown_[at] != stored_[at];
      const bool restored = std::any_of(restored_.begin(), restored_.end(), [&](const Leaf& leaf) { return leaf.to == place.pointer; });
      const bool told = std::any_of(problems_.begin(), problems_.end(), [&](const Problem& p) { return p.place.pointer == place.pointer; });
      if (restored || told || !(secret || was_masked)) continue;
      tell(place.pointer, fmt::format("{} holds ***, which is shown instead of a secret, and nothing is stored that is shown so there", setting_name(place.pointer)),
           "write the secret, or a reference: ${env:NAME}");
    }
  }

  const json::Tree& stored_;
  const json::Tree shown_;
  const std::vector<TemplateSource>& templates_;
  const std::string& label_;
  Problems& problems_;
  std::vector<Leaf> restored_;
};

void refuse_sealed(const json::Tree& document, const std::string& label, Problems& problems) {
  for (const auto& place : possible_secrets_of(document)) {
    if (!place.value->is_string() || place.value->get_ref<const std::string&>().find(sealed_start) == std::string::npos) continue;
    problems.push_back({{label, 0, 0, place.pointer}, "${sealed:…} is what Hookline stores, and only Hookline writes it",
                        "write the secret itself, or a reference: ${env:NAME}", false});
  }
}

}  // namespace

json::Tree restored_document(json::Tree document, const json::Tree& stored, const std::string& owner, const core::SealingKeys& keys,
                             const std::vector<TemplateSource>& templates, const std::string& label, Problems& problems) {
  if (!document.is_object()) return document;
  refuse_sealed(document, label, problems);
  Restoration restoration(stored, templates, label, problems);
  restoration.run(document);
  restoration.seal_again(document, owner, keys);
  return document;
}

bool diverts_secrets(const json::Tree& document, const std::vector<TemplateSource>& before, const std::vector<TemplateSource>& after) {
  const Diversion diversion(with_template(document, before), with_template(document, after));
  const auto secrets = secrets_of(document);
  return std::any_of(secrets.begin(), secrets.end(), [&](const SecretPlace& place) { return diversion.of(place.pointer) != nullptr; });
}

json::Tree marked_document(json::Tree document, const std::vector<TemplateSource>& templates) {
  if (!document.is_object() || document.contains("secret_url") || !document.contains("endpoints")) return document;
  if (has_secret_url(with_template(document, templates))) document["secret_url"] = true;
  return document;
}

}  // namespace hookline::config
