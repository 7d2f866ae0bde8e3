#include "headers.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "hookline/config/secret.h"
#include "types.h"
#include "utf8.h"

namespace hookline::config {
namespace {

struct Reserved {
  std::string_view name;  ///< a prefix if it ends with '-'
  std::string_view reason;
};
constexpr std::array<Reserved, 7> reserved_headers{{
    {"Host", "it follows from the URL"},
    {"Content-Length", "it follows from the body"},
    {"Transfer-Encoding", "it follows from the body"},
    {"Connection", "Hookline keeps connections open by itself"},
    {"Expect", "Hookline never waits for '100 Continue'"},
    {"Upgrade", "set `http2` instead"},
    {"webhook-", "id, timestamp and signature are Hookline's own"},
}};

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
}

/// RFC 9110 section 5.6.2.
bool is_token(std::string_view name) {
  const auto token_character = [](char c) {
    return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  };
  return !name.empty() && std::all_of(name.begin(), name.end(), token_character);
}

/// One header; nullopt if something is wrong with it, which is reported.
std::optional<HeaderSetting> read_header(Reader& reader, const Node::Member& member, bool secret) {
  if (!is_token(member.key)) {
    reader.error(member.key_place(), fmt::format("{} is not the name of a header", in_quotes(member.key)),
                 "use letters, digits and '-'");
    return std::nullopt;
  }
  if (const auto reason = reserved_header(member.key)) {
    reader.error(member.key_place(), fmt::format("the header {} cannot be set", in_quotes(member.key)),
                 *reason);
    return std::nullopt;
  }
  const bool hidden = secret || credential_header(member.key);
  auto scalar = reader.scalar(member.value, "a text", !hidden);
  if (!scalar) return std::nullopt;
  if (breaks_header(scalar->value)) {
    reader.error(member.value, "holds a line break or a NUL", "a header is one line");
    return std::nullopt;
  }
  HeaderSetting header{member.key, text_of(member.value), hidden || scalar->referenced};
  header.value.value = std::move(scalar->value);
  header.value.literal = std::move(scalar->literal);
  return header;
}

Shape headers_shape() {
  // What reserved_headers and is_token say, as one pattern over the lower-cased alternatives.
  std::string reserved;
  for (const auto& row : reserved_headers) {
    std::string name;
    for (const char c : row.name)
      name += c == '-' ? std::string("-") : fmt::format("[{}{}]", static_cast<char>(lower(c) - 32), lower(c));
    reserved += (reserved.empty() ? "" : "|") + name + (row.name.ends_with('-') ? "" : "$");
  }
  json::Tree names{{"pattern", "^(?!" + reserved + ")[!#$%&'*+.^_`|~0-9A-Za-z-]+$"}};
  json::Tree values{{"type", json::Tree::array({"string", "number", "boolean"})}};
  return {{{"type", or_nothing("object")}, {"propertyNames", names}, {"additionalProperties", values}},
          "mapping of names to texts",
          {}};
}

}  // namespace

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

std::optional<std::string> reserved_header(std::string_view name) {
  for (const auto& row : reserved_headers) {
    const auto front = row.name.ends_with('-') ? name.substr(0, row.name.size()) : name;
    if (equal_ignoring_case(front, row.name)) return std::string(row.reason);
  }
  return std::nullopt;
}

bool credential_header(std::string_view name) {
  std::string folded;
  for (const char c : name)
    folded += lower(c);
  for (const auto* part :
       {"authorization", "cookie", "token", "secret", "password", "api-key", "apikey", "access-key"}) {
    if (folded.find(part) != std::string::npos) return true;
  }
  return false;
}

Type<std::vector<HeaderSetting>> headers(bool secret) {
  Type<std::vector<HeaderSetting>> type;
  type.shape = headers_shape();
  type.read = [secret](Reader& reader, const Node& node, std::vector<HeaderSetting>& out) {
    if (node.kind == Node::Kind::null) return true;
    if (node.kind != Node::Kind::map) {
      reader.mistyped(node, "a mapping of header names to texts", false);
      return false;
    }
    const auto before = reader.errors();
    std::vector<HeaderSetting> values;
    for (const auto& member : node.members) {
      const auto same = std::find_if(values.begin(), values.end(), [&](const HeaderSetting& h) {
        return equal_ignoring_case(h.name, member.key);
      });
      if (same != values.end()) {
        reader.error(member.key_place(),
                     fmt::format("the header {} stands here twice", in_quotes(member.key)),
                     "names of headers are case-insensitive; keep one");
      } else if (auto header = read_header(reader, member, secret)) {
        values.push_back(std::move(*header));
      }
    }
    if (reader.errors() != before) return false;
    out = std::move(values);
    return true;
  };
  type.print = [](const std::vector<HeaderSetting>& values) -> json::Tree {
    if (values.empty()) return nullptr;
    auto map = json::Tree::object();
    for (const auto& header : values)
      map[header.name] = header.secret ? std::string(mask) : header.value.value;
    return map;
  };
  return type;
}

}  // namespace hookline::config
