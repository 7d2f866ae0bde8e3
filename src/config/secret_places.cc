#include "secret_places.h"

#include <algorithm>
#include <array>

#include "headers.h"
#include "hookline/config/problem.h"
#include "node.h"
#include "reader.h"

namespace hookline::config {
namespace {

constexpr std::array always{
    std::string_view("/auth/basic/password"), std::string_view("/auth/bearer"),
    std::string_view("/auth/headers/*"),      std::string_view("/auth/oauth2/client_secret"),
    std::string_view("/signing/secrets/*"),
};
constexpr std::array sometimes{std::string_view("/endpoints/*/url"), std::string_view("/headers/*"), std::string_view("/proxy")};

}  // namespace

void collect(const json::Tree& tree, std::string_view path, const std::string& pointer, std::vector<SecretPlace>& out) {
  if (path.empty()) return out.push_back({pointer, &tree});
  const auto end = std::min(path.size(), path.find('/', 1));
  const auto segment = path.substr(1, end - 1);
  const auto tail = path.substr(end);
  if (segment != "*") {
    const auto child = tree.is_object() ? tree.find(std::string(segment)) : tree.end();
    if (child != tree.end()) collect(*child, tail, append_pointer(pointer, segment), out);
  } else if (tree.is_array()) {
    for (std::size_t i = 0; i < tree.size(); ++i)
      collect(tree[i], tail, append_pointer(pointer, std::to_string(i)), out);
  } else if (tree.is_object()) {
    for (const auto& [key, value] : tree.items())
      collect(value, tail, append_pointer(pointer, key), out);
  }
}

bool has_secret_url(const json::Tree& document) {
  return document.is_object() && document.value("secret_url", json::Tree(false)) == json::Tree(true);
}

std::vector<SecretPlace> secrets_of(const json::Tree& document) {
  std::vector<SecretPlace> places;
  for (const auto place : always)
    collect(document, place, "", places);
  if (has_secret_url(document)) collect(document, "/endpoints/*/url", "", places);
  std::vector<SecretPlace> rest;
  collect(document, "/headers/*", "", rest);
  std::erase_if(rest, [](const SecretPlace& p) { return !credential_header(p.pointer.substr(p.pointer.rfind('/') + 1)); });
  places.insert(places.end(), rest.begin(), rest.end());
  rest.clear();
  collect(document, "/proxy", "", rest);
  for (const auto& proxy : rest) {
    if (proxy.value->is_string() && proxy.value->get_ref<const std::string&>().find('@') != std::string::npos)
      places.push_back(proxy);
  }
  return places;
}

std::vector<SecretPlace> possible_secrets_of(const json::Tree& document) {
  std::vector<SecretPlace> places;
  for (const auto place : always)
    collect(document, place, "", places);
  for (const auto place : sometimes)
    collect(document, place, "", places);
  return places;
}

}  // namespace hookline::config
