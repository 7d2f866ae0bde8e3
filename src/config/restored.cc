#include "hookline/config/restored.h"

#include <algorithm>
#include <optional>
#include <set>
#include <vector>

#include <fmt/format.h>

#include "hookline/config/stored.h"
#include "hookline/config/url.h"
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

/// Where the endpoints are. A definition without any has those of its template.
std::set<std::string> hosts_of(const json::Tree& document) {
  if (document.contains("endpoints")) return destinations(document, "/endpoints/*/url");
  const auto name = document.value("template", json::Tree());
  return {name.is_string() ? fmt::format("the endpoints of the template {}", name.get<std::string>()) : std::string()};
}

class Restoration {
 public:
  Restoration(const json::Tree& stored, const std::string& label, Problems& problems)
      : stored_(stored), shown_(masked_document(stored)), label_(label), problems_(problems) {}

  void run(json::Tree& document) {
    restore(document, shown_, stored_, "", "");
    check_destinations(document);
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
    std::vector<std::vector<std::string>> masks;
    for (std::size_t j = 0; j < shown.size(); ++j) masks.push_back(masks_of(shown[j], stored[j]));
    bool in_place = tree.size() == shown.size();
    for (std::size_t j = 0; in_place && j < shown.size(); ++j) {
      in_place = std::all_of(masks[j].begin(), masks[j].end(), [&](const auto& p) { return holds(tree[j], shown[j], p); });
    }
    for (std::size_t i = 0; i < tree.size(); ++i) {
      const auto at = append_pointer(to, std::to_string(i));
      const auto origin = origin_of(tree, i, shown, masks, in_place, at);
      if (origin) restore(tree[i], shown[*origin], stored[*origin], at, append_pointer(from, std::to_string(*origin)));
    }
  }

  /// Which of the stored entries `tree[i]` was; nullopt: none whose secret it holds, or nobody can tell.
  std::optional<std::size_t> origin_of(const json::Tree& tree, std::size_t i, const json::Tree& shown,
                                       const std::vector<std::vector<std::string>>& masks, bool in_place, const std::string& at) const {
    if (tree[i].is_object() && tree[i].contains("name")) {
      for (std::size_t j = 0; j < shown.size(); ++j) {
        if (name_of(shown, j) == name_of(tree, i)) return j;
      }
    }
    if (in_place) return i;
    std::optional<std::size_t> origin;
    for (std::size_t j = 0; j < shown.size(); ++j) {
      const auto mask = std::find_if(masks[j].begin(), masks[j].end(), [&](const auto& p) { return holds(tree[i], shown[j], p); });
      if (mask == masks[j].end()) continue;
      if (origin) {
        tell(at + *mask, "this list has changed, and *** may stand for any of several secrets that it had", "write the secrets of the list anew");
        return std::nullopt;
      }
      origin = j;
    }
    return origin;
  }

  /// A credential goes only where it went: who may change a definition and not read its secrets could else send them to himself.
  void check_destinations(const json::Tree& document) const {
    const auto hosts = hosts_of(document), before = hosts_of(stored_);
    const bool other_hosts = !std::includes(before.begin(), before.end(), hosts.begin(), hosts.end());
    const bool other_token_url = destinations(document, "/auth/oauth2/token_url") != destinations(stored_, "/auth/oauth2/token_url");
    const bool other_proxy = destinations(document, "/proxy") != destinations(stored_, "/proxy");
    for (const auto& leaf : restored_) {
      const bool credential = leaf.to.starts_with("/auth/") || leaf.to.starts_with("/headers/");
      const bool travels = credential || leaf.to.starts_with("/endpoints/");
      const char* other = credential && other_hosts                                    ? "another host"
                          : leaf.to.starts_with("/auth/oauth2/") && other_token_url ? "another token URL"
                          : travels && other_proxy                                     ? "another proxy"
                                                                                       : nullptr;
      if (other) tell(leaf.to, fmt::format("*** stands for a stored secret, and this definition would send it to {} than the stored one", other), "write the secret anew");
    }
  }

  const json::Tree& stored_;
  const json::Tree shown_;
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
                             const std::string& label, Problems& problems) {
  refuse_sealed(document, label, problems);
  if (!document.is_object() || !stored.is_object()) return document;
  Restoration restoration(stored, label, problems);
  restoration.run(document);
  restoration.seal_again(document, owner, keys);
  return document;
}

}  // namespace hookline::config
