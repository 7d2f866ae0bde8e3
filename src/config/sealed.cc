#include "hookline/config/sealed.h"

#include <algorithm>

#include <fmt/format.h>

#include "hookline/config/secret.h"
#include "hookline/config/shown.h"
#include "reader.h"
#include "sealed_text.h"
#include "secret_places.h"
#include "secrets.h"

namespace hookline::config {
namespace {

using core::SealingKeys;

constexpr std::size_t shortest_masked = 4;

core::Result<std::string> open(const std::string& text, const Sealed& sealed, const std::string& place, const SealingKeys& keys) {
  auto plain = keys.open(sealed.token, place);
  if (!plain) return tl::unexpected(plain.error());
  auto out = text;
  out.replace(sealed.at, sealed.length, *plain);
  return out;
}

/// Of a URL scheme and host stay readable, so that people see where it goes.
std::size_t readable_front(const std::string& text, const std::string& pointer) {
  if (!pointer.starts_with("/endpoints/")) return 0;
  const auto host = scheme_and_host(text);
  if (has_reference(host)) return 0;
  return host.size() + (host.size() < text.size() && text[host.size()] == '/' ? 1 : 0);
}

std::string seal(const std::string& text, const std::string& pointer, const std::string& place, const SealingKeys& keys) {
  const auto front = readable_front(text, pointer);
  if (front == text.size()) return text;
  return fmt::format("{}{}{}}}", text.substr(0, front), sealed_start, keys.seal(std::string_view(text).substr(front), place));
}

std::string text_at(const json::Tree& document, const std::string& pointer) {
  const json::Tree::json_pointer at(pointer);
  if (!document.contains(at) || !document.at(at).is_string()) return {};
  return document.at(at).get<std::string>();
}

}  // namespace

std::optional<Sealed> find_sealed(std::string_view text) {
  const auto at = text.find(sealed_start);
  const auto end = at == text.npos ? text.npos : text.find('}', at);
  if (end == text.npos) return std::nullopt;
  return Sealed{at, end + 1 - at, text.substr(at + sealed_start.size(), end - at - sealed_start.size())};
}

std::string place_of(const std::string& owner, const std::string& pointer) { return owner + " " + pointer; }

core::Result<std::string> moved_sealed(const std::string& text, const std::string& owner, const std::string& from, const std::string& to,
                                       const SealingKeys& keys) {
  const auto sealed = find_sealed(text);
  if (!sealed) return text;
  const auto plain = open(text, *sealed, place_of(owner, from), keys);
  if (!plain) return tl::unexpected(plain.error());
  return seal(*plain, to, place_of(owner, to), keys);
}

SealingKeys sealing_keys(const SecretSource& secrets, const std::string& file, Problems& problems) {
  constexpr const char* variable = "HOOKLINE_SECRET_KEY";
  constexpr const char* file_variable = "HOOKLINE_SECRET_KEY_FILE";
  std::string origin = variable;
  auto text = secrets.env(variable);
  if (!text) {
    const auto path = secrets.env(file_variable);
    if (!path) return {};
    origin = fmt::format("the file '{}' of {}", *path, file_variable);
    text = secrets.file(*path);
    if (!text) {
      problems.push_back({{file, 0, 0, ""}, origin + " cannot be read", "check that it exists and is readable", false});
      return {};
    }
  }
  auto keys = SealingKeys::parse(*text);
  if (keys) return std::move(*keys);
  problems.push_back({{file, 0, 0, ""}, fmt::format("{}: {}", origin, keys.error().message), "several keys are separated by commas, the one that seals first", false});
  return {};
}

json::Tree sealed_document(json::Tree document, const json::Tree& stored, const std::string& owner, const SealingKeys& keys) {
  if (keys.empty()) return document;
  std::vector<std::pair<std::string, std::string>> changes;
  for (const auto& place : possible_secrets_of(document)) {  // sealed before, with another key
    if (!place.value->is_string()) continue;
    const auto text = place.value->get<std::string>();
    const auto sealed = find_sealed(text);
    if (!sealed || keys.is_current(sealed->token)) continue;
    const auto at = place_of(owner, place.pointer);
    if (const auto plain = open(text, *sealed, at, keys)) changes.emplace_back(place.pointer, seal(*plain, place.pointer, at, keys));
  }
  for (const auto& place : secrets_of(document)) {
    if (!place.value->is_string()) continue;
    const auto text = place.value->get<std::string>();
    if (place.pointer == "/proxy" && has_reference(text)) continue;
    if (find_sealed(text) || only_references(text.substr(readable_front(text, place.pointer)))) continue;
    const auto at = place_of(owner, place.pointer);
    const auto before = text_at(stored, place.pointer);
    const auto sealed = find_sealed(before);
    const auto same = sealed && keys.is_current(sealed->token) ? open(before, *sealed, at, keys) : core::Result<std::string>(std::string());
    const bool unchanged = sealed && same && *same == text;
    changes.emplace_back(place.pointer, unchanged ? before : seal(text, place.pointer, at, keys));
  }
  for (auto& [pointer, text] : changes) document[json::Tree::json_pointer(pointer)] = std::move(text);
  return document;
}

json::Tree opened_document(json::Tree document, const std::string& owner, const SealingKeys& keys, const std::string& label,
                           Problems& problems, std::vector<std::string>& opened) {
  std::vector<std::pair<std::string, std::string>> changes;
  bool secret_url = false;
  for (const auto& place : possible_secrets_of(document)) {  // points into the document: nothing is added meanwhile
    if (!place.value->is_string()) continue;
    const auto text = place.value->get<std::string>();
    const auto sealed = find_sealed(text);
    if (!sealed) continue;
    const auto plain = keys.open(sealed->token, place_of(owner, place.pointer));
    if (!plain) {
      const bool key = plain.error().code == core::ErrorCode::not_found;
      problems.push_back({{label, 0, 0, place.pointer}, plain.error().message,
                          key ? "give the process that key in HOOKLINE_SECRET_KEY, behind the one in use, or write the secret anew"
                              : "write the secret anew",
                          false});
      continue;
    }
    opened.push_back(*plain);
    auto whole = text;
    whole.replace(sealed->at, sealed->length, *plain);
    changes.emplace_back(place.pointer, std::move(whole));
    secret_url = secret_url || place.pointer.starts_with("/endpoints/");
  }
  for (auto& [pointer, text] : changes) document[json::Tree::json_pointer(pointer)] = std::move(text);
  if (secret_url) document["secret_url"] = true;  // it stays one, whatever the definition says by now
  return document;
}

void mask_problems(Problems& problems, const std::vector<std::string>& secrets) {
  for (auto& problem : problems) {
    for (const auto& secret : secrets) {
      if (secret.size() < shortest_masked) continue;
      mask_in(problem.what, secret);
      mask_in(problem.remedy, secret);
    }
  }
}

}  // namespace hookline::config
