#include "headers.h"

#include <unordered_set>

#include "hookline/json/write.h"

namespace hookline::event {
namespace {

bool visible(std::string_view name) {
  return !name.starts_with("hookline.");
}

}  // namespace

const Header* find_header(std::span<const Header> headers, std::string_view name) {
  if (!visible(name)) return nullptr;
  for (const auto& header : headers) {
    if (header.name == name) return &header;
  }
  return nullptr;
}

void append_headers(std::span<const Header> headers, std::string& out) {
  std::unordered_set<std::string_view> seen;
  out += '{';
  for (const auto& header : headers) {
    if (!visible(header.name) || !seen.insert(header.name).second) continue;
    if (seen.size() > 1) out += ',';
    json::append_quoted(header.name, out);
    out += ':';
    if (header.value) {
      json::append_quoted(*header.value, out);
    } else {
      out += "null";
    }
  }
  out += '}';
}

}  // namespace hookline::event
